import { type Column, isNullAt } from '../../src/serializer/columns.ts'
import { fixedLength, type Layout } from '../../src/serializer/layout.ts'
import { simpleClassName } from '../../src/serializer/type.ts'
import { CLASS, TypedBytes, type Value, type ValueArray, type ValueObject } from '../../src/serializer/value.ts'

/** What stands in a column, and what the table in `column-plan.ts` says should stand there. */

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export function valueAt(column: Column, row: number): unknown {
  if (isNullAt(column, row)) return null
  switch (column.kind) {
    case 'null':
      return null
    case 'boolean':
      return (column.values[row >> 3]! & (1 << (row & 7))) !== 0
    case 'utf8':
      return decoder.decode(column.values.subarray(column.offsets[row]!, column.offsets[row + 1]!))
    case 'binary':
      return [...column.values.subarray(column.offsets[row]!, column.offsets[row + 1]!)]
    case 'list':
    case 'map': {
      const elements: unknown[] = []
      for (let i = column.offsets[row]!; i < column.offsets[row + 1]!; i++) {
        elements.push(valueAt(column.child.column, i))
      }
      return elements
    }
    case 'struct':
      return Object.fromEntries(column.children.map(({ name, column: child }) => [name, valueAt(child, row)]))
    default:
      return column.values[row]
  }
}

const wellFormed = (text: string): string =>
  new TextDecoder('utf-8', { ignoreBOM: true }).decode(new TextEncoder().encode(text))

const DAY = 86_400_000

/** Days since 1970 of an ISO date: the calendar repeats every 400 years, which have 146,097 days. */
function daysOf(text: string): number {
  const [, sign, digits, month, day] = /^([+-]?)(\d+)-(\d\d)-(\d\d)$/.exec(text)!
  const year = Number(sign + digits!)
  const cycles = Math.floor(year / 400)
  return cycles * 146_097 + Date.UTC(2000 + year - cycles * 400, Number(month) - 1, Number(day)) / DAY - 5 * 146_097
}

const DAYS_MAX = 2 ** 31 - 1

function nanosOf(text: string): bigint {
  const [hours, minutes, seconds = '0'] = text.split(':')
  const [whole, fraction = ''] = seconds.split('.')
  return (
    BigInt(Number(hours) * 3600 + Number(minutes) * 60 + Number(whole)) * 10n ** 9n + BigInt(fraction.padEnd(9, '0'))
  )
}

function millisOf(text: string): bigint {
  const [date, time] = text.slice(0, -1).split('T')
  return BigInt(daysOf(date!)) * BigInt(DAY) + nanosOf(time!) / 1_000_000n
}

/** What a column of the layout holds for a value that was read. */
export function expectedInColumn(layout: Layout, value: Value): unknown {
  if (value === null) return null
  switch (layout.op) {
    case 'constant':
      return Array.isArray(value) ? '[]' : value
    case 'codec':
      return codecText(layout.codec.toJson(value))
    case 'char':
    case 'string':
    case 'chars':
      return wellFormed(value as string)
    case 'bigInteger':
      return String(value)
    case 'bytes':
    case 'fixedBytes':
      return [...(value as Uint8Array)]
    case 'unknown':
      return [...(value as TypedBytes).bytes]
    case 'millis':
      return millisOf(value as string)
    case 'localDate':
      return Math.max(-DAYS_MAX, Math.min(DAYS_MAX, daysOf(value as string)))
    case 'localTime':
      return nanosOf(value as string)
    case 'nullable':
    case 'sized':
      return expectedInColumn(layout.inner, value)
    case 'list':
    case 'maskedList':
    case 'blockList':
      return (value as ValueArray).map((each) => expectedInColumn(layout.element, each))
    case 'map':
    case 'blockMap':
      return (value as readonly ValueArray[]).map(([key, mapped]) => ({
        key: layout.op === 'map' ? expectedInColumn(layout.key, key!) : key,
        value: expectedInColumn(layout.value, mapped!),
      }))
    case 'tuple':
      return numbered(layout.fields, value as ValueArray)
    case 'row': {
      const { kind, fields } = value as { kind: string; fields: ValueArray }
      return { kind, ...numbered(layout.fields, fields) }
    }
    case 'object':
      return Object.fromEntries(
        layout.fields.map((field) => [field.name, expectedInColumn(field.layout, (value as ValueObject)[field.name]!)]),
      )
    case 'pojo':
      return expectedPojo(layout, value as ValueObject)
    case 'ttl': {
      const { ttl, value: inner } = value as { ttl: bigint; value: Value }
      return { ttl, value: expectedInColumn(layout.value, inner) }
    }
    case 'tagged':
      return expectedCase(layout, value)
    case 'union':
      return expectedBranch(layout, value)
    default:
      return value
  }
}

