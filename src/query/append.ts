import type { Reader } from '../bytes/reader.ts'
import { KobelError } from '../error.ts'
import type { EntryBatch, TimerBatch } from '../format/batch.ts'
import type { KeyedStateInfo } from '../format/keyed-state.ts'
import {
  appendBytes,
  appendLong,
  appendNull,
  appendNumber,
  appendText,
  type BytesColumn,
  type Column,
  columnShape,
  endList,
  type ListColumn,
  type LongColumn,
  type NumberColumn,
} from '../serializer/columns.ts'
import { valueToJson } from '../serializer/interpreter/json.ts'
import { leftOver } from '../serializer/interpreter/read.ts'
import type { Layout } from '../serializer/layout.ts'
import { appendSelected, createSelected, type Selection } from '../serializer/select.ts'
import { TypedBytes } from '../serializer/value.ts'
import { LIST_DELIMITER, readPart, readStateValue } from '../snapshot/decode.ts'
import { keyedLayout, type TablePart } from './table.ts'

/** A column that a scan fills. */
export interface Target {
  readonly part: TablePart
  readonly selection: Selection
  readonly column: Column
}

/** Where an entry lies in its buffer, as the interpreter reads it. */
type AppendEntry = (reader: Reader, batch: EntryBatch | TimerBatch, i: number, subtask: number) => void

/**
 * Appends entries of one declaration of a state to the columns, by the interpreter: the definition of what the columns
 * hold, and the way for all that no code is generated for. After an error the columns may end in a part of a row.
 */
export function createAppender(info: KeyedStateInfo, targets: readonly Target[]): AppendEntry {
  const value = targets.find((target) => target.part === 'value')
  const ttl = targets.find((target) => target.part === 'ttl_timestamp')
  const steps = targets.filter((target) => target !== value && target !== ttl).map((target) => partStep(info, target))
  if (value ?? ttl) steps.push(valueStep(info, value, ttl))
  return (reader, batch, i, subtask) => {
    for (const step of steps) step(reader, batch, i, subtask)
  }
}

function partStep(info: KeyedStateInfo, target: Target): AppendEntry {
  const { part, column } = target
  switch (part) {
    case 'key_group':
      return (_, batch) => appendNumber(column as NumberColumn, batch.keyGroup)
    case 'subtask':
      return (_reader, _batch, _i, subtask) => appendNumber(column as NumberColumn, subtask)
    case 'timestamp':
      return (_, batch, i) => appendLong(column as LongColumn, (batch as TimerBatch).timestamps[i]!)
    default: {
      const layout = keyedLayout(part, info)
      if (layout === undefined) return () => appendNull(column)
      const append = partAppender(layout, target)
      return (reader, batch, i) => {
        const pairs = offsetsOf(batch, part)
        append(reader, pairs[2 * i]!, pairs[2 * i + 1]!)
      }
    }
  }
}

function offsetsOf(batch: EntryBatch | TimerBatch, part: TablePart): Uint32Array {
  if (part === 'key') return batch.keys
  if (part === 'namespace') return batch.namespaces
  return (batch as EntryBatch).mapKeys
}

/** Appends the value that takes exactly the bytes from `start` to `end`. */
export function partAppender(
  layout: Layout,
  { column, selection }: Pick<Target, 'column' | 'selection'>,
): (reader: Reader, start: number, end: number) => void {
  if (!fits(layout, column, selection)) {
    return (reader, start, end) => {
      const value = readPart(layout, reader, start, end)
      if (value === null) appendNull(column)
      else appendText(column as BytesColumn, valueToJson(layout, value))
    }
  }
  return (reader, start, end) => {
    const { limit } = reader
    reader.offset = start
    reader.limit = end
    try {
      appendSelected(layout, selection, reader, column, 0)
      if (reader.offset !== end) throw leftOver(reader, end)
    } catch (error) {
      // Text can also say what an object of an unknown class is: its class and bytes.
      if (column.kind !== 'utf8' || !(error instanceof KobelError) || error.code !== 'UNKNOWN_SERIALIZER') throw error
      appendText(column, valueToJson(layout, readPart(layout, reader, start, end)))
    } finally {
      reader.limit = limit
    }
  }
}

