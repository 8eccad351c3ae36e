import { equalBytes } from '../bytes/encoding.ts'
import { Reader } from '../bytes/reader.ts'
import { Writer } from '../bytes/writer.ts'
import { KobelError } from '../error.ts'
import { CanonicalBuilder } from '../format/canonical.ts'
import { type KeyParts, keyGroupPrefixBytes, splitCompositeKey } from '../format/composite-key.ts'
import { writeKeyedHead } from '../format/keyed-head.ts'
import type { KeyedStateInfo } from '../format/keyed-state.ts'
import { valueToJson } from '../serializer/interpreter/json.ts'
import { LIST_DELIMITER, readPart } from '../snapshot/decode.ts'
import { keyGroupRangeOf } from '../snapshot/key-groups.ts'
import type { Spill } from '../store/writable.ts'
import type { KeyedEncoders } from './column-rows.ts'
import { encodeKey } from './encode-key.ts'
import type { WrittenKeyGroups } from './handle.ts'
import { keyedDeclarationOf, type ResolvedKeyed, type ResolvedOperator, type StateRule } from './resolve.ts'
import { encodeCompositeKey, encodeOrder, encodeStateValue, type WriteRow } from './rows.ts'
import { type SortedRecord, SortedRuns } from './sorted-runs.ts'
import { SnappyOutput, type StreamOutput } from './stream-output.ts'

/** Bytes of a key group that are gathered before they are moved on. */
const GATHERED_BYTES = 1 << 16
/** Before values whose rows have an order. */
const ORDER_BYTES = 8

/** The keyed state of one subtask: rows in any order become a stream of key groups. */
export class KeyedPartition {
  readonly resolved: ResolvedOperator
  readonly declared: ResolvedKeyed
  readonly runs: SortedRuns
  private readonly range: { readonly keyGroupFirst: number; readonly keyGroupLast: number }
  private readonly prefixBytes: 1 | 2
  private readonly rekeyed: Writer = new Writer(64)

  constructor(resolved: ResolvedOperator, subtask: number, spill: Spill, memoryBytes: number) {
    const { maxParallelism, parallelism } = resolved.operator
    const declared = resolved.keyed.get(subtask)
    if (!declared) {
      throw new KobelError('USAGE', `the plan declares no keyed state for subtask ${subtask}`, {
        operator: resolved.operator.id,
      })
    }
    this.resolved = resolved
    this.declared = declared
    const ordered = declared.rules.map(isOrdered)
    this.runs = new SortedRuns(spill, memoryBytes, (tag) => ordered[tag & 0xffff]!)
    this.range = keyGroupRangeOf(maxParallelism, parallelism, subtask)
    this.prefixBytes = keyGroupPrefixBytes(maxParallelism)
  }

  /**
   * Gives the kind of the row's state.
   *
   * @param key holds the bytes of the row's key, as the first subtask declares it.
   * @param sequence orders rows of LIST states that have no order of their own.
   */
  add(row: WriteRow, key: Writer, keyGroup: number, sequence: number): string {
    const id = this.stateIdOf(row)
    const state = this.declared.states[id]!
    if (row.kind !== undefined && row.kind !== state.kind) {
      throw new KobelError('USAGE', `the plan declares the state as ${state.kind}, the row says ${row.kind}`)
    }
    this.checkKeyGroup(keyGroup)
    const { runs } = this
    const { writer } = runs
    const start = runs.begin()
    try {
      if (this.prefixBytes === 2) writer.i16(keyGroup)
      else writer.u8(keyGroup)
      encodeCompositeKey(state, row, this.ownKey(state, row, key), writer)
      runs.endKey(start)
      const valueStart = writer.offset
      const rule = this.declared.rules[id]!
      if (rule.order !== undefined) encodeOrder(rule.order, row, writer)
      else if (rule.duplicates === 'join') writer.i64Number(sequence)
      encodeStateValue(state, row, this.resolved.now, writer)
      runs.end(start, valueStart, ((keyGroup << 16) | id) >>> 0)
    } catch (error) {
      runs.undo(start)
      throw error
    }
    return state.kind
  }

