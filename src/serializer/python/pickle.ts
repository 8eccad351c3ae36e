import { Reader } from '../../bytes/reader.ts'
import { KobelError } from '../../error.ts'
import { OP } from './opcodes.ts'

/**
 * What a pickle says, without anything of it being called: a program for a small stack machine, of which only the parts
 * that make plain values do something. A class is its name; what it would be called with is kept beside it.
 */
export type PickleValue = null | boolean | number | bigint | string | Uint8Array | PickleNode

export type PickleNode = PickleItems | PickleDict | PickleClass | PickleObject

/** A list, tuple, set or frozenset. */
export interface PickleItems {
  readonly kind: 'list' | 'tuple' | 'set'
  items: PickleValue[]
}

export interface PickleDict {
  readonly kind: 'dict'
  readonly items: [PickleValue, PickleValue][]
}

export interface PickleClass {
  readonly kind: 'class'
  /** Module and qualified name. */
  readonly name: string
}

/** `REDUCE` or `NEWOBJ`: an object that a class or function would make of these arguments; then its `BUILD` state. */
export interface PickleObject {
  readonly kind: 'object'
  readonly of: string
  readonly called: 'new' | 'reduce'
  readonly args: readonly PickleValue[]
  state: PickleValue | undefined
  /** Of subclasses of list and dict: what was appended or set. */
  readonly items: (PickleValue | [PickleValue, PickleValue])[]
}

/** More values than the bytes could justify come only of taking the same one again and again. */
const MAX_STEPS_PER_BYTE = 4

/** Reads the pickle at the reader and leaves it behind its `STOP`. */
export function readPickle(reader: Reader): PickleValue {
  const at = reader.offset
  if (reader.remaining < 4 || reader.bytes[at] !== OP.PROTO) throw corrupt('a pickle begins with its protocol', at)
  return new Machine(reader).run()
}

function corrupt(message: string, offset: number): KobelError {
  return new KobelError('CORRUPT', `the Python pickle is damaged: ${message}`, { offset })
}

function unsupported(message: string, offset: number): KobelError {
  return new KobelError('UNKNOWN_SERIALIZER', `the Python pickle is more than a plain value: ${message}`, { offset })
}

class Machine {
  private readonly reader: Reader
  private stack: PickleValue[] = []
  /** The stacks below marks. */
  private readonly below: PickleValue[][] = []
  private readonly memo = new Map<number, PickleValue>()
  private steps: number

  constructor(reader: Reader) {
    this.reader = reader
    this.steps = reader.remaining * MAX_STEPS_PER_BYTE
  }

  run(): PickleValue {
    const { reader } = this
    for (;;) {
      const at = reader.offset
      const op = reader.u8()
      if (op === OP.STOP) {
        const value = this.pop()
        if (this.stack.length > 0 || this.below.length > 0) throw corrupt('values are left at its end', at)
        return value
      }
      if (!this.scalar(op) && !this.collection(op) && !this.memory(op) && !this.object(op)) {
        throw unsupported(`the opcode 0x${op.toString(16)}`, at)
      }
    }
  }

  private push(value: PickleValue): true {
    if (--this.steps < 0) throw new KobelError('LIMIT', 'a Python pickle makes more values than its size justifies')
    this.stack.push(value)
    return true
  }

  private pop(): PickleValue {
    const value = this.stack.pop()
    if (value === undefined) throw corrupt('the stack is empty', this.reader.offset)
    return value
  }

  private top(): PickleValue {
    const value = this.stack.at(-1)
    if (value === undefined) throw corrupt('the stack is empty', this.reader.offset)
    return value
  }

  /** What was pushed since the last mark. */
  private sinceMark(): PickleValue[] {
    const items = this.stack
    const below = this.below.pop()
    if (below === undefined) throw corrupt('there is no mark', this.reader.offset)
    this.stack = below
    this.steps -= items.length
    return items
  }

  private length(bytes: 1 | 4 | 8): number {
    const { reader } = this
    const length = bytes === 1 ? reader.u8() : bytes === 4 ? u32(reader) : Number(u64(reader))
    reader.need(Math.min(length, Number.MAX_SAFE_INTEGER))
    return length
  }

  private scalar(op: number): boolean {
    const { reader } = this
    switch (op) {
      case OP.NONE:
        return this.push(null)
      case OP.NEWTRUE:
      case OP.NEWFALSE:
        return this.push(op === OP.NEWTRUE)
      case OP.BININT:
        return this.push(u32(reader) | 0)
      case OP.BININT1:
        return this.push(reader.u8())
      case OP.BININT2: {
        const low = reader.u8()
        return this.push(low | (reader.u8() << 8))
      }
      case OP.LONG1:
      case OP.LONG4:
        return this.push(integer(reader.take(this.length(op === OP.LONG1 ? 1 : 4))))
      case OP.BINFLOAT:
        return this.push(reader.f64())
      case OP.INT:
      case OP.LONG:
      case OP.FLOAT:
        return this.push(numberOf(this.line(), op, reader.offset))
      default:
        return this.text(op)
    }
  }

