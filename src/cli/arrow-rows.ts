import { createRequire } from 'node:module'
import type { Data, RecordBatch } from 'apache-arrow'
import { KobelError } from '../error.ts'
import { appendNull, appendText, type BytesColumn, type Column, newBytesColumn } from '../serializer/columns.ts'
import { cellJson } from '../write/encode-columns.ts'
import type { WriteRow } from '../write/rows.ts'
import type { RowOrLine } from '../write/take-lines.ts'
import type { RowTarget } from './row-input.ts'

type Arrow = typeof import('apache-arrow')

/**
 * Rows of an IPC stream of Apache Arrow: its columns are called as the members of a row. Where `--operator` and `--state`
 * say of which state all are, they are written as columns; else columns `operator` (or `uid`) and `state` say it.
 */
export async function* arrowRows(
  chunks: AsyncIterable<Uint8Array>,
  target: RowTarget,
): AsyncGenerator<RowOrLine, void, undefined> {
  const arrow = load()
  const reader = await arrow.RecordBatchReader.from(chunks).catch(wrongStream)
  for (;;) {
    const next = await Promise.resolve(reader.next()).catch(wrongStream)
    if (next.done) return
    yield* rowsOf(arrow, next.value as RecordBatch, target)
  }
}

function load(): Arrow {
  try {
    return createRequire(import.meta.url)('apache-arrow') as Arrow
  } catch (cause) {
    const message = 'Arrow streams need Apache Arrow, which is not installed here: npm install apache-arrow'
    throw new KobelError('USAGE', message, {}, { cause })
  }
}

function wrongStream(error: unknown): never {
  throw new KobelError('USAGE', `the rows are no whole IPC stream of Arrow: ${(error as Error).message}`)
}

function* rowsOf(arrow: Arrow, batch: RecordBatch, target: RowTarget): Generator<RowOrLine, void, undefined> {
  const columns: Record<string, Column> = {}
  for (const [i, { name }] of batch.schema.fields.entries())
    columns[name] = columnOf(arrow, batch.data.children[i]!, name)
  const { operator, uid, state, ...rest } = columns
  const { operator: ofOperator, state: ofState } = target
  const count = batch.numRows
  if (!operator && !uid && !state && ofOperator !== undefined && ofState !== undefined && rest.key) {
    yield { operator: ofOperator, state: ofState, count, columns: rest }
    return
  }
  for (let row = 0; row < count; row++) {
    const members = Object.entries(columns).flatMap(([name, column]) => {
      const value = cellJson(column, row)
      // What is null in a column that others need is not there.
      return value === null && !NULLABLE.has(name) ? [] : [[name, NUMBERS.has(name) ? Number(value) : value] as const]
    })
    yield {
      ...(ofOperator !== undefined && { operator: ofOperator }),
      ...(ofState !== undefined && { state: ofState }),
      ...(Object.fromEntries(members) as WriteRow),
    }
  }
}

const NULLABLE: ReadonlySet<string> = new Set(['key', 'value'])
const NUMBERS: ReadonlySet<string> = new Set(['keyGroup', 'subtask'])

/** The column of Arrow's, in the form of kobel's: mostly the same buffers. */
function columnOf(arrow: Arrow, column: Data, name: string): Column {
  const { type, length } = column
  const { DataType } = arrow
  const { offset, values, valueOffsets, children } = column as Data & {
    values: never
    valueOffsets: Int32Array | BigInt64Array
  }
  const rows = { length, validity: column.nullCount > 0 ? bitsFrom(column.nullBitmap, offset, length) : undefined }
  const child = (i: number): { name: string; column: Column } => {
    const childName = type.children[i]!.name
    return { name: childName, column: columnOf(arrow, children[i]!, `${name}.${childName}`) }
  }
  if (DataType.isNull(type)) return { kind: 'null', length, validity: undefined }
  if (DataType.isBool(type)) return { kind: 'boolean', ...rows, values: bitsFrom(values, offset, length) }
  if (DataType.isInt(type) && type.isSigned) {
    const { bitWidth } = type
    return bitWidth === 64
      ? { kind: 'int64', ...rows, values }
      : { kind: bitWidth === 32 ? 'int32' : bitWidth === 16 ? 'int16' : 'int8', ...rows, values }
  }
  if (DataType.isFloat(type) && type.precision > 0) {
    return { kind: type.precision === 2 ? 'float64' : 'float32', ...rows, values }
  }
  if (DataType.isTimestamp(type) && type.unit === arrow.TimeUnit.MILLISECOND) {
    return { kind: 'int64', unit: 'milliseconds', ...rows, values }
  }
  if (DataType.isDate(type) && type.unit === arrow.DateUnit.DAY) return { kind: 'int32', unit: 'days', ...rows, values }
  const isText = DataType.isUtf8(type) || DataType.isLargeUtf8(type)
  if (isText || DataType.isBinary(type) || DataType.isLargeBinary(type)) {
    return { kind: isText ? 'utf8' : 'binary', ...rows, offsets: Int32Array.from(valueOffsets, Number), values }
  }
  if (DataType.isStruct(type)) return { kind: 'struct', ...rows, children: type.children.map((_, i) => child(i)) }
  if (DataType.isList(type) || DataType.isMap(type)) {
    const kind = DataType.isList(type) ? 'list' : 'map'
    return { kind, ...rows, offsets: Int32Array.from(valueOffsets, Number), child: child(0) }
  }
  if (DataType.isDictionary(type)) return dictionaryTexts(arrow, column, name)
  throw unsupported(name, type)
}

function unsupported(name: string, type: unknown): KobelError {
  return new KobelError(
    'INCOMPATIBLE',
    `the column ${name} is of the Arrow type ${type}: booleans, signed integers, floats, texts, bytes, dates, timestamps in milliseconds, lists, maps and structs are taken`,
  )
}

function dictionaryTexts(arrow: Arrow, column: Data, name: string): Column {
  const vector = new arrow.Vector([column])
  const texts: BytesColumn = newBytesColumn('utf8')
  for (let i = 0; i < column.length; i++) {
    const value: unknown = vector.get(i)
    if (value === null) appendNull(texts)
    else if (typeof value === 'string') appendText(texts, value)
    else throw unsupported(name, column.type)
  }
  return texts
}

/** Bits from a row on, so that the first is that of the first row. */
function bitsFrom(bits: Uint8Array, offset: number, length: number): Uint8Array {
  if (offset % 8 === 0) return bits.subarray(offset >> 3)
  const moved = new Uint8Array((length + 7) >> 3)
  for (let i = 0; i < length; i++) {
    if ((bits[(offset + i) >> 3]! >> ((offset + i) & 7)) & 1) moved[i >> 3]! |= 1 << (i & 7)
  }
  return moved
}