  /** Adds a row of columns; as `add`. */
  addColumns(encoders: KeyedEncoders, row: number, key: Writer, keyGroup: number, sequence: number): void {
    this.checkKeyGroup(keyGroup)
    const { runs } = this
    const { writer } = runs
    const start = runs.begin()
    try {
      if (this.prefixBytes === 2) writer.i16(keyGroup)
      else writer.u8(keyGroup)
      encoders.key(row, key, writer)
      runs.endKey(start)
      const valueStart = writer.offset
      if (encoders.order) encoders.order(row, writer)
      else if (encoders.rule.duplicates === 'join') writer.i64Number(sequence)
      encoders.value(row, writer)
      runs.end(start, valueStart, ((keyGroup << 16) | encoders.id) >>> 0)
    } catch (error) {
      runs.undo(start)
      throw error
    }
  }

  stateIdOf({ state }: Pick<WriteRow, 'state'>): number {
    const id = this.declared.ids.get(String(state))
    if (id !== undefined) return id
    throw new KobelError('NOT_FOUND', `the plan declares no keyed state ${JSON.stringify(state)} here`)
  }

  checkKeyGroup(keyGroup: number): void {
    const { keyGroupFirst, keyGroupLast } = this.range
    if (keyGroup >= keyGroupFirst && keyGroup <= keyGroupLast) return
    throw new KobelError(
      'USAGE',
      `a row of key group ${keyGroup} is not of this partition, which has ${keyGroupFirst} to ${keyGroupLast}`,
    )
  }

  /** The bytes of the key as this subtask declares it, where subtasks differ. */
  private ownKey(state: KeyedStateInfo, row: WriteRow, key: Writer): Writer {
    const { layout } = keyedDeclarationOf(this.resolved, 0).head.keySerializer
    if (state.key === layout) return key
    this.rekeyed.offset = 0
    encodeKey(state.key, row, this.rekeyed)
    return this.rekeyed
  }

  /** Writes the stream: head, then each key group that has entries. */
  async write(output: StreamOutput): Promise<WrittenKeyGroups> {
    const { keyGroupFirst, keyGroupLast } = this.range
    const { head, rules } = this.declared
    const headWriter = new Writer(4096)
    writeKeyedHead(headWriter, head)
    output.write(headWriter.toBytes())
    const body = new KeyGroupBody(output, head.compressed, keyGroupFirst, keyGroupLast)
    const last = new LastKey()
    const joined = new JoinedEntry(body)
    await this.runs.drain(
      (record) => {
        const rule = rules[record.tag & 0xffff]!
        const isSame = last.equals(record)
        if (!isOrdered(rule)) {
          if (isSame) throw this.duplicate(record, 'two rows give a')
          joined.end()
          body.add(record.tag, record.bytes, record.start, record.end)
        } else if (!isSame) joined.begin(record)
        else if (rule.duplicates === 'join') joined.append(record)
        else if (!joined.replace(record)) throw this.duplicate(record, `two rows of one ${rule.order} give a`)
        if (!isSame) last.set(record)
      },
      () => output.flush(),
    )
    joined.end()
    body.endKeyGroup()
    return { keyGroupFirst, keyGroupLast, offsets: body.offsets }
  }

  private duplicate(record: SortedRecord, message: string): KobelError {
    const state = this.declared.states[record.tag & 0xffff]!
    const keyGroup = record.tag >>> 16
    const reader = new Reader(record.bytes, record.keyStart, record.keyEnd)
    reader.skip(this.prefixBytes)
    if (state.kind === 'timer') reader.skip(8)
    const parts: KeyParts = { keyStart: 0, keyEnd: 0, namespaceStart: 0, namespaceEnd: 0, mapKeyStart: 0 }
    splitCompositeKey(state, reader, parts)
    const part = state.splits ? readPart(state.key, reader, parts.keyStart, parts.keyEnd) : undefined
    const key = part === undefined ? '' : ` ${valueToJson(state.key, part).slice(0, 200)}`
    const what = state.kind === 'timer' ? 'timer' : state.kind === 'map' ? 'map entry' : 'value'
    return new KobelError('CONFLICT', `${message} ${what} for the same key${key}`, {
      operator: this.resolved.operator.uid ?? this.resolved.operator.id,
      state: state.name,
      keyGroup,
    })
  }
}

/** Whether values have their rows' order before them. */
function isOrdered({ duplicates }: StateRule): boolean {
  return duplicates !== 'error'
}

/** The bytes of key groups, each a Snappy stream where the state is compressed. */
class KeyGroupBody {
  /** Of each key group; 0 where it is empty. */
  readonly offsets: number[]
  private readonly output: StreamOutput
  private readonly compressed: boolean
  private readonly keyGroupFirst: number
  private readonly builder = new CanonicalBuilder()
  private snappy: SnappyOutput | undefined
  private keyGroup = -1

