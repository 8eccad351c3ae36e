import type { Reader } from '../bytes/reader.ts'
import type { Writer } from '../bytes/writer.ts'
import type { Value } from './value.ts'

/** One field of a record, in the order of the bytes. */
export interface LayoutField {
  readonly name: string
  readonly layout: Layout
}

/** A class whose bytes may stand where its superclass was declared. */
export interface LayoutSubclass {
  readonly className: string
  readonly layout: Layout
}

/** How one of several alternatives is told by its first byte. */
export interface LayoutCase {
  readonly tag: number
  /** Member that wraps the value (`{ left: … }`); without it the value stands bare. */
  readonly wrap?: string
  readonly layout: Layout
}

/**
 * The irregular few (Kryo, Avro unions, …) whose bytes no plain description fits: a set of functions with the same
 * meaning as the interpreter's. `tail` is the number of bytes between the end of the value and the reader's limit, or
 * -1 where that is not known; only a codec that meets an unknown class needs it.
 */
export interface Codec {
  /** Names the format in messages, e.g. `Kryo`. */
  readonly name: string
  /** The bytes each value takes, where that is always the same. */
  readonly length?: number
  /** The bytes themselves always tell where a value ends: it never needs `tail`. */
  readonly delimited?: true
  /** A plain layout with the same values and other bytes, of which columns can be made. */
  readonly shape?: Layout
  readonly read: (reader: Reader, tail: number) => Value
  readonly write: (writer: Writer, value: Value) => void
  readonly skip: (reader: Reader, tail: number) => void
  /** JSON text of the value (DESIGN section 9). */
  readonly toJson: (value: Value) => string
  /** The value of a parsed JSON text; throws `USAGE` where it does not fit. */
  readonly fromJson: (json: unknown) => Value
  /** Java's `hashCode` of the value at the reader; absent where it is user code. */
  readonly hash?: (reader: Reader) => number
}

/** `hashCode` rules that do not follow from the bytes alone. */
export type HashRule =
  | 'longValue'
  | 'booleanValue'
  | 'doubleValue'
  | 'arrayRow'
  | 'severalRows'
  | 'timeWindow'
  | 'caseClass'
  | 'scala'
  | 'binaryRow'
  | 'timestampData'
  | 'decimalData'
  | 'binaryString'

/**
 * How the bytes of one value lie, as plain data. One interpreter (`interpreter/`) derives reading, writing, skipping,
 * appending to columns, JSON and `hashCode` from it. All numbers are big-endian unless an op says otherwise.
 *
 * Grammar of each op (`str` = Flink string, see `strings.ts`):
 */
