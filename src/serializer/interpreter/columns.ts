import { Reader } from '../../bytes/reader.ts'
import { KobelError } from '../../error.ts'
import {
  appendBoolean,
  appendBytes,
  appendLong,
  appendNull,
  appendNumber,
  appendText,
  type BooleanColumn,
  type BytesColumn,
  type Column,
  endList,
  endRow,
  type ListColumn,
  type LongColumn,
  type NumberColumn,
  type StructColumn,
} from '../columns.ts'
import { type Codec, fixedLength, type Layout } from '../layout.ts'
import { daysFromCivil, nanoOfDay, readCivilDate, readClockTime } from '../time.ts'
import { type CasePlan, casePlan, createColumn, isText, KEY_OF_BLOCKS, type PojoPlan, pojoPlan } from './column-plan.ts'
import { appendChar, appendChars, appendFlinkString, appendUtf8 } from './column-text.ts'
import { valueToJson } from './json.ts'
import { forBlocks, MAX_DEPTH, readCount, tooDeep } from './limits.ts'
import { POJO_EXACT, POJO_NULL, pojoSubclass } from './pojo-flags.ts'
import { extentFromTail, fieldTail, maskBit, minimumOf, ROW_KINDS, readMask, readValue, within } from './read.ts'
import { skipValue } from './skip.ts'
import { taggedCase } from './tagged.ts'
import { unionBranch } from './union.ts'
import { bytesOfValue } from './write.ts'

export { createColumn }

/**
 * Appends the value at the reader to a column that {@link createColumn} made for the layout. `tail` and errors as in
 * `readValue`; after an error the column may end in a part of a row, which `truncateColumn` takes away.
 */
export function appendValue(layout: Layout, reader: Reader, column: Column, tail = -1, depth = 0): void {
  if (depth > MAX_DEPTH) throw tooDeep(reader)
  if (column.kind === 'utf8') return appendToText(layout, reader, column, tail, depth)
  switch (layout.op) {
    case 'boolean':
      return appendBoolean(column as BooleanColumn, reader.bool())
    case 'i8':
      return appendNumber(column as NumberColumn, reader.i8())
    case 'i16':
      return appendNumber(column as NumberColumn, reader.i16())
    case 'i32':
      return appendNumber(column as NumberColumn, reader.i32())
    case 'i64':
      return appendLong(column as LongColumn, layout.flipped ? reader.i64() ^ LONG_MIN : reader.i64())
    case 'f32':
      return appendNumber(column as NumberColumn, reader.f32())
    case 'f64':
      return appendNumber(column as NumberColumn, reader.f64())
    case 'millis': {
      const millis = reader.i64()
      return millis === LONG_MIN ? appendNull(column) : appendLong(column as LongColumn, millis)
    }
    case 'localDate': {
      const date = readCivilDate(reader)
      return date ? appendNumber(column as NumberColumn, daysInRange(daysFromCivil(date))) : appendNull(column)
    }
    case 'localTime': {
      const time = readClockTime(reader)
      return time ? appendLong(column as LongColumn, nanoOfDay(time)) : appendNull(column)
    }
    case 'bytes':
      return appendBytes(column as BytesColumn, reader.take(reader.count('bytes')))
    case 'fixedBytes':
      return appendBytes(column as BytesColumn, reader.take(layout.length))
    case 'unknown':
      return appendBytes(column as BytesColumn, reader.take(extentFromTail(layout.className, reader, tail)))
    case 'constant':
      reader.skip(layout.length)
      return layout.value === true ? appendBoolean(column as BooleanColumn, true) : appendNull(column)
    default:
      return appendNested(layout, reader, column, tail, depth)
  }
}

const LONG_MIN = -(2n ** 63n)
const MAX_DAYS = 0x7fffffff

/** DuckDB takes the ends for infinity, which is what LocalDate.MIN and MAX mean. */
function daysInRange(days: number): number {
  return Math.max(-MAX_DAYS, Math.min(MAX_DAYS, days))
}

