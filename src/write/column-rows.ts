import type { Writer } from '../bytes/writer.ts'
import { KobelError } from '../error.ts'
import { type Column, isNullAt } from '../serializer/columns.ts'
import { cellJson, type EncodeRow, encodeColumn } from './encode-columns.ts'
import { encodeJson } from './encode-json.ts'
import { keyGroupOfBytes } from './encode-key.ts'
import { keyedDeclarationOf, type ResolvedKeyed, type ResolvedOperator, type StateRule } from './resolve.ts'
import { copyWritten, encodeCompositeKey, encodeOrder, encodeStateValue, type WriteRow } from './rows.ts'

/** Many rows of one keyed state, as columns in the layout of Arrow: what a scan of a state gives, or another engine. */
export interface ColumnRows {
  /** Id or uid. */
  readonly operator: string
  readonly state: string
  readonly count: number
  /** By the names of a row's members: `key`, `value`, `namespace`, `mapKey`, `ttl`, `timestamp`, the plan's order. */
  readonly columns: Readonly<Record<string, Column>>
}

/** What writes the parts of a row of a state, as one declaration has it. */
export interface KeyedEncoders {
  readonly id: number
  readonly rule: StateRule
  /** Behind the key group: key, which `key` holds, namespace, map key. */
  key(row: number, key: Writer, writer: Writer): void
  readonly value: EncodeRow
  readonly order: EncodeRow | undefined
}

/** Reads rows of columns: decides once for each column how its values are written. */
export class ColumnReader {
  readonly kind: string
  private readonly resolved: ResolvedOperator
  private readonly rows: ColumnRows
  private readonly first: ResolvedKeyed
  private readonly encodeKey: EncodeRow
  private readonly known = new Map<ResolvedKeyed, KeyedEncoders>()

  /** @throws KobelError `USAGE` where a column is missing; `NOT_FOUND` for a state that the plan does not declare. */
  constructor(resolved: ResolvedOperator, rows: ColumnRows) {
    this.resolved = resolved
    this.rows = rows
    this.first = keyedDeclarationOf(resolved, 0)
    this.kind = this.first.states[this.stateIdIn(this.first)]!.kind
    this.encodeKey = encodeColumn(this.first.head.keySerializer.layout, this.needed('key'), 'key')
  }

  /** Writes the key of a row over `writer`, from 0 to its offset, and gives its key group. */
  placeKey(row: number, writer: Writer): number {
    const { resolved, rows, first } = this
    const { key, keyGroup } = rows.columns
    if (isNullAt(key!, row)) throw new KobelError('USAGE', `a key cannot be null: row ${row}`)
    writer.offset = 0
    this.encodeKey(row, writer)
    const given = keyGroup && Number(cellJson(keyGroup, row))
    const found = keyGroupOfBytes(resolved, first.head.keySerializer.layout, writer, given)
    if (found >= 0 && found < resolved.operator.maxParallelism) return found
    throw new KobelError('USAGE', `a key group is 0 to ${resolved.operator.maxParallelism - 1}, found ${found}`)
  }

  /** The encoders for what a subtask declares. */
  encodersOf(declared: ResolvedKeyed): KeyedEncoders {
    const known = this.known.get(declared)
    if (known) return known
    const made = this.makeEncoders(declared)
    this.known.set(declared, made)
    return made
  }

  private makeEncoders(declared: ResolvedKeyed): KeyedEncoders {
    const { columns } = this.rows
    const id = this.stateIdIn(declared)
    const state = declared.states[id]!
    const rule = declared.rules[id]!
    const isPlainKey = !state.ambiguous && state.mapKey === undefined && state.namespace.op === 'constant'
    const isPlainValue = !state.ttl && ['value', 'reducing', 'aggregating'].includes(state.kind)
    const isOwnKey = state.key === this.first.head.keySerializer.layout
    const rowOf = this.rowReader()
    return {
      id,
      rule,
      key:
        isPlainKey && isOwnKey && state.kind !== 'timer'
          ? plainKey(encodeColumn(state.namespace, columns.namespace ?? NO_COLUMN, 'namespace'))
          : (row, key, writer) => {
              if (isOwnKey) return encodeCompositeKey(state, rowOf(row), key, writer)
              key.offset = 0
              encodeJson(state.key)(rowOf(row).key, key)
              encodeCompositeKey(state, rowOf(row), key, writer)
            },
      value: isPlainValue
        ? encodeColumn(state.value, this.needed('value'), 'value')
        : (row, writer) => encodeStateValue(state, rowOf(row), this.resolved.now, writer),
      order: rule.order === undefined ? undefined : (row, writer) => encodeOrder(rule.order!, rowOf(row), writer),
    }
  }

  /** Rows as objects, for what is not written from columns at once. */
  private rowReader(): (row: number) => WriteRow {
    const columns = Object.entries(this.rows.columns)
    let last = -1
    let made: WriteRow = {}
    return (row) => {
      if (row === last) return made
      made = Object.fromEntries(columns.map(([name, column]) => [name, cellJson(column, row)])) as WriteRow
      last = row
      return made
    }
  }

  private stateIdIn(declared: ResolvedKeyed): number {
    const id = declared.ids.get(this.rows.state)
    if (id !== undefined) return id
    throw new KobelError('NOT_FOUND', `the plan declares no keyed state ${JSON.stringify(this.rows.state)} here`)
  }

  private needed(name: string): Column {
    const column = this.rows.columns[name]
    if (column && column.length >= this.rows.count) return column
    throw new KobelError(
      'USAGE',
      column
        ? `the column ${name} has ${column.length} rows, ${this.rows.count} were expected`
        : `the rows have no column ${name}`,
    )
  }
}

const NO_COLUMN: Column = { kind: 'null', length: 0, validity: undefined }

/** Key and a namespace without content. */
function plainKey(namespace: EncodeRow): KeyedEncoders['key'] {
  return (row, key, writer) => {
    copyWritten(key, writer)
    namespace(row, writer)
  }
}