  private text(op: number): boolean {
    const { reader } = this
    switch (op) {
      case OP.SHORT_BINUNICODE:
        return this.push(utf8(reader.take(this.length(1))))
      case OP.BINUNICODE:
        return this.push(utf8(reader.take(this.length(4))))
      case OP.BINUNICODE8:
        return this.push(utf8(reader.take(this.length(8))))
      case OP.SHORT_BINBYTES:
      case OP.SHORT_BINSTRING:
        return this.push(reader.take(this.length(1)).slice())
      case OP.BINBYTES:
      case OP.BINSTRING:
        return this.push(reader.take(this.length(4)).slice())
      case OP.BINBYTES8:
      case OP.BYTEARRAY8:
        return this.push(reader.take(this.length(8)).slice())
      default:
        return false
    }
  }

  private collection(op: number): boolean {
    switch (op) {
      case OP.MARK:
        this.below.push(this.stack)
        this.stack = []
        return true
      case OP.EMPTY_LIST:
        return this.push({ kind: 'list', items: [] })
      case OP.EMPTY_TUPLE:
        return this.push({ kind: 'tuple', items: [] })
      case OP.EMPTY_SET:
        return this.push({ kind: 'set', items: [] })
      case OP.EMPTY_DICT:
        return this.push({ kind: 'dict', items: [] })
      case OP.LIST:
        return this.push({ kind: 'list', items: this.sinceMark() })
      case OP.TUPLE:
        return this.push({ kind: 'tuple', items: this.sinceMark() })
      case OP.FROZENSET:
        return this.push({ kind: 'set', items: this.sinceMark() })
      case OP.DICT:
        return this.push({ kind: 'dict', items: this.pairs(this.sinceMark()) })
      case OP.TUPLE1:
      case OP.TUPLE2:
      case OP.TUPLE3: {
        const items = Array.from({ length: op - OP.TUPLE1 + 1 }, () => this.pop())
        return this.push({ kind: 'tuple', items: items.reverse() })
      }
      default:
        return this.filling(op)
    }
  }

  /** Items that go into the collection below them. */
  private filling(op: number): boolean {
    switch (op) {
      case OP.APPEND:
        return this.add([this.pop()])
      case OP.APPENDS:
      case OP.ADDITEMS:
        return this.add(this.sinceMark())
      case OP.SETITEM: {
        const value = this.pop()
        return this.set([this.pop(), value])
      }
      case OP.SETITEMS:
        return this.set(this.sinceMark())
      default:
        return false
    }
  }

  private add(items: readonly PickleValue[]): true {
    const target = this.top()
    if (!isNode(target) || (target.kind !== 'list' && target.kind !== 'set' && target.kind !== 'object')) {
      throw corrupt('items are added to what is no list or set', this.reader.offset)
    }
    for (const item of items) target.items.push(item)
    return true
  }

  private set(items: readonly PickleValue[]): true {
    const target = this.top()
    if (!isNode(target) || (target.kind !== 'dict' && target.kind !== 'object')) {
      throw corrupt('items are set in what is no dict', this.reader.offset)
    }
    for (const pair of this.pairs(items)) target.items.push(pair)
    return true
  }

  private pairs(items: readonly PickleValue[]): [PickleValue, PickleValue][] {
    if (items.length % 2 === 1) throw corrupt('a key has no value', this.reader.offset)
    return Array.from({ length: items.length / 2 }, (_, i) => [items[2 * i]!, items[2 * i + 1]!])
  }

  private memory(op: number): boolean {
    const { reader } = this
    switch (op) {
      case OP.PROTO: {
        const protocol = reader.u8()
        if (protocol <= 5) return true
        throw unsupported(`the protocol ${protocol}`, reader.offset)
      }
      case OP.FRAME:
        reader.skip(8)
        return true
      case OP.POP:
        if (this.stack.length > 0) this.pop()
        else this.sinceMark()
        return true
      case OP.POP_MARK:
        this.sinceMark()
        return true
      case OP.DUP:
        return this.push(this.top())
      case OP.MEMOIZE:
        return this.put(this.memo.size)
      case OP.BINPUT:
        return this.put(reader.u8())
      case OP.LONG_BINPUT:
        return this.put(u32(reader))
      case OP.PUT:
        return this.put(Number(this.line()))
      case OP.BINGET:
        return this.get(reader.u8())
      case OP.LONG_BINGET:
        return this.get(u32(reader))
      case OP.GET:
        return this.get(Number(this.line()))
      default:
        return false
    }
  }