type Nested = Extract<
  Layout,
  {
    op:
      | 'tuple'
      | 'object'
      | 'row'
      | 'pojo'
      | 'list'
      | 'maskedList'
      | 'blockList'
      | 'map'
      | 'blockMap'
      | 'nullable'
      | 'sized'
      | 'tagged'
      | 'union'
      | 'ttl'
      | 'codec'
  }
>

function appendNested(layout: Layout, reader: Reader, column: Column, tail: number, depth: number): void {
  const nested = layout as Nested
  switch (nested.op) {
    case 'tuple':
      return appendFields(nested.fields, reader, column as StructColumn, tail, depth)
    case 'object':
      return appendObject(nested, reader, column as StructColumn, tail, depth)
    case 'row':
      return appendRow(nested, reader, column as StructColumn, tail, depth)
    case 'pojo':
      return appendPojo(nested, reader, column as StructColumn, tail, depth)
    case 'list':
    case 'maskedList':
    case 'blockList':
      appendElements(nested, reader, (column as ListColumn).child.column, depth)
      return endList(column as ListColumn)
    case 'map':
    case 'blockMap':
      appendEntries(nested, reader, (column as ListColumn).child.column as StructColumn, depth)
      return endList(column as ListColumn)
    case 'nullable':
      return appendNullable(nested, reader, column, tail, depth)
    case 'sized':
      return within(reader, reader.count('bytes'), () => appendValue(nested.inner, reader, column, 0, depth + 1))
    case 'tagged':
      return appendTagged(nested, reader, column, tail, depth)
    case 'union':
      return appendUnion(nested, reader, column, tail, depth)
    case 'ttl':
      return appendFields([TTL, nested.value], reader, column as StructColumn, tail, depth)
    case 'codec':
      return appendShaped(nested.codec, reader, column, tail, depth)
  }
}

/** The value by way of the bytes of its shape; only a codec with a shape has a column other than of text. */
function appendShaped({ read, shape }: Codec, reader: Reader, column: Column, tail: number, depth: number): void {
  if (!shape) return appendNull(column)
  const bytes = bytesOfValue(shape, read(reader, tail))
  appendValue(shape, new Reader(bytes), column, 0, depth + 1)
}

const TTL: Layout = { op: 'i64' }

/** A column of text is either what the layout says, or the JSON of a value that stands for too much. */
function appendToText(layout: Layout, reader: Reader, column: BytesColumn, tail: number, depth: number): void {
  switch (layout.op) {
    case 'string':
      return appendFlinkString(reader, column, layout.notNull)
    case 'char':
      return appendChar(reader, column)
    case 'chars':
      return appendChars(reader, column)
    case 'utf8':
      return appendUtf8(reader, column)
    case 'nullable':
      return appendNullable(layout, reader, column, tail, depth)
    case 'sized':
      return within(reader, reader.count('bytes'), () => appendValue(layout.inner, reader, column, 0, depth + 1))
    case 'tagged':
      if (casePlan(layout).only) return appendTagged(layout, reader, column, tail, depth)
      break
    case 'union':
      if (casePlan(layout).only) return appendUnion(layout, reader, column, tail, depth)
  }
  const value = readValue(layout, reader, tail, depth)
  if (value === null) return appendNull(column)
  if (typeof value === 'string' && (isText(layout) || layout.op === 'constant') && layout.op !== 'codec') {
    return appendText(column, value)
  }
  const json = layout.op === 'bigInteger' ? String(value) : valueToJson(layout, value)
  appendText(column, layout.op === 'codec' && json.startsWith('"') ? (JSON.parse(json) as string) : json)
}

function appendFields(
  fields: readonly Layout[],
  reader: Reader,
  column: StructColumn,
  tail: number,
  depth: number,
): void {
  for (let i = 0; i < fields.length; i++) {
    const of = tail < 0 ? -1 : fieldTail(fields, i, tail)
    appendValue(fields[i]!, reader, column.children[i]!.column, of, depth + 1)
  }
  endRow(column, true)
}