/** Whether the column is one for the layout, and not text that stands for values of several types. */
export function fits(layout: Layout, column: Column, selection: Selection): boolean {
  return columnShape(createSelected(layout, selection)) === columnShape(column)
}

function valueStep(info: KeyedStateInfo, value: Target | undefined, ttl: Target | undefined): AppendEntry {
  const append = info.kind === 'list' ? listAppender(info, value, ttl) : singleAppender(info, value, ttl)
  return (reader, batch, i) => {
    const { values } = batch as EntryBatch
    const { limit } = reader
    reader.offset = values[2 * i]!
    reader.limit = values[2 * i + 1]!
    try {
      append(reader)
    } finally {
      reader.limit = limit
    }
  }
}

/** Of all kinds but LIST: `readStateValue` says how the bytes lie. */
function singleAppender(
  info: KeyedStateInfo,
  value: Target | undefined,
  ttl: Target | undefined,
): (reader: Reader) => void {
  const append = value && partAppender(info.value, value)
  const times = ttl?.column as LongColumn | undefined
  return (reader) => {
    if (info.kind === 'map' && reader.bool()) {
      if (value) appendNull(value.column)
      if (times) appendNull(times)
      return
    }
    if (info.ttl) {
      const at = reader.i64()
      if (times) appendLong(times, at)
    } else if (times) appendNull(times)
    append?.(reader, reader.offset, reader.limit)
  }
}

function listAppender(
  info: KeyedStateInfo,
  value: Target | undefined,
  ttl: Target | undefined,
): (reader: Reader) => void {
  const layout: Layout = { op: 'list', of: 'list', element: info.value }
  const times = ttl?.column.kind === 'list' ? ttl.column : undefined
  if (info.value.op === 'unknown' || (value && !fits(layout, value.column, true))) {
    return (reader) => appendWhole(info, reader, value?.column as BytesColumn | undefined, ttl?.column)
  }
  const list = (value?.column ?? createSelected(layout, true)) as ListColumn
  const elements = list.child.column
  return (reader) => {
    const { limit } = reader
    while (reader.offset < limit) {
      if (info.ttl) {
        const at = reader.i64()
        if (times) appendLong(times.child.column as LongColumn, at)
      }
      appendSelected(info.value, true, reader, elements)
      if (reader.offset < limit && reader.u8() !== LIST_DELIMITER) throw noDelimiter(reader)
    }
    endList(list)
    if (times) {
      if (info.ttl) endList(times)
      else appendNull(times)
    }
  }
}

function noDelimiter(reader: Reader): KobelError {
  return new KobelError(
    'CORRUPT',
    'the elements of a list are not divided by a comma: they do not fit their serializer',
    { offset: reader.offset - 1 },
  )
}

/** Lists of elements that cannot be told apart: bytes, or JSON where they can be at times. */
function appendWhole(
  info: KeyedStateInfo,
  reader: Reader,
  column: BytesColumn | undefined,
  times: Column | undefined,
): void {
  const { value, ttl } = readStateValue(info, reader, reader.offset, reader.limit)
  if (times) {
    const list = times as ListColumn
    if (ttl === undefined) appendNull(list)
    else {
      for (const at of ttl as readonly bigint[]) appendLong(list.child.column as LongColumn, at)
      endList(list)
    }
  }
  if (column === undefined) return
  if (value instanceof TypedBytes && column.kind === 'binary') return appendBytes(column, value.bytes)
  const texts = Array.isArray(value) ? value.map((each) => valueToJson(info.value, each)) : undefined
  appendText(column, texts ? `[${texts.join(',')}]` : valueToJson(info.value, value))
}
