import type { KeyedStateInfo, KeyedStateKind } from '../format/keyed-state.ts'
import { type StateMetaInfo, serializerOf } from '../format/state-meta-info.ts'
import {
  type Column,
  columnShape,
  newBytesColumn,
  newListColumn,
  newLongColumn,
  newNumberColumn,
} from '../serializer/columns.ts'
import { createColumn } from '../serializer/interpreter/column-plan.ts'
import { type Layout, someLayout } from '../serializer/layout.ts'
import type { Type } from '../serializer/type.ts'
import type { KeyedState } from '../snapshot/keyed-state.ts'
import { noSuch } from '../snapshot/names.ts'
import type { Snapshot } from '../snapshot/open.ts'
import type { Operator } from '../snapshot/operator.ts'
import { OperatorState, type OperatorStateKind, UNKNOWN_LAYOUT } from '../snapshot/operator-state.ts'

/** What a column of a table is. Columns are named so. */
export type TablePart =
  | 'key'
  | 'namespace'
  | 'map_key'
  | 'timestamp'
  | 'value'
  | 'ttl_timestamp'
  | 'key_group'
  | 'subtask'

export interface TableColumn {
  readonly name: TablePart
  readonly type: Type
  /** A column without rows: its kind, and the names and kinds of what is inside. */
  readonly shape: Column
}

/**
 * A state as a table: a row for each entry of a keyed state (MAP: for each user key), for each timer, for each element
 * of an operator state.
 */
export interface StateTable {
  /** The operator's label, or its id where another operator has the same label. */
  readonly schema: string
  readonly name: string
  readonly kind: KeyedStateKind | OperatorStateKind
  readonly columns: readonly TableColumn[]
  readonly operator: Operator
  readonly source: KeyedState | OperatorState
}

/** The tables of all states of a snapshot. Heads must be loaded. */
export function tablesOf(snapshot: Snapshot): StateTable[] {
  const labels = snapshot.operators.map((operator) => operator.label)
  return snapshot.operators.flatMap((operator) => {
    const isUnique = labels.filter((label) => label === operator.label).length === 1
    return tablesOfOperator(operator, isUnique ? operator.label : operator.id)
  })
}

/** The tables of one operator, which must be loaded. */
export function tablesOfOperator(operator: Operator, schema: string = operator.label): StateTable[] {
  const taken = new Set<string>()
  const free = (name: string): string => {
    let unique = name
    for (let i = 2; taken.has(unique); i++) unique = `${name}_${i}`
    taken.add(unique)
    return unique
  }
  return [
    ...operator.keyedStates.map((state) => keyedTable(operator, schema, free(state.name), state)),
    ...operator.operatorStates.map((state) => operatorTable(operator, schema, free(state.name), state)),
  ]
}

/** @throws KobelError `NOT_FOUND`, with names that are near. */
export function findTable(tables: readonly StateTable[], schema: string, name: string): StateTable {
  const found = tables.find((table) => table.schema === schema && table.name === name)
  if (found) return found
  const names = tables.map((table) => `${table.schema}.${table.name}`)
  throw noSuch('table', `${schema}.${name}`, names)
}

function keyedTable(operator: Operator, schema: string, name: string, state: KeyedState): StateTable {
  const { kind, declarations } = state
  const columns: TableColumn[] = []
  const add = (part: TablePart, type: Type | undefined): void => {
    const shape = mergedShape(declarations.flatMap((info) => keyedShape(part, info) ?? []))
    if (shape) columns.push({ name: part, type: type ?? { kind: 'unknown' }, shape })
  }
  if (kind === 'timer') add('timestamp', INSTANT)
  add('key', state.keyType)
  add('namespace', state.namespaceType)
  add('map_key', state.mapKeyType)
  if (kind !== 'timer') {
    const isList = kind === 'list'
    add('value', isList ? { kind: 'list', arguments: [state.valueType] } : state.valueType)
    add('ttl_timestamp', isList ? { kind: 'list', arguments: [INSTANT] } : INSTANT)
  }
  columns.push(intColumn('key_group'), intColumn('subtask'))
  return { schema, name, kind, columns, operator, source: state }
}

