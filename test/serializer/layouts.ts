import fc from 'fast-check'
import type { Reader } from '../../src/bytes/reader.ts'
import type { Writer } from '../../src/bytes/writer.ts'
import { KobelError } from '../../src/error.ts'
import { type Codec, fixedLength, type Layout, type LayoutField } from '../../src/serializer/layout.ts'
import { CLASS, type Value } from '../../src/serializer/value.ts'
import { valuesOfCodec } from './codec-values.ts'

/** Random layouts, and random values of a layout as `readValue` gives them. */

const depthIdentifier = fc.createDepthIdentifier()

/** A codec as small as can be: u8 length, letters; shown as the JSON of the text. */
const LETTERS: Codec = {
  name: 'letters',
  read: readLetters,
  skip: (reader) => reader.skip(reader.u8()),
  write: (writer: Writer, value: Value) => {
    const text = value as string
    writer.u8(text.length)
    for (const letter of text) writer.u8(letter.charCodeAt(0))
  },
  toJson: (value) => JSON.stringify(value),
  fromJson: (json) => json as Value,
}

function readLetters(reader: Reader): Value {
  const letters = reader.take(reader.u8())
  if (letters.some((each) => each < 0x61 || each > 0x7a)) throw new KobelError('CORRUPT', 'letters were expected')
  return String.fromCharCode(...letters)
}

const PLAIN: readonly Layout[] = [
  { op: 'boolean' },
  { op: 'i8' },
  { op: 'i16' },
  { op: 'i32' },
  { op: 'i64' },
  { op: 'i64', flipped: true },
  { op: 'f32' },
  { op: 'f64' },
  { op: 'char' },
  { op: 'string' },
  { op: 'string', notNull: true },
  { op: 'chars' },
  { op: 'utf8' },
  { op: 'bytes' },
  { op: 'fixedBytes', length: 3 },
  { op: 'bigInteger' },
  { op: 'bigDecimal' },
  { op: 'millis' },
  { op: 'sqlTimestamp' },
  { op: 'localDate' },
  { op: 'localTime' },
  { op: 'localDateTime' },
  { op: 'instant' },
  { op: 'constant', length: 1, declaredLength: 0, value: null },
  { op: 'constant', length: 0, declaredLength: 0, value: null, hash: 53 },
  { op: 'constant', length: 1, declaredLength: 1, value: 'GlobalWindow' },
  { op: 'constant', length: 1, declaredLength: 1, value: [], fill: 42 },
  { op: 'enum', className: 'Color', constants: ['RED', 'GREEN', 'été'] },
  { op: 'codec', codec: LETTERS, className: 'Letters' },
]

const NULL: Layout = { op: 'constant', length: 0, declaredLength: 0, value: null }

function named(layouts: readonly Layout[], prefix = 'x'): LayoutField[] {
  const odd = ['__proto__', 'constructor', 'été', 'a b']
  return layouts.map((layout, i) => ({ name: i === 3 ? odd[layouts.length % 4]! : `${prefix}${i}`, layout }))
}

