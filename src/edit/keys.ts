import { Reader } from '../bytes/reader.ts'
import { KobelError, locate } from '../error.ts'
import type { EntryBatch, TimerBatch } from '../format/batch.ts'
import type { KeyedStateInfo } from '../format/keyed-state.ts'
import { hashValue, isHashable } from '../serializer/interpreter/hash.ts'
import { jsonToValue, valueToJson } from '../serializer/interpreter/json.ts'
import { bytesOfValue } from '../serializer/interpreter/write.ts'
import type { Layout } from '../serializer/layout.ts'
import { readPart } from '../snapshot/decode.ts'
import { keyGroupOfHash } from '../snapshot/key-groups.ts'
import type { KeyedBatch } from '../snapshot/keyed-source.ts'
import { joinParts, latin1 } from './key-text.ts'
import type { EntryKey, StateEdit } from './model.ts'
import { encodeRow } from './upsert.ts'

/** Finds the entries that an edit names by their key. Key, namespace and user key are compared as bytes. */
export class KeyMatcher {
  private readonly state: KeyedStateInfo
  /** Whole composite keys to new values; null: removed. */
  private readonly entries = new Map<string, Uint8Array | null>()
  /** Keys, or keys and namespaces, of which all entries are removed. */
  private readonly keys = new Map<string, readonly { namespace?: Uint8Array; mapKey?: Uint8Array }[]>()
  /** Composite keys that were met. */
  readonly met: Set<string> = new Set()
  private readonly keysOfEntries = new Set<string>()

  private constructor(state: KeyedStateInfo) {
    this.state = state
  }

  static of(state: KeyedStateInfo, edit: StateEdit): KeyMatcher | undefined {
    const matcher = new KeyMatcher(state)
    for (const step of edit.steps) if (step.op === 'delete') for (const key of step.keys) matcher.addDeleted(key)
    for (const row of edit.upserts) {
      const { text, value, key } = encodeRow(state, row)
      matcher.keysOfEntries.add(latin1(key, 0, key.length))
      matcher.entries.set(text, value)
    }
    return matcher.entries.size + matcher.keys.size === 0 ? undefined : matcher
  }

  private addDeleted(each: EntryKey): void {
    const { state } = this
    const part = (layout: Layout | undefined, json: unknown, what: string): Uint8Array | undefined => {
      if (json === undefined) return undefined
      if (layout === undefined) throw new KobelError('USAGE', `the state has no ${what}`, { state: state.name })
      return bytesOfJson(layout, json, what, state.name)
    }
    const key = part(state.key, each.key, 'key')
    if (!key) throw new KobelError('USAGE', 'an entry to be deleted has a key', { state: state.name })
    if (!state.splits) throw new KobelError('INCOMPATIBLE', 'where keys end is not known', { state: state.name })
    const namespace = part(state.namespace, each.namespace, 'namespace')
    const mapKey = part(state.mapKey, each.mapKey, 'mapKey')
    const text = latin1(key, 0, key.length)
    const narrowed = { ...(namespace && { namespace }), ...(mapKey && { mapKey }) }
    this.keys.set(text, [...(this.keys.get(text) ?? []), narrowed])
  }

  /** Key groups of all keys; undefined where their hash is not known. */
  keyGroups(maxParallelism: number): ReadonlySet<number> | undefined {
    const layout = this.state.key
    if (!isHashable(layout)) return undefined
    const keys = [...this.keys.keys(), ...this.keysOfEntries]
    return new Set(
      keys.map((text) => keyGroupOfHash(hashValue(layout, new Reader(bytesOfLatin1(text))), maxParallelism)),
    )
  }

  /** The new value; null: removed; undefined: not named by the edit. */
  match(batch: KeyedBatch, i: number): Uint8Array | null | undefined {
    const { buffer } = batch
    if (this.keys.size > 0) {
      const found = this.keys.get(latin1(buffer, batch.keys[2 * i]!, batch.keys[2 * i + 1]!))
      if (found?.some((each) => this.fits(batch, i, each))) return null
    }
    if (this.entries.size === 0) return undefined
    const text = compositeText(batch, i)
    const value = this.entries.get(text)
    if (value !== undefined) this.met.add(text)
    return value
  }

  private fits(batch: KeyedBatch, i: number, each: { namespace?: Uint8Array; mapKey?: Uint8Array }): boolean {
    const same = (bytes: Uint8Array | undefined, pairs: Uint32Array): boolean =>
      bytes === undefined || latin1(bytes, 0, bytes.length) === latin1(batch.buffer, pairs[2 * i]!, pairs[2 * i + 1]!)
    return same(each.namespace, batch.namespaces) && (batch.kind === 'timers' || same(each.mapKey, batch.mapKeys))
  }
}

export function bytesOfJson(layout: Layout, json: unknown, what: string, state: string): Uint8Array {
  try {
    return bytesOfValue(layout, jsonToValue(layout, json))
  } catch (error) {
    if (!(error instanceof KobelError)) throw error
    throw locate(new KobelError(error.code, `the ${what} does not fit its type: ${error.message}`, error.where), {
      state,
    })
  }
}

function bytesOfLatin1(text: string): Uint8Array {
  return Uint8Array.from(text, (unit) => unit.charCodeAt(0))
}

/** The parts of a composite key, each behind its length: equal for equal entries, whatever the format. */
export function compositeText(batch: EntryBatch | TimerBatch, i: number): string {
  const { buffer, keys, namespaces } = batch
  const parts = [
    latin1(buffer, keys[2 * i]!, keys[2 * i + 1]!),
    latin1(buffer, namespaces[2 * i]!, namespaces[2 * i + 1]!),
    batch.kind === 'timers'
      ? String(batch.timestamps[i])
      : latin1(buffer, batch.mapKeys[2 * i]!, batch.mapKeys[2 * i + 1]!),
  ]
  return joinParts(parts)
}

/** Key, namespace and user key of an entry for people. */
export function rowText(state: KeyedStateInfo, batch: KeyedBatch, i: number): string {
  const reader = new Reader(batch.buffer)
  const part = (layout: Layout, pairs: Uint32Array): string =>
    valueToJson(layout, readPart(layout, reader, pairs[2 * i]!, pairs[2 * i + 1]!))
  if (!state.splits) return '(key of unknown class)'
  const parts = [part(state.key, batch.keys)]
  if (state.namespace.op !== 'constant') parts.push(part(state.namespace, batch.namespaces))
  if (batch.kind === 'entries' && state.mapKey) parts.push(part(state.mapKey, batch.mapKeys))
  return parts.join(' ')
}
