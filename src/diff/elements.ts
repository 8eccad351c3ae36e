import { Reader } from '../bytes/reader.ts'
import { Writer } from '../bytes/writer.ts'
import { valueToJson } from '../serializer/interpreter/json.ts'
import type { Layout } from '../serializer/layout.ts'
import { readPart } from '../snapshot/decode.ts'
import type { OperatorState } from '../snapshot/operator-state.ts'
import type { Sum } from './entries.ts'
import type { DiffOptions, EntryDifference } from './model.ts'
import { SortedRecords } from './sorted-records.ts'

const ENCODER = new TextEncoder()
const DECODER = new TextDecoder()

/**
 * Elements of an operator state that differ. A job that is restored deals out the elements of LIST and UNION states anew,
 * so they are compared as a bag, wherever they lie. Of BROADCAST states every subtask has a copy: entries are compared by
 * their key, and those of one subtask are taken.
 */
export async function* diffElements(
  operator: string,
  before: OperatorState | undefined,
  after: OperatorState | undefined,
  options: DiffOptions,
  sum: Sum,
): AsyncGenerator<EntryDifference, void, undefined> {
  const state = (before ?? after)!
  const counts = sum.of(state.name, state.kind)
  const records = new SortedRecords(options.spill, options.memoryBytes)
  try {
    for (const [side, each] of [
      ['before', before],
      ['after', after],
    ] as const) {
      if (!each) continue
      for await (const { mapKey, value, bytes } of elementsOf(each)) {
        sum.add(side, counts, bytes)
        const wait = records.add(0, ENCODER.encode(mapKey ?? value), recordOf(side, value))
        if (wait) await wait
        options.onEntries?.(1)
      }
    }
    const place = { operator, state: state.name, stateKind: state.kind } as const
    const isBroadcast = state.kind === 'broadcast'
    for await (const { key, before: one, after: other } of groupsOf(records)) {
      const json = (text: string): unknown => JSON.parse(text) as unknown
      const mapKey = isBroadcast ? { mapKey: json(key) } : {}
      if (isBroadcast && one.length > 0 && other.length > 0) {
        if (one[0] === other[0]) counts.same++
        else {
          counts.changed++
          yield { kind: 'changed', ...place, ...mapKey, before: json(one[0]!), after: json(other[0]!) }
        }
        continue
      }
      counts.same += Math.min(one.length, other.length)
      for (const text of one.slice(other.length)) {
        counts.removed++
        yield { kind: 'removed', ...place, ...mapKey, before: json(text) }
      }
      for (const text of other.slice(one.length)) {
        counts.added++
        yield { kind: 'added', ...place, ...mapKey, after: json(text) }
      }
    }
  } finally {
    await records.close()
  }
}

interface ElementText {
  readonly mapKey: string | undefined
  readonly value: string
  readonly bytes: number
}

async function* elementsOf(state: OperatorState): AsyncGenerator<ElementText, void, undefined> {
  let copy: number | undefined
  for await (const { batch, value, mapKey } of state.batchesWithLayouts({})) {
    copy ??= batch.subtask
    if (state.kind === 'broadcast' && batch.subtask !== copy) continue
    const reader = new Reader(batch.buffer)
    const text = (layout: Layout, start: number, end: number): string =>
      valueToJson(layout, readPart(layout, reader, start, end))
    for (let i = 0; i < batch.count; i++) {
      const decoded = state.decode(batch, undefined, () => {
        const [start, end] = [batch.values[2 * i]!, batch.values[2 * i + 1]!]
        const [keyStart, keyEnd] = [batch.mapKeys[2 * i] ?? 0, batch.mapKeys[2 * i + 1] ?? 0]
        return {
          mapKey: mapKey && text(mapKey, keyStart, keyEnd),
          value: text(value, start, end),
          bytes: end - start + keyEnd - keyStart,
        }
      })
      yield decoded!
    }
  }
}

function recordOf(side: 'before' | 'after', value: string): Uint8Array {
  const writer = new Writer(value.length + 1)
  writer.u8(side === 'before' ? 0 : 1)
  writer.raw(ENCODER.encode(value))
  return writer.toBytes()
}

interface ElementGroup {
  readonly key: string
  readonly before: readonly string[]
  readonly after: readonly string[]
}

/** Elements of the same key, or the same text. */
async function* groupsOf(records: SortedRecords): AsyncGenerator<ElementGroup, void, undefined> {
  let group: { key: string; before: string[]; after: string[] } | undefined
  for await (const { key, value } of records.drain()) {
    const text = DECODER.decode(key)
    if (group?.key !== text) {
      if (group) yield group
      group = { key: text, before: [], after: [] }
    }
    group[value[0] === 0 ? 'before' : 'after'].push(DECODER.decode(value.subarray(1)))
  }
  if (group) yield group
}
