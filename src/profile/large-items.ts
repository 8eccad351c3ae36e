import { Reader } from '../bytes/reader.ts'
import { KobelError } from '../error.ts'
import type { EntryBatch } from '../format/batch.ts'
import type { KeyedStateInfo } from '../format/keyed-state.ts'
import { valueToJson } from '../serializer/interpreter/json.ts'
import type { Layout } from '../serializer/layout.ts'
import { readPart } from '../snapshot/decode.ts'
import { UNKNOWN_LAYOUT } from '../snapshot/operator-state.ts'
import { Largest } from './largest.ts'
import type { LargeItem } from './profile.ts'

/** The keys of a state that take most, and the largest entries of its maps. Texts are made of the largest only. */
export class LargeItems {
  private readonly keys: Largest<LargeItem>
  private readonly entries: Largest<LargeItem>
  /** Key and namespace of the map whose entries are being added up, one behind the other. */
  private run: Uint8Array = new Uint8Array(64)
  private runKey = 0
  private runEnd = -1
  private runInfo: KeyedStateInfo | undefined
  private runKeyGroup = 0
  private runEntries = 0
  private runBytes = 0

  constructor(most: number) {
    this.keys = new Largest(most)
    this.entries = new Largest(most)
  }

  /** An entry of a state that has one for each key. */
  add(batch: EntryBatch, i: number, bytes: number): void {
    if (!this.keys.takes(bytes)) return
    const info = batch.states[batch.stateIds[i]!]!
    const key = batch.buffer.subarray(batch.keys[2 * i]!, batch.keys[2 * i + 1]!)
    const namespace = batch.buffer.subarray(batch.namespaces[2 * i]!, batch.namespaces[2 * i + 1]!)
    this.keys.add(bytes, { ...itemOf(info, batch.keyGroup, key, namespace), entries: 1, bytes })
  }

  /** An entry of a MAP: those of one map follow one another in all formats. */
  addOfMap(batch: EntryBatch, i: number, bytes: number): void {
    const [keyStart, keyEnd] = [batch.keys[2 * i]!, batch.keys[2 * i + 1]!]
    const [start, end] = [batch.namespaces[2 * i]!, batch.namespaces[2 * i + 1]!]
    const { buffer } = batch
    const isSame =
      this.runKey === keyEnd - keyStart &&
      this.runEnd === this.runKey + end - start &&
      equalAt(buffer, keyStart, this.run, 0, this.runKey) &&
      equalAt(buffer, start, this.run, this.runKey, end - start)
    if (!isSame) {
      this.endRun()
      this.runKey = keyEnd - keyStart
      this.runEnd = this.runKey + end - start
      if (this.run.length < this.runEnd) this.run = new Uint8Array(this.runEnd * 2)
      this.run.set(buffer.subarray(keyStart, keyEnd))
      this.run.set(buffer.subarray(start, end), this.runKey)
      this.runInfo = batch.states[batch.stateIds[i]!]!
      this.runKeyGroup = batch.keyGroup
    }
    this.runEntries++
    this.runBytes += bytes
    if (!this.entries.takes(bytes)) return
    const info = this.runInfo!
    const mapKey = buffer.subarray(batch.mapKeys[2 * i]!, batch.mapKeys[2 * i + 1]!)
    const item = itemOf(info, batch.keyGroup, buffer.subarray(keyStart, keyEnd), buffer.subarray(start, end))
    const text = info.splits ? { mapKey: textOf(info.mapKey ?? UNKNOWN_LAYOUT, mapKey) } : {}
    this.entries.add(bytes, { ...item, ...text, entries: 1, bytes })
  }

  private endRun(): void {
    if (this.runEntries > 0 && this.keys.takes(this.runBytes)) {
      const key = this.run.subarray(0, this.runKey)
      const item = itemOf(this.runInfo!, this.runKeyGroup, key, this.run.subarray(this.runKey, this.runEnd))
      this.keys.add(this.runBytes, { ...item, entries: this.runEntries, bytes: this.runBytes })
    }
    this.runEntries = 0
    this.runBytes = 0
  }

  largestKeys(): LargeItem[] {
    this.endRun()
    return this.keys.list().map(({ item }) => item)
  }

  largestEntries(): LargeItem[] {
    return this.entries.list().map(({ item }) => item)
  }
}

function itemOf(
  info: KeyedStateInfo,
  keyGroup: number,
  key: Uint8Array,
  namespace: Uint8Array,
): Omit<LargeItem, 'entries' | 'bytes'> {
  if (!info.splits) return { keyGroup, key: textOf(UNKNOWN_LAYOUT, key) }
  const hasNamespace = info.namespace.op !== 'constant'
  return {
    keyGroup,
    key: textOf(info.key, key),
    ...(hasNamespace && { namespace: textOf(info.namespace, namespace) }),
  }
}

const MOST_CHARACTERS = 200

/** The JSON of a part; what cannot be read is said where the state is read, here it only has no text. */
function textOf(layout: Layout, bytes: Uint8Array): string {
  try {
    const json = valueToJson(layout, readPart(layout, new Reader(bytes), 0, bytes.length))
    return json.length > MOST_CHARACTERS ? `${json.slice(0, MOST_CHARACTERS)}…` : json
  } catch (error) {
    if (error instanceof KobelError) return '(not readable)'
    throw error
  }
}

function equalAt(a: Uint8Array, aStart: number, b: Uint8Array, bStart: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (a[aStart + i] !== b[bStart + i]) return false
  return true
}