export const layouts: fc.Arbitrary<Layout> = fc.letrec<{ layout: Layout }>((tie) => {
  const inner = tie('layout')
  const several = fc.array(inner, { maxLength: 5, depthIdentifier })
  return {
    layout: fc.oneof(
      { maxDepth: 4, depthIdentifier },
      { weight: 4, arbitrary: fc.constantFrom(...PLAIN) },
      { weight: 1, arbitrary: several.map((fields): Layout => ({ op: 'tuple', fields })) },
      { weight: 1, arbitrary: several.map((fields): Layout => ({ op: 'object', fields: named(fields) })) },
      {
        weight: 1,
        arbitrary: fc.tuple(fc.boolean(), several).map(([rowKind, fields]): Layout => ({ op: 'row', rowKind, fields })),
      },
      { weight: 1, arbitrary: fc.tuple(several, several, several).map(([a, b, c]) => pojo(a, b, c)) },
      {
        weight: 1,
        arbitrary: fc
          .tuple(inner, fc.constantFrom('list', 'set', 'array'), fc.constantFrom(undefined, 'isNull', 'isNotNull'))
          .map(([element, of, flag]): Layout => ({ op: 'list', of, element, ...(flag && { flag }) })),
      },
      { weight: 1, arbitrary: inner.map((element): Layout => ({ op: 'maskedList', element })) },
      { weight: 1, arbitrary: inner.map((element): Layout => ({ op: 'blockList', element })) },
      { weight: 1, arbitrary: inner.map((value): Layout => ({ op: 'blockMap', value })) },
      {
        weight: 1,
        arbitrary: fc
          .tuple(inner, inner, fc.boolean(), fc.boolean())
          .map(([key, value, keyFlag, valueFlag]): Layout => ({ op: 'map', key, value, keyFlag, valueFlag })),
      },
      { weight: 1, arbitrary: fc.tuple(inner, fc.boolean(), fc.boolean()).map((of) => nullable(...of)) },
      {
        weight: 1,
        arbitrary: fc.tuple(inner, inner).map(
          ([left, right]): Layout => ({
            op: 'tagged',
            cases: [
              { tag: 1, wrap: 'left', layout: left },
              { tag: 0, wrap: 'right', layout: right },
            ],
          }),
        ),
      },
      { weight: 1, arbitrary: inner.map(optional) },
      { weight: 1, arbitrary: inner.map(records) },
      { weight: 1, arbitrary: inner.map(union) },
      { weight: 1, arbitrary: inner.map((value): Layout => ({ op: 'ttl', value })) },
      { weight: 1, arbitrary: inner.map((of): Layout => ({ op: 'sized', inner: of })) },
    ),
  }
}).layout

function pojo(own: readonly Layout[], more: readonly Layout[], other: readonly Layout[]): Layout {
  const fields = named(own)
  const subclass = (className: string, extra: readonly Layout[], prefix: string) => ({
    className,
    layout: {
      op: 'pojo',
      className,
      fields: [...named(extra, prefix).filter(({ name }) => name.startsWith(prefix)), ...fields],
      registered: [],
      subclasses: [],
    } as const,
  })
  return {
    op: 'pojo',
    className: 'P',
    fields,
    registered: more.length > 2 ? [subclass('Q', more, 'y')] : [],
    subclasses: other.length > 2 ? [subclass('R', other, 'z')] : [],
  }
}

function nullable(inner: Layout, flag: boolean, padded: boolean): Layout {
  const length = fixedLength(inner)
  return { op: 'nullable', inner, nullWhen: flag ? 1 : 0, padding: padded && length > 0 ? length : 0 }
}

function optional(inner: Layout): Layout {
  return {
    op: 'tagged',
    cases: [
      { tag: 7, layout: NULL },
      { tag: 200, layout: inner },
    ],
  }
}

/** Cases that are told apart by their members. */
function records(inner: Layout): Layout {
  const object = (...fields: [string, Layout][]): Layout => ({
    op: 'object',
    fields: fields.map(([name, layout]) => ({ name, layout })),
  })
  return {
    op: 'tagged',
    cases: [
      { tag: 0, layout: object(['timestamp', { op: 'i64' }], ['value', inner]) },
      { tag: 1, layout: object(['value', inner]) },
      { tag: 2, layout: object(['watermark', { op: 'i64' }]) },
    ],
  }
}

function union(inner: Layout): Layout {
  const record: Layout = {
    op: 'object',
    className: 'com.acme.R',
    avro: true,
    fields: [{ name: 'inside', layout: inner }],
  }
  return { op: 'union', branches: [NULL, { op: 'i64' }, { op: 'boolean' }, { op: 'utf8' }, record] }
}

// --- values --------------------------------------------------------------------------------------------------------

const units = fc.array(fc.oneof(fc.nat(0x7f), fc.nat(0xffff), fc.integer({ min: 0xd7f0, max: 0xe010 })), {
  maxLength: 12,
})
export const anyText: fc.Arbitrary<string> = units.map((each) => String.fromCharCode(...each))
const unicode = fc.string({ unit: 'binary', maxLength: 10 })
const bytes = (length?: number) =>
  fc.uint8Array(length === undefined ? { maxLength: 12 } : { minLength: length, maxLength: length })

