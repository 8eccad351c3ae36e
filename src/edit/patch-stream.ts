import { Reader } from '../bytes/reader.ts'
import { Writer } from '../bytes/writer.ts'
import { KobelError, locate } from '../error.ts'
import { POJO_EXACT } from '../serializer/interpreter/pojo-flags.ts'
import { readValue } from '../serializer/interpreter/read.ts'
import { skipValue } from '../serializer/interpreter/skip.ts'
import { writeValue } from '../serializer/interpreter/write.ts'
import { fixedLength, type Layout } from '../serializer/layout.ts'
import type { Value } from '../serializer/value.ts'

const END_OF_KEY_GROUP = 0xffff
const LAST_OF_RUN = 0x80

/** A field on the way to the one that is changed. */
export interface Place {
  readonly fields: readonly Layout[]
  readonly place: number
  readonly isPojo: boolean
}

/** Where the next field begins, or -1 where that takes the interpreter. */
type Skip = (bytes: Uint8Array, at: number, end: number) => number

/** Changes a field that always takes the same bytes where it lies. */
export class InPlacePatch {
  changed = 0
  private readonly steps: readonly { readonly isPojo: boolean; readonly skips: readonly Skip[] }[]
  private readonly layout: Layout
  private readonly length: number
  private readonly ahead: number
  private readonly change: (old: Value) => Value
  private readonly writer = new Writer(16)

  private constructor(path: readonly Place[], layout: Layout, ahead: number, change: (old: Value) => Value) {
    this.layout = layout
    this.length = fixedLength(layout)
    this.ahead = ahead
    this.change = change
    this.steps = path.map(({ fields, place, isPojo }) => ({ isPojo, skips: fields.slice(0, place).map(skipOf) }))
  }

  /** Undefined where the field may take other bytes. */
  static of(path: readonly Place[], ahead: number, change: (old: Value) => Value): InPlacePatch | undefined {
    const last = path.at(-1)
    const layout = last?.fields[last.place]
    return layout && fixedLength(layout) > 0 ? new InPlacePatch(path, layout, ahead, change) : undefined
  }

  /** False, with nothing changed, where the value has to be looked at in another way. */
  apply(reader: Reader, start: number, end: number): boolean {
    const { bytes } = reader
    let at = start + this.ahead
    for (const { isPojo, skips } of this.steps) {
      if (isPojo && bytes[at++] !== POJO_EXACT) return false
      for (const skip of skips) {
        if (isPojo) {
          const flag = bytes[at++]!
          if (flag === 1) continue
          if (flag !== 0) return false
        }
        at = skip(bytes, at, end)
        if (at < 0 || at > end) return false
      }
      if (isPojo && bytes[at++] !== 0) return false
    }
    if (at + this.length > end) return false
    reader.offset = at
    reader.limit = end
    const old = readValue(this.layout, reader)
    const value = this.change(old)
    if (value === null) return false
    if (Object.is(value, old)) return true
    const { writer } = this
    writer.offset = 0
    writeValue(this.layout, writer, value)
    if (writer.offset !== this.length) return false
    for (let i = 0; i < this.length; i++) bytes[at + i] = writer.bytes[i]!
    this.changed++
    return true
  }
}

function skipOf(layout: Layout): Skip {
  const fixed = fixedLength(layout)
  if (fixed >= 0) return (_, at) => at + fixed
  if (layout.op === 'string' && !layout.notNull) return skipText
  if (layout.op === 'pojo') return pojoSkip(layout)
  return interpreted(layout)
}

/** A varint of the length + 1 that takes one byte, then varints: of each the last byte is below 128. */
function skipText(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  let left = bytes[at++]!
  if (left > 0x7f) return -1
  left--
  while (left > 0 && at < end) if (bytes[at++]! < 0x80) left--
  return left > 0 ? -1 : at
}

function pojoSkip(layout: Layout & { op: 'pojo' }): Skip {
  const skips = layout.fields.map((field) => skipOf(field.layout))
  return (bytes, start, end) => {
    let at = start
    const flags = bytes[at++]
    if (flags === 1) return at
    if (flags !== POJO_EXACT) return -1
    for (const skip of skips) {
      const flag = bytes[at++]!
      if (flag > 1) return -1
      if (flag === 1) continue
      at = skip(bytes, at, end)
      if (at < 0 || at > end) return -1
    }
    return at
  }
}

function interpreted(layout: Layout): Skip {
  let reader = new Reader(new Uint8Array(0))
  return (bytes, at, end) => {
    if (reader.bytes !== bytes) reader = new Reader(bytes)
    reader.offset = at
    reader.limit = end
    skipValue(layout, reader)
    return reader.offset
  }
}

/**
 * Changes the entries of a whole key group in canonical layout where they lie. -1 where an entry has to be looked at in
 * another way: then the bytes are spoilt, and have to be read again. Else how many entries there are.
 *
 * @param patches by state id; absent for states that stay.
 */
export function patchEntries(
  bytes: Uint8Array,
  keyGroup: number,
  patches: readonly (InPlacePatch | undefined)[],
): number {
  const reader = new Reader(bytes)
  const { view } = reader
  const before = patches.map((patch) => patch?.changed)
  let count = 0
  try {
    for (;;) {
      const id = reader.u16()
      if (id === END_OF_KEY_GROUP) return reader.remaining === 0 ? count : -1
      const patch = patches[id]
      for (let isLast = false; !isLast; count++) {
        const start = reader.offset
        reader.need(8)
        const valueAt = start + 4 + view.getInt32(start)
        if (valueAt < start + 5 || valueAt + 4 > bytes.length) throw cut(start)
        const end = valueAt + 4 + view.getInt32(valueAt)
        if (end < valueAt + 4 || end > bytes.length) throw cut(start)
        isLast = (bytes[start + 4]! & LAST_OF_RUN) !== 0
        if (patch && !patch.apply(reader, valueAt + 4, end)) {
          patches.forEach((each, i) => {
            if (each) each.changed = before[i]!
          })
          return -1
        }
        reader.limit = bytes.length
        reader.offset = end
      }
    }
  } catch (error) {
    throw locate(error, { keyGroup })
  }
}

function cut(offset: number): KobelError {
  return new KobelError('CORRUPT', 'an entry reaches beyond its key group: the stream was cut or is damaged', {
    offset,
  })
}
