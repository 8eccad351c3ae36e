import type { KeyedStateHandle } from '../../format/metadata/index.ts'
import {
  appendBoolean,
  appendLong,
  appendNull,
  appendNumber,
  appendText,
  type BooleanColumn,
  type BytesColumn,
  type Column,
  finishColumn,
  type LongColumn,
  type NumberColumn,
  newBooleanColumn,
  newBytesColumn,
  newLongColumn,
  newNumberColumn,
} from '../../serializer/columns.ts'
import { formatType, type Type } from '../../serializer/type.ts'
import { streamBytes, streamsOf } from '../../snapshot/handles.ts'
import { subtaskOfKeyGroup } from '../../snapshot/key-groups.ts'
import { KeyedState } from '../../snapshot/keyed-state.ts'
import type { Snapshot } from '../../snapshot/open.ts'
import type { Operator } from '../../snapshot/operator.ts'
import type { ColumnBatch } from '../scan.ts'
import type { StateTable } from '../table.ts'

/** The schema of the tables that describe a snapshot. */
export const KOBEL_SCHEMA = 'kobel'

export interface InfoTable {
  readonly name: string
  readonly columns: readonly { readonly name: string; readonly shape: Column }[]
  readonly rows: () => Iterable<readonly Cell[]>
}

type Cell = string | number | bigint | boolean | null | undefined
type CellKind = 'text' | 'int' | 'long' | 'boolean'

const SHAPES: Readonly<Record<CellKind, () => Column>> = {
  text: () => newBytesColumn('utf8'),
  int: () => newNumberColumn('int32'),
  long: () => newLongColumn(),
  boolean: () => newBooleanColumn(),
}

/** `kobel.operators`, `kobel.states`, `kobel.files`, `kobel.key_groups`. */
export function infoTables(snapshot: Snapshot, tables: readonly StateTable[]): InfoTable[] {
  const schemas = new Map(tables.map((table) => [table.operator, table.schema]))
  const schemaOf = (operator: Operator): string => schemas.get(operator) ?? operator.label
  const table = (name: string, columns: Record<string, CellKind>, rows: InfoTable['rows']): InfoTable => ({
    name,
    columns: Object.entries(columns).map(([column, kind]) => ({ name: column, shape: SHAPES[kind]() })),
    rows,
  })
  return [
    table(
      'operators',
      {
        operator: 'text',
        id: 'text',
        uid: 'text',
        name: 'text',
        parallelism: 'int',
        max_parallelism: 'int',
        fully_finished: 'boolean',
        states: 'int',
        bytes: 'long',
      },
      () => snapshot.operators.map((each) => operatorRow(each, schemaOf(each))),
    ),
    table(
      'states',
      {
        operator: 'text',
        state: 'text',
        kind: 'text',
        key_type: 'text',
        namespace_type: 'text',
        map_key_type: 'text',
        value_type: 'text',
        ttl: 'boolean',
      },
      () => tables.map(stateRow),
    ),
    table('files', { operator: 'text', subtask: 'int', part: 'text', kind: 'text', path: 'text', bytes: 'long' }, () =>
      snapshot.operators.flatMap((each) => fileRows(each, schemaOf(each))),
    ),
    table('key_groups', { operator: 'text', key_group: 'int', subtask: 'int', bytes: 'long' }, () =>
      snapshot.operators.flatMap((each) => keyGroupRows(each, schemaOf(each))),
    ),
  ]
}

/** The rows with the wanted columns; few enough for one batch. */
export function* scanInfo(table: InfoTable, wanted: readonly string[]): Generator<ColumnBatch, void, undefined> {
  const targets = table.columns
    .map(({ name, shape }, i) => ({ name, i, column: structuredClone(shape) }))
    .filter(({ name }) => wanted.includes(name))
  let length = 0
  for (const row of table.rows()) {
    for (const { i, column } of targets) appendCell(column, row[i])
    length++
  }
  yield { length, columns: targets.map(({ name, column }) => ({ name, column: finishColumn(column) })) }
}

function appendCell(column: Column, cell: Cell): void {
  if (cell === null || cell === undefined) appendNull(column)
  else if (typeof cell === 'string') appendText(column as BytesColumn, cell)
  else if (typeof cell === 'boolean') appendBoolean(column as BooleanColumn, cell)
  else if (column.kind === 'int64') appendLong(column as LongColumn, BigInt(cell))
  else appendNumber(column as NumberColumn, Number(cell))
}

function operatorRow(operator: Operator, schema: string): Cell[] {
  let bytes = 0
  for (const { stream } of streamsOf(operator.metadata)) bytes += streamBytes(stream)
  const { id, uid, name, parallelism, maxParallelism, fullyFinished, states } = operator
  return [schema, id, uid, name, parallelism, maxParallelism, fullyFinished, states.length, bytes]
}

function stateRow({ schema, name, kind, source }: StateTable): Cell[] {
  const text = (type: Type | undefined): string | undefined => type && formatType(type)
  const keyed = source instanceof KeyedState ? source : undefined
  return [
    schema,
    name,
    kind,
    text(keyed?.keyType),
    text(keyed?.namespaceType),
    text(source.mapKeyType),
    kind === 'timer' ? null : text(source.valueType),
    keyed?.ttl ?? false,
  ]
}

function fileRows(operator: Operator, schema: string): Cell[][] {
  return [...streamsOf(operator.metadata)].map(({ part, subtask, stream }) => {
    const inner = stream.kind === 'key-groups-stream' ? stream.stream : stream
    const path = 'path' in inner ? inner.path : null
    return [schema, subtask < 0 ? null : subtask, part, inner.kind, path, streamBytes(stream)]
  })
}

/** The bytes of a key group are known where a handle has the offset of each: canonical and heap. */
function keyGroupRows(operator: Operator, schema: string): Cell[][] {
  if (operator.metadata.subtasks.every((subtask) => !subtask.managedKeyedState)) return []
  const bytes = new Map<number, number>()
  for (const { managedKeyedState } of operator.metadata.subtasks) {
    if (managedKeyedState) addKeyGroupBytes(managedKeyedState, bytes)
  }
  return Array.from({ length: operator.maxParallelism }, (_, keyGroup) => [
    schema,
    keyGroup,
    subtaskOfKeyGroup(operator.maxParallelism, operator.parallelism, keyGroup),
    bytes.get(keyGroup),
  ])
}

function addKeyGroupBytes(handle: KeyedStateHandle, bytes: Map<number, number>): void {
  if (handle.kind !== 'key-groups' && handle.kind !== 'savepoint-key-groups') return
  const { offsets, keyGroupRange } = handle
  let end = streamBytes(handle.stream)
  for (let i = offsets.length - 1; i >= 0; i--) {
    const start = offsets[i]!
    // -1 and 0 stand for a key group without anything.
    bytes.set(keyGroupRange.keyGroupFirst + i, start > 0 ? Math.max(0, end - start) : 0)
    if (start > 0) end = start
  }
}