const pad = (value: number, width = 2) => String(value).padStart(width, '0')
const years = fc.oneof(
  fc.integer({ min: 1900, max: 2100 }),
  fc.integer({ min: -999_999_999, max: 999_999_999 }),
  fc.constantFrom(-999_999_999, 999_999_999),
)
const dates = (of: fc.Arbitrary<number> = years) =>
  fc.tuple(of, fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 28 })).map(([year, month, day]) => {
    const sign = year < 0 ? '-' : year > 9999 ? '+' : ''
    return `${sign}${pad(Math.abs(year), 4)}-${pad(month)}-${pad(day)}`
  })
const clocks = fc.tuple(fc.nat(23), fc.nat(59), fc.nat(59), fc.oneof(fc.constant(0), fc.nat(999_999_999)))

function clockText([hour, minute, second, nano]: readonly number[], seconds: boolean): string {
  const fraction = nano === 0 ? '' : `.${pad(nano!, 9).replace(/^(\d{3}|\d{6}|\d{9}?)0+$/, '$1')}`
  const digits = fraction === '' ? '' : `.${fraction.slice(1).padEnd(Math.ceil((fraction.length - 1) / 3) * 3, '0')}`
  const short = `${pad(hour!)}:${pad(minute!)}`
  return seconds || second !== 0 || nano !== 0 ? `${short}:${pad(second!)}${digits}` : short
}

const times = clocks.map((each) => clockText(each, false))
const nearYears = fc.integer({ min: -250_000, max: 250_000 })
const instants = fc.tuple(dates(), clocks).map(([date, clock]) => `${date}T${clockText(clock, true)}Z`)
export const nearInstants: fc.Arbitrary<string> = fc
  .tuple(dates(nearYears), clocks)
  .map(([date, clock]) => `${date}T${clockText(clock, true)}Z`)
/** Instants of whole milliseconds. */
export const millis: fc.Arbitrary<string> = fc
  .tuple(dates(nearYears), clocks, fc.nat(999))
  .map(
    ([date, [hour, minute, second], milli]) => `${date}T${clockText([hour, minute, second, milli * 1_000_000], true)}Z`,
  )
const decimals = fc
  .tuple(fc.bigInt(), fc.option(fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 1, maxLength: 20 })))
  .map(([whole, fraction]) => (fraction === null ? String(whole) : `${whole}.${fraction}`))

export const orNull = (of: fc.Arbitrary<Value>): fc.Arbitrary<Value> =>
  fc.oneof({ weight: 1, arbitrary: fc.constant(null) }, { weight: 5, arbitrary: of })

function record(fields: readonly LayoutField[], of: (field: LayoutField) => fc.Arbitrary<Value>): fc.Arbitrary<Value> {
  return fc.tuple(...fields.map(of)).map((values) => {
    const object = Object.create(null) as Record<string, Value>
    fields.forEach(({ name }, i) => {
      object[name] = values[i]!
    })
    return object as Value
  })
}

function classed(className: string, of: fc.Arbitrary<Value>): fc.Arbitrary<Value> {
  return of.map((value) => {
    ;(value as { [CLASS]?: string })[CLASS] = className
    return value
  })
}

export function valuesOf(layout: Layout): fc.Arbitrary<Value> {
  switch (layout.op) {
    case 'boolean':
      return fc.boolean()
    case 'i8':
      return fc.integer({ min: -0x80, max: 0x7f })
    case 'i16':
      return fc.integer({ min: -0x8000, max: 0x7fff })
    case 'i32':
      return fc.integer()
    case 'i64':
      return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
    case 'f32':
      return fc.float()
    case 'f64':
      return fc.double()
    case 'char':
      return fc.nat(0xffff).map((unit) => String.fromCharCode(unit))
    case 'string':
      return layout.notNull ? anyText : orNull(anyText)
    case 'chars':
      return anyText
    case 'utf8':
      return unicode
    case 'bytes':
      return bytes()
    case 'fixedBytes':
      return bytes(layout.length)
    case 'bigInteger':
      return orNull(fc.bigInt())
    case 'bigDecimal':
      return orNull(decimals)
    case 'millis':
      return orNull(millis)
    case 'sqlTimestamp':
      return orNull(nearInstants)
    case 'localDate':
      return orNull(dates())
    case 'localTime':
      return orNull(times)
    case 'localDateTime':
      return orNull(fc.tuple(dates(), times).map(([date, time]) => `${date}T${time}`))
    case 'instant':
      return orNull(instants)
    case 'constant':
      return fc.constant(layout.value)
    case 'enum':
      return fc.constantFrom(...layout.constants)
    case 'enumById':
      return fc.constantFrom(...layout.constants.map(({ name }) => name))
    case 'codec':
      return layout.codec === LETTERS
        ? fc.string({ unit: fc.constantFrom(...'abcxyz'), maxLength: 9 })
        : valuesOfCodec(layout)
    default:
      return nestedValues(layout)
  }
}