function codecText(json: string): unknown {
  const value = JSON.parse(json) as unknown
  return value === null || typeof value === 'string' ? value : json
}

function numbered(fields: readonly Layout[], values: ValueArray): Record<string, unknown> {
  return Object.fromEntries(fields.map((field, i) => [`f${i}`, expectedInColumn(field, values[i]!)]))
}

function expectedPojo(layout: Layout & { op: 'pojo' }, value: ValueObject): unknown {
  const subclasses = [...layout.registered, ...layout.subclasses]
  if (subclasses.length === 0) {
    return Object.fromEntries(
      layout.fields.map((field) => [field.name, expectedInColumn(field.layout, value[field.name]!)]),
    )
  }
  const className = value instanceof TypedBytes ? value.class : (value[CLASS] ?? layout.className)
  const row = new Map<string, unknown>([['$class', className]])
  const isListed = className === layout.className || subclasses.some((each) => each.className === className)
  for (const each of [{ className: layout.className, layout }, ...subclasses]) {
    const isThis = each.className === className
    if (each.layout.op === 'pojo') {
      for (const field of each.layout.fields) {
        if (isThis) row.set(field.name, expectedInColumn(field.layout, value[field.name]!))
        else if (!row.has(field.name)) row.set(field.name, null)
      }
    } else {
      const name = each.layout.op === 'unknown' ? '$bytes' : '$value'
      if (isThis) row.set(name, expectedInColumn(each.layout, value))
      else if (!row.has(name)) row.set(name, null)
    }
  }
  if (!isListed) row.set('$bytes', [...(value as unknown as TypedBytes).bytes])
  else if (!row.has('$bytes')) row.set('$bytes', null)
  return Object.fromEntries(row)
}

function isNull(layout: Layout): boolean {
  return layout.op === 'constant' && layout.value === null
}

/** A value that no case wraps belongs to the first bare case that its members fit. */
function expectedCase(layout: Layout & { op: 'tagged' }, value: Value): unknown {
  const bare = layout.cases.every((each) => each.wrap === undefined)
  const others = layout.cases.filter((each) => !isNull(each.layout))
  if (bare && others.length === 1) return expectedInColumn(others[0]!.layout, value)
  const has = (name: string) => Object.hasOwn(value as object, name)
  const found = layout.cases.find((each) =>
    each.wrap !== undefined
      ? has(each.wrap)
      : each.layout.op === 'object' && each.layout.fields.every((field) => has(field.name)),
  )!
  const nameOf = (each: typeof found) => each.wrap ?? `case${each.tag}`
  const inner = found.wrap === undefined ? value : (value as ValueObject)[found.wrap]!
  const row: Record<string, unknown> = { $case: nameOf(found) }
  for (const each of layout.cases.filter((one) => one.wrap !== undefined || !isNull(one.layout)))
    row[nameOf(each)] = each === found ? expectedInColumn(each.layout, inner) : null
  return row
}

const BRANCHES: Readonly<Record<string, string>> = { i64: 'long', f64: 'double', utf8: 'string', boolean: 'boolean' }

function expectedBranch(layout: Layout & { op: 'union' }, value: Value): unknown {
  const others = layout.branches.filter((each) => !isNull(each))
  if (others.length === 1) return expectedInColumn(others[0]!, value)
  const nameOf = (each: Layout) => (each.op === 'object' ? simpleClassName(each.className!) : BRANCHES[each.op]!)
  const types: Readonly<Record<string, string>> = {
    bigint: 'long',
    number: 'double',
    string: 'string',
    boolean: 'boolean',
  }
  const type = types[typeof value]
  const name = type ?? simpleClassName((value as ValueObject)[CLASS]!)
  const row: Record<string, unknown> = { $case: name }
  for (const each of others) row[nameOf(each)] = nameOf(each) === name ? expectedInColumn(each, value) : null
  return row
}

/** For values that are exactly at the end: what is left behind is none. */
export function tailOf(layout: Layout): number {
  return fixedLength(layout) >= 0 ? -1 : 0
}