function appendObject(
  layout: Layout & { op: 'object' },
  reader: Reader,
  column: StructColumn,
  tail: number,
  depth: number,
): void {
  const layouts = tail < 0 ? [] : layout.fields.map((field) => field.layout)
  for (let i = 0; i < layout.fields.length; i++) {
    const of = tail < 0 ? -1 : fieldTail(layouts, i, tail)
    appendValue(layout.fields[i]!.layout, reader, column.children[i]!.column, of, depth + 1)
  }
  endRow(column, true)
}

function appendRow(
  layout: Layout & { op: 'row' },
  reader: Reader,
  column: StructColumn,
  tail: number,
  depth: number,
): void {
  const ahead = layout.rowKind ? 2 : 0
  const mask = reader.take((ahead + layout.fields.length + 7) >> 3)
  const kind = layout.rowKind ? (maskBit(mask, 0) ? 1 : 0) + (maskBit(mask, 1) ? 2 : 0) : 0
  appendText(column.children[0]!.column as BytesColumn, ROW_KINDS[kind]!)
  const isNull = (i: number) => maskBit(mask, ahead + i)
  const present = tail < 0 ? [] : layout.fields.filter((_, i) => !isNull(i))
  let next = 0
  for (let i = 0; i < layout.fields.length; i++) {
    const child = column.children[i + 1]!.column
    if (isNull(i)) appendNull(child)
    else appendValue(layout.fields[i]!, reader, child, tail < 0 ? -1 : fieldTail(present, next++, tail), depth + 1)
  }
  endRow(column, true)
}

type Pojo = Layout & { op: 'pojo' }

function appendPojo(layout: Pojo, reader: Reader, column: StructColumn, tail: number, depth: number): void {
  const plan = pojoPlan(layout)
  const className = appendMembers(layout, layout.className, reader, column, tail, depth, plan)
  if (className === undefined) return appendNull(column)
  if (plan.hasClass) appendText(column.children[0]!.column as BytesColumn, className)
  if (plan.fields.length > layout.fields.length) {
    for (const child of column.children) if (child.column.length === column.length) appendNull(child.column)
  }
  endRow(column, true)
}

/** Appends to the children that the value's class has; returns the class, or `undefined` for null. */
function appendMembers(
  layout: Pojo,
  className: string,
  reader: Reader,
  column: StructColumn,
  tail: number,
  depth: number,
  plan: PojoPlan,
): string | undefined {
  if (depth > MAX_DEPTH) throw tooDeep(reader)
  const flags = reader.u8()
  if (flags === POJO_NULL) return undefined
  if (flags === POJO_EXACT) {
    const places = plan.slots.get(layout)!
    const last = layout.fields.length - 1
    for (let i = 0; i <= last; i++) {
      const child = column.children[places[i]!]!.column
      if (reader.bool()) appendNull(child)
      else appendValue(layout.fields[i]!.layout, reader, child, i === last ? tail : -1, depth + 1)
    }
    return className
  }
  const subclass = pojoSubclass(layout, flags, reader)
  if (subclass.layout.op === 'pojo' && plan.slots.has(subclass.layout)) {
    return appendMembers(subclass.layout, subclass.className, reader, column, tail, depth + 1, plan)
  }
  const place = plan.slots.get(subclass.layout)?.[0] ?? plan.otherSlot
  if (place === undefined) {
    throw new KobelError(
      'UNKNOWN_SERIALIZER',
      `the serializer snapshot of ${layout.className} does not list its subclass ${subclass.className}, so there is no column for it`,
      { offset: reader.offset },
    )
  }
  const child = column.children[place]!.column
  if (subclass.layout.op === 'pojo') {
    // The user described the class: its fields have no columns.
    const start = reader.offset
    skipValue(subclass.layout, reader, tail, depth + 1)
    appendBytes(child as BytesColumn, reader.bytes.subarray(start, reader.offset))
  } else appendValue(subclass.layout, reader, child, tail, depth + 1)
  return subclass.className
}