const MANY = { maxLength: 4 }

/** Java has each key once. */
export function entriesOf(key: fc.Arbitrary<Value>, value: fc.Arbitrary<Value>): fc.Arbitrary<Value> {
  return fc
    .uniqueArray(fc.tuple(key, value), { ...MANY, selector: ([each]) => keyText(each) })
    .map((entries) => entries as Value)
}

function keyText(key: Value): string {
  return JSON.stringify(key, (_, each: unknown) => (typeof each === 'bigint' ? `${each}n` : each))
}

function nestedValues(layout: Layout): fc.Arbitrary<Value> {
  switch (layout.op) {
    case 'tuple':
      return fc.tuple(...layout.fields.map(valuesOf)).map((values) => values as Value)
    case 'object':
      return record(layout.fields, (field) => valuesOf(field.layout))
    case 'row':
      return fc
        .tuple(
          layout.rowKind ? fc.constantFrom('+I', '-U', '+U', '-D') : fc.constant('+I'),
          fc.tuple(...layout.fields.map((field) => orNull(valuesOf(field)))),
        )
        .map(([kind, fields]) => ({ kind, fields }))
    case 'pojo': {
      const fieldsOf = (fields: readonly LayoutField[]) => record(fields, (field) => orNull(valuesOf(field.layout)))
      const subclasses = [...layout.registered, ...layout.subclasses].map((each) =>
        classed(each.className, fieldsOf((each.layout as Layout & { op: 'pojo' }).fields)),
      )
      return orNull(fc.oneof(fieldsOf(layout.fields), ...subclasses))
    }
    case 'list': {
      const element = layout.flag === undefined ? valuesOf(layout.element) : orNull(valuesOf(layout.element))
      return layout.of === 'set' ? fc.uniqueArray(element, { ...MANY, selector: keyText }) : fc.array(element, MANY)
    }
    case 'maskedList':
      return fc.array(orNull(valuesOf(layout.element)), { maxLength: 10 })
    case 'blockList':
      return fc.array(valuesOf(layout.element), MANY)
    case 'map': {
      const key = valuesOf(layout.key)
      const value = valuesOf(layout.value)
      return entriesOf(layout.keyFlag ? orNull(key) : key, layout.valueFlag ? orNull(value) : value)
    }
    case 'blockMap':
      return entriesOf(unicode, valuesOf(layout.value))
    case 'nullable':
      return orNull(valuesOf(layout.inner))
    case 'sized':
      return valuesOf(layout.inner)
    case 'tagged':
      return fc.oneof(
        ...layout.cases.map(({ wrap, layout: inner }) =>
          wrap === undefined ? valuesOf(inner) : valuesOf(inner).map((value): Value => ({ [wrap]: value })),
        ),
      )
    case 'union':
      return fc.oneof(
        ...layout.branches.map((branch) =>
          branch.op === 'object' ? classed(branch.className!, valuesOf(branch)) : valuesOf(branch),
        ),
      )
    case 'ttl':
      return fc
        .tuple(fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }), valuesOf(layout.value))
        .map(([ttl, value]) => ({ ttl, value }))
    default:
      throw new Error(`no values of ${layout.op}`)
  }
}

/** A layout with several values of it. */
export const layoutsWithValues: fc.Arbitrary<{ readonly layout: Layout; readonly values: readonly Value[] }> =
  layouts.chain((layout) =>
    fc.array(valuesOf(layout), { minLength: 1, maxLength: 20 }).map((values) => ({ layout, values })),
  )
