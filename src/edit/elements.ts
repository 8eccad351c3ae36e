import { Reader } from '../bytes/reader.ts'
import { Writer } from '../bytes/writer.ts'
import { KobelError, locate } from '../error.ts'
import type { OperatorStateHandle, OperatorStateOffsets } from '../format/metadata/index.ts'
import { writeOperatorHead } from '../format/operator-state.ts'
import { type StateMetaInfo, serializerOf } from '../format/state-meta-info.ts'
import { writeValue } from '../serializer/interpreter/write.ts'
import type { Layout } from '../serializer/layout.ts'
import type { Value } from '../serializer/value.ts'
import { readPart } from '../snapshot/decode.ts'
import type { Operator } from '../snapshot/operator.ts'
import type { OperatorSource } from '../snapshot/operator-source.ts'
import type { OnSkip } from '../snapshot/skipped.ts'
import { editedInfo } from './head.ts'
import type { ElementEdit, OperatorEdit } from './model.ts'
import { type FileOutput, type Outputs, SnappyPieces } from './output.ts'

/** Elements of operator state that an edit changed and removed, by name of the state. */
export type ElementCounts = Map<string, { changed: number; deleted: number }>

/** Whether the edit touches operator state of this name. */
export function touchesElements(edit: OperatorEdit, name: string): boolean {
  const state = edit.states.get(name)
  return (
    edit.elements.has(name) ||
    (state !== undefined && (state.remove || state.rename !== undefined || state.type !== undefined))
  )
}

/** Writes the operator state of a subtask anew; undefined where no state is left. */
export async function writeElements(
  operator: Operator,
  source: OperatorSource,
  edit: OperatorEdit,
  outputs: Outputs,
  partition: string,
  counts: ElementCounts,
  onSkip?: OnSkip,
): Promise<OperatorStateHandle | undefined> {
  if (source.head.cut !== undefined) {
    throw new KobelError(
      'UNKNOWN_SERIALIZER',
      `the operator state cannot be rewritten: the end of ${source.head.cut} in its head is not known`,
      {
        operator: operator.label,
      },
    )
  }
  const kept = (infos: readonly StateMetaInfo[]): { info: StateMetaInfo; edited: StateMetaInfo }[] =>
    infos
      .filter((info) => !edit.states.get(info.name)?.remove)
      .map((info) => ({ info, edited: editedInfo(info, edit.states.get(info.name), undefined) }))
  const lists = kept(source.head.operatorStates)
  const broadcasts = kept(source.head.broadcastStates)
  if (lists.length + broadcasts.length === 0) return undefined
  const head = new Writer(1024)
  writeOperatorHead(head, {
    version: source.head.version,
    compressed: source.head.compressed,
    operatorStates: lists.map((each) => each.edited),
    broadcastStates: broadcasts.map((each) => each.edited),
  })
  const output = outputs.create(partition)
  output.write(head.toBytes())
  const body = source.head.compressed ? new SnappyPieces(output) : undefined
  body?.endChunk()
  const states: OperatorStateOffsets[] = []
  const batches = new Map(operator.operatorStates.map((state) => [state.name, state]))
  for (const { info, edited } of [...lists, ...broadcasts]) {
    const state = batches.get(info.name)
    const mode = source.handle.states.find((each) => each.name === info.name)?.mode ?? state?.mode ?? 'SPLIT_DISTRIBUTE'
    const offsets: number[] = []
    const options = { subtask: source.subtask, ...(onSkip && { onSkip }) }
    if (state) {
      for await (const { batch, value, mapKey } of state.batchesWithLayouts(options)) {
        const pieces = changed(
          batch,
          value,
          mapKey,
          elementEdit(edit, info.name),
          info.name,
          counts,
          serializerOf(edited, 'VALUE_SERIALIZER')?.layout,
        )
        for (const piece of pieces) {
          offsets.push(output.length)
          await writePiece(output, body, piece)
        }
      }
    }
    states.push({ name: edited.name, mode, offsets })
  }
  return { kind: 'operator-stream', states, stream: await output.finish() }
}

async function writePiece(output: FileOutput, body: SnappyPieces | undefined, bytes: Uint8Array): Promise<void> {
  if (body) {
    body.write(bytes)
    body.endChunk()
  } else output.write(bytes)
  await output.flush()
}

/** What happens to elements, with the change of their type last. */
function elementEdit(edit: OperatorEdit, name: string): ElementEdit | undefined {
  const of = edit.elements.get(name)
  const type = edit.states.get(name)?.type
  if (type === undefined || (type.bytesStay && !type.check)) return of
  return {
    map: (element) => {
      const after = of ? of.map(element) : element
      if (after === undefined) return undefined
      type.check?.(after.value)
      return { ...after, value: type.convert ? type.convert(after.value) : after.value }
    },
  }
}

interface Elements {
  readonly subtask: number
  readonly count: number
  readonly buffer: Uint8Array
  readonly mapKeys: Uint32Array
  readonly values: Uint32Array
}

/** The bytes of each element; of BROADCAST all entries of a subtask are one. */
function changed(
  batch: Elements,
  value: Layout,
  mapKey: Layout | undefined,
  edit: ElementEdit | undefined,
  name: string,
  counts: ElementCounts,
  target: Layout = value,
): Uint8Array[] {
  const raw = (pairs: Uint32Array, i: number): Uint8Array => batch.buffer.subarray(pairs[2 * i]!, pairs[2 * i + 1]!)
  const reader = new Reader(batch.buffer)
  const decode = (layout: Layout, pairs: Uint32Array, i: number): Value =>
    readPart(layout, reader, pairs[2 * i]!, pairs[2 * i + 1]!)
  const count = counts.get(name) ?? { changed: 0, deleted: 0 }
  counts.set(name, count)
  const elements: { mapKey: Uint8Array; value: Uint8Array }[] = []
  for (let i = 0; i < batch.count; i++) {
    const before = { mapKey: mapKey ? raw(batch.mapKeys, i) : NOTHING, value: raw(batch.values, i) }
    if (!edit) {
      elements.push(before)
      continue
    }
    try {
      const after = edit.map({
        subtask: batch.subtask,
        ...(mapKey && { mapKey: decode(mapKey, batch.mapKeys, i) }),
        value: decode(value, batch.values, i),
      })
      if (after === undefined) {
        count.deleted++
        continue
      }
      const bytes = bytesOf(target, after.value)
      const key = mapKey && after.mapKey !== undefined ? bytesOf(mapKey, after.mapKey) : before.mapKey
      if (!same(bytes, before.value) || !same(key, before.mapKey)) count.changed++
      elements.push({ mapKey: key, value: bytes })
    } catch (error) {
      throw locate(error, { state: name })
    }
  }
  if (!mapKey) return elements.map((each) => each.value)
  const writer = new Writer(1024)
  writer.i32(elements.length)
  for (const each of elements) {
    writer.raw(each.mapKey)
    writer.raw(each.value)
  }
  return [writer.toBytes()]
}

const NOTHING = new Uint8Array(0)

function bytesOf(layout: Layout, value: Value): Uint8Array {
  const writer = new Writer(64)
  writeValue(layout, writer, value)
  return writer.toBytes()
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}