function appendElements(
  layout: Layout & { op: 'list' | 'maskedList' | 'blockList' },
  reader: Reader,
  child: Column,
  depth: number,
): void {
  const { element } = layout
  if (layout.op === 'blockList') {
    return forBlocks(reader, minimumOf(element, false), depth, (count) => {
      for (let i = 0; i < count; i++) appendValue(element, reader, child, -1, depth + 1)
    })
  }
  if (layout.op === 'maskedList') {
    const { count, mask } = readMask(reader)
    for (let i = 0; i < count; i++) {
      if (maskBit(mask, i)) appendNull(child)
      else appendValue(element, reader, child, -1, depth + 1)
    }
    return
  }
  const { flag } = layout
  const count = readCount(reader, 'elements', minimumOf(element, flag !== undefined), depth)
  for (let i = 0; i < count; i++) {
    if (flag !== undefined && reader.bool() === (flag === 'isNull')) appendNull(child)
    else appendValue(element, reader, child, -1, depth + 1)
  }
}

function appendEntries(
  layout: Layout & { op: 'map' | 'blockMap' },
  reader: Reader,
  entries: StructColumn,
  depth: number,
): void {
  const keys = entries.children[0]!.column
  const values = entries.children[1]!.column
  if (layout.op === 'blockMap') {
    return forBlocks(reader, 4, depth, (count) => {
      for (let i = 0; i < count; i++) {
        appendValue(KEY_OF_BLOCKS, reader, keys, -1, depth + 1)
        appendValue(layout.value, reader, values, -1, depth + 1)
        endRow(entries, true)
      }
    })
  }
  const count = readCount(reader, 'map entries', minimumOf(layout.key, layout.keyFlag || layout.valueFlag), depth)
  for (let i = 0; i < count; i++) {
    if (layout.keyFlag && reader.bool()) appendNull(keys)
    else appendValue(layout.key, reader, keys, -1, depth + 1)
    if (layout.valueFlag && reader.bool()) appendNull(values)
    else appendValue(layout.value, reader, values, -1, depth + 1)
    endRow(entries, true)
  }
}

function appendNullable(
  layout: Layout & { op: 'nullable' },
  reader: Reader,
  column: Column,
  tail: number,
  depth: number,
): void {
  if ((reader.bool() ? 1 : 0) === layout.nullWhen) {
    reader.skip(layout.padding)
    return appendNull(column)
  }
  if (layout.padding === 0) return appendValue(layout.inner, reader, column, tail, depth + 1)
  return within(reader, layout.padding, () => appendValue(layout.inner, reader, column, 0, depth + 1))
}

function appendTagged(
  layout: Layout & { op: 'tagged' },
  reader: Reader,
  column: Column,
  tail: number,
  depth: number,
): void {
  const found = taggedCase(layout, reader)
  appendCase(casePlan(layout), layout.cases.indexOf(found), found.layout, reader, column, tail, depth)
}

function appendUnion(
  layout: Layout & { op: 'union' },
  reader: Reader,
  column: Column,
  tail: number,
  depth: number,
): void {
  const start = reader.offset
  const branch = unionBranch(layout, reader)
  appendCase(casePlan(layout), reader.view.getInt32(start), branch, reader, column, tail, depth)
}

function appendCase(
  plan: CasePlan,
  index: number,
  layout: Layout,
  reader: Reader,
  column: Column,
  tail: number,
  depth: number,
): void {
  const slot = plan.slots[index]!
  if (slot < 0) {
    reader.skip(fixedLength(layout))
    return appendNull(column)
  }
  if (plan.only) return appendValue(layout, reader, column, tail, depth + 1)
  const { children } = column as StructColumn
  appendText(children[0]!.column as BytesColumn, plan.fields[slot]!.name)
  for (let i = 1; i < children.length; i++) {
    if (i === slot + 1) appendValue(layout, reader, children[i]!.column, tail, depth + 1)
    else appendNull(children[i]!.column)
  }
  endRow(column, true)
}