export type Layout =
  // -- numbers: 1, 1, 2, 4, 8, 4, 8, 2 bytes. `flipped`: the sign bit is inverted so that bytes sort as numbers
  | { readonly op: 'i8' | 'i16' | 'i32' | 'f32' | 'char' }
  | { readonly op: 'boolean' | 'f64'; readonly hash?: HashRule }
  | { readonly op: 'i64'; readonly flipped?: true; readonly hash?: HashRule }
  // -- text and bytes. string: varint(length + 1), 0 = null (notNull: varint(length)), units as varints;
  //    utf8, bytes: i32 length, bytes; chars: i32 n, n u16
  | { readonly op: 'string'; readonly notNull?: true }
  | { readonly op: 'chars' }
  | { readonly op: 'utf8'; readonly hash?: HashRule }
  | { readonly op: 'bytes' }
  | { readonly op: 'fixedBytes'; readonly length: number }
  // -- numbers of any size; see `numbers.ts`
  | { readonly op: 'bigInteger' | 'bigDecimal' }
  // -- points in time; see `time.ts`. All have a form for null
  | { readonly op: 'millis' | 'sqlTimestamp' | 'localDate' | 'localTime' | 'localDateTime' | 'instant' }
  // -- a value without content: `length` bytes (zeros, or `fill`), always the same value. `declaredLength` as Flink's
  //    getLength() says, `hash` as hashCode(), 0 where it is not given
  | {
      readonly op: 'constant'
      readonly length: number
      readonly declaredLength: number
      readonly value: null | string | true | readonly []
      readonly fill?: number
      readonly hash?: number
    }
  // -- i32 index into the stored constants
  | { readonly op: 'enum'; readonly className: string; readonly constants: readonly string[] }
  // -- i32 id of one of the stored constants
  | {
      readonly op: 'enumById'
      readonly className: string
      readonly constants: readonly { readonly name: string; readonly id: number }[]
    }
  // -- fields one after another. Without names: an array; with names: an object
  | { readonly op: 'tuple'; readonly fields: readonly Layout[]; readonly hash?: HashRule }
  | {
      readonly op: 'object'
      readonly className?: string
      readonly fields: readonly LayoutField[]
      readonly hash?: HashRule
      /** An Avro record: members keep their order in JSON, and Flink declares no length. */
      readonly avro?: true
    }
  // -- mask bits (2 of the row kind if any, 1 a field), padded to bytes, then the fields that are not null
  | { readonly op: 'row'; readonly rowKind: boolean; readonly fields: readonly Layout[]; readonly hash?: HashRule }
  // -- u8 flags, then see `readPojo`
  | {
      readonly op: 'pojo'
      readonly className: string
      readonly fields: readonly LayoutField[]
      /** By tag. */
      readonly registered: readonly LayoutSubclass[]
      /** By class name in the bytes. */
      readonly subclasses: readonly LayoutSubclass[]
      /** What the user says of classes that the snapshot does not list. */
      readonly described?: (className: string) => Layout | undefined
    }
  // -- i32 count, elements. `flag`: a byte before each element, 1 where it is null / not null; a null has no bytes
  | {
      readonly op: 'list'
      readonly of: 'list' | 'set' | 'array'
      readonly element: Layout
      readonly flag?: 'isNull' | 'isNotNull'
      readonly hash?: HashRule
    }
  // -- i32 count, mask bytes ceil(n / 8) most significant bit first (1 = null), elements that are not null
  | { readonly op: 'maskedList'; readonly element: Layout }
  // -- i32 count, { [bool key is null], key, [bool value is null], value }
  | {
      readonly op: 'map'
      readonly key: Layout
      readonly value: Layout
      readonly keyFlag: boolean
      readonly valueFlag: boolean
    }
  // -- bool: `nullWhen` = null, followed by `padding` zero bytes; else the value, which takes as many bytes if padded
  | {
      readonly op: 'nullable'
      readonly inner: Layout
      readonly nullWhen: 0 | 1
      readonly padding: number
      readonly hash?: HashRule
    }
  // -- u8 tag, then the value of that case
  | { readonly op: 'tagged'; readonly cases: readonly LayoutCase[]; readonly hash?: HashRule }
  // -- i32 index of the branch, then the value of that branch, which stands bare
  | { readonly op: 'union'; readonly branches: readonly Layout[] }
  // -- blocks of { varint count, elements or { i32 length, UTF-8 key, value } }, then a block of none
  | { readonly op: 'blockList'; readonly element: Layout }
  | { readonly op: 'blockMap'; readonly value: Layout }
  // -- i64 last access in milliseconds, value
  | { readonly op: 'ttl'; readonly value: Layout }
  // -- i32 length, the value in exactly that many bytes
  | { readonly op: 'sized'; readonly inner: Layout }
  | { readonly op: 'codec'; readonly codec: Codec; readonly className: string }
  // -- bytes whose extent only the end of the value can tell
  | { readonly op: 'unknown'; readonly className: string }

/** The bytes a value of this layout always takes, or -1 where that depends on the value. */
export function fixedLength(layout: Layout): number {
  if (layout.op === 'constant') return layout.length
  if (layout.op === 'row' && !layout.rowKind && layout.fields.length === 0) return 0
  return remembered(FIXED_LENGTHS, layout, fixedLength)
}

/** Asked for every value skipped, so worked out once a layout. */
const FIXED_LENGTHS = new WeakMap<Layout, number>()

/**
 * Flink's `TypeSerializer.getLength()`: what decides whether a composite key is ambiguous. It differs from
 * {@link fixedLength} for VoidNamespace, which says 0 and writes a byte, and for Avro, which never says one.
 */
