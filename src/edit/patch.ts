import { Reader } from '../bytes/reader.ts'
import { Writer } from '../bytes/writer.ts'
import type { EntryBatch } from '../format/batch.ts'
import type { KeyedStateInfo } from '../format/keyed-state.ts'
import { POJO_EXACT } from '../serializer/interpreter/pojo-flags.ts'
import { readValue } from '../serializer/interpreter/read.ts'
import { skipValue } from '../serializer/interpreter/skip.ts'
import { writeValue } from '../serializer/interpreter/write.ts'
import { hasUnknown, type Layout } from '../serializer/layout.ts'
import type { Value } from '../serializer/value.ts'
import type { StateEdit } from './model.ts'
import { InPlacePatch, type Place } from './patch-stream.ts'

/**
 * Changes one field of values without decoding the rest: the bytes before and behind it are copied. Only for POJOs,
 * tuples and case classes; values that are null or of a subclass on the way are left to the decoder.
 */
export class FieldPatch {
  bytes: Uint8Array
  length = 0
  private readonly path: readonly Place[]
  private readonly change: (old: Value) => Value
  private readonly ahead: number
  private readonly writer: Writer = new Writer(1 << 12)
  private reader: Reader = new Reader(new Uint8Array(0))

  /** Where the field always takes the same bytes. */
  readonly inPlace: InPlacePatch | undefined

  private constructor(path: readonly Place[], ahead: number, change: (old: Value) => Value) {
    this.path = path
    this.ahead = ahead
    this.change = change
    this.bytes = this.writer.bytes
    this.inPlace = InPlacePatch.of(path, ahead, change)
  }

  static of(source: KeyedStateInfo, target: KeyedStateInfo, edit: StateEdit): FieldPatch | undefined {
    const steps = edit.steps.filter((step) => step.op !== 'delete')
    const [step] = steps
    if (steps.length !== 1 || step?.op !== 'field' || edit.type !== undefined) return undefined
    if (source.kind === 'list' || source.kind === 'map' || source.kind === 'timer') return undefined
    if (source.ttl !== target.ttl || hasUnknown(source.value)) return undefined
    const path = placesOf(source.value, step.path)
    return path && new FieldPatch(path, source.ttl ? 8 : 0, step.change)
  }

  /** False where the value has to be decoded. */
  apply(batch: EntryBatch, i: number): boolean {
    if (this.reader.bytes !== batch.buffer) this.reader = new Reader(batch.buffer)
    const { reader, writer } = this
    const start = batch.values[2 * i]!
    const end = batch.values[2 * i + 1]!
    reader.offset = start + this.ahead
    reader.limit = end
    let layout: Layout | undefined
    let flagAt = -1
    for (const { fields, place, isPojo } of this.path) {
      if (isPojo && reader.u8() !== POJO_EXACT) return false
      for (let n = 0; n < place; n++) if (!isPojo || !reader.bool()) skipValue(fields[n]!, reader)
      flagAt = isPojo ? reader.offset : -1
      if (isPojo && reader.bool()) return false
      layout = fields[place]!
    }
    if (layout === undefined) return false
    const fieldStart = reader.offset
    const value = this.change(readValue(layout, reader))
    if (value === null && flagAt < 0) return false
    const behind = reader.offset
    writer.offset = 0
    writer.raw(batch.buffer.subarray(start, fieldStart))
    if (value === null) writer.bytes[flagAt - start] = 1
    else writeValue(layout, writer, value)
    writer.raw(batch.buffer.subarray(behind, end))
    this.bytes = writer.bytes
    this.length = writer.offset
    return true
  }
}

function fieldsOf(layout: Layout): readonly Layout[] | undefined {
  if (layout.op === 'tuple') return layout.fields
  if (layout.op === 'object' || layout.op === 'pojo') return layout.fields.map((field) => field.layout)
  return undefined
}

/** The place of each field of a path; undefined where the layout has no such way. */
function placesOf(layout: Layout, path: readonly string[]): readonly Place[] | undefined {
  const places: Place[] = []
  let at = layout
  for (const name of path) {
    const place =
      at.op === 'tuple'
        ? Number(/^f?(\d+)$/.exec(name)?.[1] ?? -1)
        : at.op === 'object' || at.op === 'pojo'
          ? at.fields.findIndex((field) => field.name === name)
          : -1
    const fields = fieldsOf(at)
    const inner = fields?.[place]
    if (fields === undefined || inner === undefined) return undefined
    places.push({ fields, place, isPojo: at.op === 'pojo' })
    at = inner
  }
  return places.length === 0 ? undefined : places
}