  private put(index: number): true {
    this.memo.set(index, this.top())
    return true
  }

  private get(index: number): true {
    const value = this.memo.get(index)
    if (value === undefined) throw corrupt(`nothing was remembered as ${index}`, this.reader.offset)
    return this.push(value)
  }

  private object(op: number): boolean {
    switch (op) {
      case OP.GLOBAL: {
        const module = this.line()
        return this.push({ kind: 'class', name: `${module}.${this.line()}` })
      }
      case OP.STACK_GLOBAL: {
        const name = this.pop()
        const module = this.pop()
        if (typeof name !== 'string' || typeof module !== 'string')
          throw corrupt('a class has no name', this.reader.offset)
        return this.push({ kind: 'class', name: `${module}.${name}` })
      }
      case OP.REDUCE:
      case OP.NEWOBJ:
        return this.call(op === OP.NEWOBJ ? 'new' : 'reduce', this.pop())
      case OP.NEWOBJ_EX: {
        const named = this.pop()
        if (!isNode(named) || named.kind !== 'dict') throw corrupt('arguments are no dict', this.reader.offset)
        if (named.items.length > 0) throw unsupported('named arguments', this.reader.offset)
        return this.call('new', this.pop())
      }
      case OP.BUILD: {
        const state = this.pop()
        const target = this.top()
        if (!isNode(target) || target.kind !== 'object')
          throw corrupt('what is no object has a state', this.reader.offset)
        target.state = state
        return true
      }
      default:
        return false
    }
  }

  private call(called: 'new' | 'reduce', args: PickleValue): true {
    const callee = this.pop()
    if (!isNode(args) || args.kind !== 'tuple') throw corrupt('arguments are no tuple', this.reader.offset)
    if (!isNode(callee) || callee.kind !== 'class') throw unsupported('a call of what is no class', this.reader.offset)
    return this.push({ kind: 'object', of: callee.name, called, args: args.items, state: undefined, items: [] })
  }

  /** Text up to the end of the line. */
  private line(): string {
    const { reader } = this
    const end = reader.bytes.indexOf(0x0a, reader.offset)
    if (end < 0 || end >= reader.limit) throw corrupt('a line does not end', reader.offset)
    const text = utf8(reader.take(end - reader.offset))
    reader.skip(1)
    return text
  }
}

export function isNode(value: PickleValue): value is PickleNode {
  return typeof value === 'object' && value !== null && !(value instanceof Uint8Array)
}

function utf8(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
}

/** Little-endian, as all numbers of a pickle but floats. */
function u32(reader: Reader): number {
  const bytes = reader.take(4)
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true)
}

function u64(reader: Reader): bigint {
  const bytes = reader.take(8)
  return new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true)
}

/** A whole number beyond this is more than anyone counts, and reading it would take long. */
const MAX_INTEGER_BYTES = 4096

/** Two's complement, little-endian. */
function integer(bytes: Uint8Array): number | bigint {
  if (bytes.length > MAX_INTEGER_BYTES) {
    throw new KobelError('LIMIT', `a whole number of ${bytes.length} bytes is over the limit of ${MAX_INTEGER_BYTES}`)
  }
  if (bytes.length === 0) return 0
  let text = '0x'
  for (let i = bytes.length - 1; i >= 0; i--) text += bytes[i]!.toString(16).padStart(2, '0')
  return plainInteger(BigInt.asIntN(8 * bytes.length, BigInt(text)))
}

function plainInteger(value: bigint): number | bigint {
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value
}

function numberOf(text: string, op: number, offset: number): PickleValue {
  if (op === OP.INT && (text === '00' || text === '01')) return text === '01'
  if (op === OP.FLOAT) {
    const value = text === 'inf' ? Infinity : text === '-inf' ? -Infinity : Number(text)
    if (Number.isNaN(value) && text !== 'nan') throw corrupt(`the number ${JSON.stringify(text.slice(0, 40))}`, offset)
    return value
  }
  const digits = text.replace(/L$/, '')
  if (!/^-?\d{1,10000}$/.test(digits)) throw corrupt(`the number ${JSON.stringify(text.slice(0, 40))}`, offset)
  return plainInteger(BigInt(digits))
}

/** Whether bytes can be one pickle: its first and last byte. */
export function looksLikePickle(bytes: Uint8Array): boolean {
  const protocol = bytes[1] ?? 0
  return bytes.length >= 4 && bytes[0] === OP.PROTO && protocol >= 2 && protocol <= 5 && bytes.at(-1) === OP.STOP
}

/** A pickle that fills all of the bytes. */
export function readWholePickle(bytes: Uint8Array): PickleValue {
  const reader = new Reader(bytes)
  const value = readPickle(reader)
  if (reader.remaining > 0) throw corrupt('bytes follow its end', reader.offset)
  return value
}
