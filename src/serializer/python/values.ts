import { KobelError } from '../../error.ts'
import { CLASS, emptyObject, type Value } from '../value.ts'
import { isNode, type PickleNode, type PickleObject, type PickleValue } from './pickle.ts'

/**
 * Python values as plain ones: None, bool, int, float, str and bytes as they are; list, tuple, set and deque as arrays;
 * dict as an object where all keys are texts, else as an array of pairs; dates and times as ISO text, Decimal and UUID as
 * text; a Row of PyFlink as `{ kind, fields }`. Any other object is its class with the members of its state, or with the
 * arguments that it would be made of: that is all a pickle says, and none of it is called.
 */
export function pythonToValue(value: PickleValue): Value {
  return new Conversion().value(value, 0)
}

/** What is shared is shown each time, up to this many values. */
const MAX_VALUES = 1 << 18
const MAX_DEPTH = 200

class Conversion {
  private left = MAX_VALUES
  private readonly path = new Set<PickleNode>()

  value(value: PickleValue, depth: number): Value {
    if (--this.left < 0) throw new KobelError('LIMIT', `a Python pickle holds more than ${MAX_VALUES} values`)
    if (depth > MAX_DEPTH) throw new KobelError('LIMIT', `a Python pickle is nested more than ${MAX_DEPTH} deep`)
    if (!isNode(value)) return value
    if (this.path.has(value)) throw new KobelError('LIMIT', 'a Python object holds itself')
    this.path.add(value)
    const converted = this.node(value, depth + 1)
    this.path.delete(value)
    return converted
  }

  private values(items: readonly PickleValue[], depth: number): Value[] {
    return items.map((item) => this.value(item, depth))
  }

  private node(node: PickleNode, depth: number): Value {
    switch (node.kind) {
      case 'dict':
        return this.dict(node.items, depth)
      case 'class':
        return node.name
      case 'object':
        return this.object(node, depth)
      default:
        return this.values(node.items, depth)
    }
  }

  private dict(items: readonly (readonly [PickleValue, PickleValue])[], depth: number): Value {
    const pairs = items.map(([key, value]) => [this.value(key, depth), this.value(value, depth)] as const)
    const names = new Set(pairs.map(([key]) => key))
    if (names.size < pairs.length || !pairs.every(([key]) => typeof key === 'string')) {
      return pairs.map(([key, value]) => [key, value])
    }
    const object = emptyObject()
    for (const [key, value] of pairs) object[key as string] = value
    return object
  }

  private object(object: PickleObject, depth: number): Value {
    const known = KNOWN.get(object.of)
    const args = this.values(object.args, depth)
    const simple = object.state === undefined && object.items.length === 0
    if (known && simple) {
      const value = known(args)
      if (value !== undefined) return value
    }
    if (COLLECTIONS.has(object.of)) return this.collection(object, args, depth)
    const state = object.state === undefined ? undefined : this.value(object.state, depth)
    if (object.of === 'uuid.UUID' && isObject(state)) {
      const uuid = uuidText(state.int)
      if (uuid !== undefined) return uuid
    }
    return this.other(object, args, state, depth)
  }

  /** Subclasses of dict, list and set: what they are made of, then what was put into them. */
  private collection(object: PickleObject, args: readonly Value[], depth: number): Value {
    const pairs = object.items.filter((item): item is [PickleValue, PickleValue] => Array.isArray(item))
    if (DICTS.has(object.of)) {
      const start = object.args.find((arg) => isNode(arg) && arg.kind === 'dict')
      return this.dict(
        start !== undefined && isNode(start) && start.kind === 'dict' ? [...start.items, ...pairs] : pairs,
        depth,
      )
    }
    const [first] = args
    const items = Array.isArray(first) ? (first as readonly Value[]) : []
    return [...items, ...object.items.map((item) => this.value(item as PickleValue, depth))]
  }

  private other(object: PickleObject, args: readonly Value[], state: Value | undefined, depth: number): Value {
    const members = emptyObject()
    members[CLASS] = object.of
    if (args.length > 0) members.args = args
    if (isObject(state)) for (const [name, value] of Object.entries(state)) members[name] = value
    else if (state !== undefined) members.state = state
    if (object.items.length > 0) {
      members.items = object.items.map((item) =>
        Array.isArray(item)
          ? [this.value(item[0]!, depth), this.value(item[1]!, depth)]
          : this.value(item as PickleValue, depth),
      )
    }
    return members
  }
}

const DICTS: ReadonlySet<string> = new Set([
  'collections.OrderedDict',
  'collections.defaultdict',
  'collections.Counter',
])
const COLLECTIONS: ReadonlySet<string> = new Set([
  ...DICTS,
  ...['builtins', '__builtin__'].flatMap((module) => [`${module}.set`, `${module}.frozenset`, `${module}.list`]),
  'collections.deque',
])

function isObject(value: Value | undefined): value is { readonly [name: string]: Value } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
}

type Known = (args: readonly Value[]) => Value | undefined