  constructor(output: StreamOutput, compressed: boolean, keyGroupFirst: number, keyGroupLast: number) {
    this.output = output
    this.compressed = compressed
    this.keyGroupFirst = keyGroupFirst
    this.offsets = new Array<number>(keyGroupLast - keyGroupFirst + 1).fill(0)
  }

  /** Adds an entry as it stands in the file. */
  add(tag: number, bytes: Uint8Array, start: number, end: number): void {
    if (tag >>> 16 !== this.keyGroup) {
      this.endKeyGroup()
      this.keyGroup = tag >>> 16
      this.offsets[this.keyGroup - this.keyGroupFirst] = this.output.length
    }
    this.builder.addEntry(tag & 0xffff, bytes, start, end)
    if (this.builder.length >= GATHERED_BYTES) this.write(this.builder.take())
  }

  /** Ends the key group, if there is one. */
  endKeyGroup(): void {
    if (this.keyGroup < 0) return
    this.write(this.builder.finish())
    this.snappy?.endChunk()
    this.snappy = undefined
    this.keyGroup = -1
  }

  private write(bytes: Uint8Array): void {
    if (!this.compressed) return this.output.write(bytes)
    this.snappy ??= new SnappyOutput(this.output)
    this.snappy.write(bytes)
  }
}

/** An entry that several rows give: joined elements, or the value of the last. It is written once its rows are over. */
class JoinedEntry {
  private readonly body: KeyGroupBody
  private readonly entry: Writer = new Writer(1 << 10)
  private readonly order: Uint8Array = new Uint8Array(ORDER_BYTES)
  private valueStart = 0
  private tag = -1

  constructor(body: KeyGroupBody) {
    this.body = body
  }

  begin(record: SortedRecord): void {
    this.end()
    const { bytes, start, keyEnd } = record
    this.tag = record.tag
    this.entry.offset = 0
    this.entry.raw(bytes.subarray(start, keyEnd))
    this.entry.i32(0)
    this.valueStart = this.entry.offset
    this.take(record)
  }

  /** Adds the elements of a list behind those before. */
  append({ bytes, valueStart, end }: SortedRecord): void {
    const isEmpty = valueStart + ORDER_BYTES === end
    if (isEmpty) return
    if (this.entry.offset > this.valueStart) this.entry.u8(LIST_DELIMITER)
    this.entry.raw(bytes.subarray(valueStart + ORDER_BYTES, end))
  }

  /** Takes a later value. False where it is of the same order, and another value: then none is the last. */
  replace(record: SortedRecord): boolean {
    const { bytes, valueStart, end } = record
    const old = this.entry.bytes.subarray(this.valueStart, this.entry.offset)
    const isSameOrder = equalBytes(this.order, bytes.subarray(valueStart, valueStart + ORDER_BYTES))
    if (isSameOrder) return equalBytes(old, bytes.subarray(valueStart + ORDER_BYTES, end))
    this.take(record)
    return true
  }

  private take({ bytes, valueStart, end }: SortedRecord): void {
    this.order.set(bytes.subarray(valueStart, valueStart + ORDER_BYTES))
    this.entry.offset = this.valueStart
    this.entry.raw(bytes.subarray(valueStart + ORDER_BYTES, end))
  }

  end(): void {
    if (this.tag < 0) return
    const { entry, valueStart } = this
    entry.view.setInt32(valueStart - 4, entry.offset - valueStart)
    this.body.add(this.tag, entry.bytes, 0, entry.offset)
    this.tag = -1
  }
}

/** The key of the record before; copied where its buffer is used again. */
class LastKey {
  private copy: Uint8Array = new Uint8Array(256)
  private bytes: Uint8Array = this.copy
  private start = 0
  private length = -1
  private tag = -1

  equals({ bytes, keyStart, keyEnd, tag }: SortedRecord): boolean {
    if (tag !== this.tag || keyEnd - keyStart !== this.length) return false
    const { bytes: last, start } = this
    for (let i = this.length - 1; i >= 0; i--) if (last[start + i] !== bytes[keyStart + i]) return false
    return true
  }

  set({ bytes, keyStart, keyEnd, tag, stays }: SortedRecord): void {
    this.tag = tag
    this.length = keyEnd - keyStart
    this.bytes = bytes
    this.start = keyStart
    if (stays) return
    if (this.length > this.copy.length) this.copy = new Uint8Array(this.length * 2)
    this.bytes = this.copy
    this.start = 0
    for (let i = 0; i < this.length; i++) this.copy[i] = bytes[keyStart + i]!
  }
}