export function declaredLength(layout: Layout): number {
  if (layout.op === 'constant') return layout.declaredLength
  if (layout.op === 'object' && layout.avro) return -1
  // TupleSerializerBase takes a field that says 0 for one of unknown length; CompositeSerializer does not.
  if (layout.op === 'tuple' || (layout.op === 'object' && layout.hash === 'caseClass')) {
    return sum(childrenOf(layout), (field) => declaredLength(field) || -1)
  }
  return remembered(DECLARED_LENGTHS, layout, declaredLength)
}

const DECLARED_LENGTHS = new WeakMap<Layout, number>()

function remembered(lengths: WeakMap<Layout, number>, layout: Layout, inner: (layout: Layout) => number): number {
  const known = lengths.get(layout)
  if (known !== undefined) return known
  // While it is worked out: a layout that contains itself has no length.
  lengths.set(layout, -1)
  const length = lengthOf(layout, inner)
  lengths.set(layout, length)
  return length
}

function lengthOf(layout: Layout, inner: (layout: Layout) => number): number {
  switch (layout.op) {
    case 'boolean':
    case 'i8':
      return 1
    case 'i16':
    case 'char':
      return 2
    case 'i32':
    case 'f32':
    case 'enum':
    case 'enumById':
      return 4
    case 'i64':
    case 'f64':
    case 'millis':
      return 8
    case 'localDate':
      return 6
    case 'localTime':
      return 7
    case 'localDateTime':
      return 13
    case 'instant':
    case 'sqlTimestamp':
      return 12
    case 'fixedBytes':
      return layout.length
    case 'codec':
      return layout.codec.length ?? -1
    case 'tuple':
      return sum(layout.fields, inner)
    case 'object':
      return sum(childrenOf(layout), inner)
    case 'nullable':
      return layout.padding > 0 ? 1 + layout.padding : -1
    case 'ttl': {
      const value = inner(layout.value)
      return value < 0 ? -1 : 8 + value
    }
    default:
      return -1
  }
}

function sum(layouts: readonly Layout[], inner: (layout: Layout) => number): number {
  let total = 0
  for (const layout of layouts) {
    const length = inner(layout)
    if (length < 0) return -1
    total += length
  }
  return total
}

/** The subclass of a POJO by its name, undefined where neither the snapshot nor the user describes it. */
export function subclassOf(layout: Layout & { op: 'pojo' }, className: string | undefined): LayoutSubclass | undefined {
  if (className === undefined || className === layout.className) return undefined
  const listed = [...layout.registered, ...layout.subclasses].find((each) => each.className === className)
  if (listed) return listed
  const described = layout.described?.(className)
  return described && { className, layout: described }
}

/** The layouts directly inside this one. */
export function childrenOf(layout: Layout): readonly Layout[] {
  switch (layout.op) {
    case 'tuple':
    case 'row':
      return layout.fields
    case 'object':
      return layout.fields.map((field) => field.layout)
    case 'pojo':
      return [...layout.fields, ...layout.registered, ...layout.subclasses].map((member) => member.layout)
    case 'list':
    case 'maskedList':
    case 'blockList':
      return [layout.element]
    case 'union':
      return layout.branches
    case 'blockMap':
      return [layout.value]
    case 'map':
      return [layout.key, layout.value]
    case 'nullable':
    case 'sized':
      return [layout.inner]
    case 'ttl':
      return [layout.value]
    case 'tagged':
      return layout.cases.map((each) => each.layout)
    default:
      return []
  }
}

/** Whether this layout or one inside fits the test; a layout that contains itself is looked at once. */
export function someLayout(layout: Layout, test: (layout: Layout) => boolean, seen: Set<Layout> = new Set()): boolean {
  if (seen.has(layout)) return false
  seen.add(layout)
  return test(layout) || childrenOf(layout).some((child) => someLayout(child, test, seen))
}

/** Whether some value of this layout may hold bytes of unknown extent. */
export function hasUnknown(layout: Layout): boolean {
  return someLayout(layout, (each) => each.op === 'unknown' || (each.op === 'codec' && !each.codec.delimited))
}