/** What is told by its arguments alone; `undefined` where they are not as Python's own. */
const KNOWN: ReadonlyMap<string, Known> = new Map<string, Known>([
  ['datetime.date', ([bytes]) => dateText(bytes)],
  ['datetime.time', ([bytes, zone]) => timeText(bytes, 0, zone)],
  ['datetime.datetime', ([bytes, zone]) => dateTimeText(bytes, zone)],
  ['datetime.timedelta', durationText],
  ['datetime.timezone', ([offset]) => (typeof offset === 'string' ? zoneText(offset) : undefined)],
  ['decimal.Decimal', ([text]) => (typeof text === 'string' ? text : undefined)],
  ['_codecs.encode', ([text, coding]) => (typeof text === 'string' && coding === 'latin1' ? latin1(text) : undefined)],
  ...['builtins', '__builtin__'].flatMap((module): [string, Known][] => [
    [`${module}.bytearray`, ([bytes]) => (bytes === undefined ? new Uint8Array(0) : bytesOf(bytes))],
    [`${module}.bytes`, ([bytes]) => (bytes === undefined ? new Uint8Array(0) : bytesOf(bytes))],
  ]),
  ['pyflink.common.types.RowKind', ([kind]) => ROW_KINDS[Number(kind)]],
  ['pyflink.common.types._create_row', rowOf],
  [
    'pyflink.datastream.window.TimeWindow',
    ([start, end]) => (start === undefined || end === undefined ? undefined : { start, end }),
  ],
])

const ROW_KINDS = ['+I', '-U', '+U', '-D']

/** Names of the fields or None, their values, the kind. */
function rowOf([names, values, kind]: readonly Value[]): Value | undefined {
  if (!Array.isArray(values)) return undefined
  const rowKind = typeof kind === 'string' ? kind : '+I'
  if (!Array.isArray(names) || names.length !== values.length)
    return { kind: rowKind, fields: values as readonly Value[] }
  const fields = emptyObject()
  ;(names as readonly Value[]).forEach((name, i) => {
    fields[String(name)] = (values as readonly Value[])[i]!
  })
  return { kind: rowKind, fields }
}

function bytesOf(value: Value): Uint8Array | undefined {
  return value instanceof Uint8Array ? value : undefined
}

function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0))
}

const pad = (value: number, digits = 2): string => String(value).padStart(digits, '0')

/** u16 year, u8 month, u8 day; the high bit of the month is the fold of a datetime. */
function dateText(value: Value | undefined): string | undefined {
  if (!(value instanceof Uint8Array) || value.length < 4) return undefined
  return `${pad(value[0]! * 256 + value[1]!, 4)}-${pad(value[2]! & 0x7f)}-${pad(value[3]!)}`
}

/** u8 hour, minute, second, u24 microseconds; as `isoformat()`. */
function timeText(value: Value | undefined, from: number, zone: Value | undefined): string | undefined {
  if (!(value instanceof Uint8Array) || value.length !== from + 6) return undefined
  const [hour, minute, second, a, b, c] = value.subarray(from)
  const micros = a! * 65536 + b! * 256 + c!
  const text = `${pad(hour! & 0x7f)}:${pad(minute!)}:${pad(second!)}${micros === 0 ? '' : `.${pad(micros, 6)}`}`
  return zone === undefined ? text : typeof zone === 'string' ? text + zone : undefined
}

function dateTimeText(value: Value | undefined, zone: Value | undefined): string | undefined {
  const date = dateText(value)
  const time = timeText(value, 4, zone)
  return date === undefined || time === undefined ? undefined : `${date}T${time}`
}

/** Days, seconds, microseconds: an ISO duration of seconds. */
function durationText([days, seconds, micros]: readonly Value[]): string | undefined {
  if (typeof days !== 'number' || typeof seconds !== 'number' || typeof micros !== 'number') return undefined
  const total = BigInt(days) * 86_400_000_000n + BigInt(seconds) * 1_000_000n + BigInt(micros)
  const size = total < 0n ? -total : total
  const fraction = pad(Number(size % 1_000_000n), 6).replace(/0+$/, '')
  return `${total < 0n ? '-' : ''}PT${size / 1_000_000n}${fraction === '' ? '' : `.${fraction}`}S`
}

/** The offset of a zone, which is a duration, as `isoformat()` prints it. */
function zoneText(duration: string): string | undefined {
  const match = /^(-?)PT(\d+)S$/.exec(duration)
  if (!match) return undefined
  const seconds = Number(match[2])
  const rest = seconds % 60 === 0 ? '' : `:${pad(seconds % 60)}`
  return `${match[1] === '-' ? '-' : '+'}${pad(Math.floor(seconds / 3600))}:${pad(Math.floor(seconds / 60) % 60)}${rest}`
}

function uuidText(value: Value | undefined): string | undefined {
  if (typeof value !== 'bigint' && typeof value !== 'number') return undefined
  const hex = BigInt(value).toString(16).padStart(32, '0')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