/** Milliseconds since 1970. */
const INSTANT: Type = { kind: 'instant' }

function intColumn(name: TablePart): TableColumn {
  return { name, type: { kind: 'int' }, shape: newNumberColumn('int32') }
}

/** The one shape of all of them, or text; undefined where there are none. */
function mergedShape(shapes: readonly Column[]): Column | undefined {
  const [first] = shapes
  if (first === undefined) return undefined
  const text = columnShape(first)
  return shapes.every((shape) => columnShape(shape) === text) ? first : newBytesColumn('utf8')
}

/** The layout of a part of a keyed entry in which it has a place of its own. */
export function keyedLayout(part: TablePart, info: KeyedStateInfo): Layout | undefined {
  switch (part) {
    case 'key':
      // Where the parts cannot be told apart, all of the composite key.
      return info.splits ? info.key : UNKNOWN_LAYOUT
    case 'namespace':
      return info.splits && info.namespace.op !== 'constant' ? info.namespace : undefined
    case 'map_key':
      return info.splits ? info.mapKey : undefined
    default:
      return undefined
  }
}

/** The layout of a value that a selection can look into. */
export function valueLayout(info: KeyedStateInfo): Layout {
  return info.kind === 'list' ? { op: 'list', of: 'list', element: info.value } : info.value
}

function keyedShape(part: TablePart, info: KeyedStateInfo): Column | undefined {
  switch (part) {
    case 'timestamp':
      return newLongColumn('milliseconds')
    case 'value':
      return info.kind === 'list' ? listShape(info.value) : shapeOf(info.value)
    case 'ttl_timestamp': {
      if (!info.ttl) return undefined
      const one = newLongColumn('milliseconds')
      return info.kind === 'list' ? newListColumn('list', { name: 'item', column: one }) : one
    }
    default: {
      const layout = keyedLayout(part, info)
      return layout && shapeOf(layout)
    }
  }
}

function listShape(element: Layout): Column {
  // Elements of unknown extent cannot be told apart.
  if (element.op === 'unknown') return newBytesColumn('binary')
  const shape = shapeOf(element)
  return holdsUnknown(element) ? shape : newListColumn('list', { name: 'item', column: shape })
}

/** With bytes of unknown extent inside, what can be read differs by entry: then the JSON of the value. */
export function shapeOf(layout: Layout): Column {
  return holdsUnknown(layout) ? newBytesColumn('utf8') : createColumn(layout)
}

export function holdsUnknown(layout: Layout): boolean {
  return layout.op !== 'unknown' && someLayout(layout, (each) => each.op === 'unknown')
}

// --- operator state ------------------------------------------------------------------------------------------------

function operatorTable(operator: Operator, schema: string, name: string, state: OperatorState): StateTable {
  const columns: TableColumn[] = []
  const shape = (part: TablePart): Column => {
    const shapes = state.declarations.map((info) => shapeOf(operatorLayout(part, info)))
    return mergedShape(shapes) ?? newBytesColumn('binary')
  }
  const { mapKeyType } = state
  if (mapKeyType) columns.push({ name: 'map_key', type: mapKeyType, shape: shape('map_key') })
  columns.push({ name: 'value', type: state.valueType, shape: shape('value') }, intColumn('subtask'))
  return { schema, name, kind: state.kind, columns, operator, source: state }
}

export function operatorLayout(part: TablePart, info: StateMetaInfo | undefined): Layout {
  const serializer = part === 'map_key' ? 'KEY_SERIALIZER' : 'VALUE_SERIALIZER'
  return (info && serializerOf(info, serializer)?.layout) ?? UNKNOWN_LAYOUT
}

/** The layouts of a column in all subtasks, where it has one. */
export function layoutsOf({ source }: StateTable, part: TablePart): readonly Layout[] {
  if (part === 'key_group' || part === 'subtask' || part === 'timestamp' || part === 'ttl_timestamp') return []
  if (source instanceof OperatorState) return source.declarations.map((info) => operatorLayout(part, info))
  if (part === 'value') return source.declarations.map(valueLayout)
  return source.declarations.flatMap((info) => keyedLayout(part, info) ?? [])
}
