import type { Reader } from '../../bytes/reader.ts'
import { KobelError } from '../../error.ts'

/**
 * A section: a row, an array or a map of Flink's binary format, all in little-endian order. It has a fixed part of bits
 * and 8-byte words (narrower ones in arrays), and a variable part that words refer to by `offset << 32 | length`, the
 * offset counted from the beginning of the section. Parts are padded to 8 bytes and do not overlap.
 */
export interface Section {
  readonly bytes: Uint8Array
  readonly view: DataView
  readonly start: number
  readonly end: number
  /** Bytes of the variable part that no word has referred to yet: parts that overlap could describe any amount. */
  left: number
}

export function openSection(reader: Reader, start: number, end: number, fixedLength: number): Section {
  if (fixedLength > end - start) {
    throw corrupt(`its fixed part takes ${fixedLength} bytes, ${end - start} are there`, start)
  }
  return { bytes: reader.bytes, view: reader.view, start, end, left: end - start - fixedLength }
}

/** Where the part lies that the word at `at` refers to. */
export function readReference(section: Section, at: number, length: number = section.view.getInt32(at, true)): number {
  const offset = section.view.getInt32(at + 4, true)
  const start = section.start + offset
  if (length < 0 || offset < 0 || start + length > section.end) {
    throw corrupt(`a part of ${length} bytes at ${offset} lies outside of it`, at)
  }
  section.left -= length
  if (section.left < 0) throw corrupt('its parts overlap', at)
  return start
}

export function hasBit(bytes: Uint8Array, at: number, index: number): boolean {
  return (bytes[at + (index >> 3)]! & (1 << (index & 7))) !== 0
}

export function corrupt(found: string, offset: number): KobelError {
  return new KobelError('CORRUPT', `a binary row, array or map is damaged: ${found}`, { offset })
}

/** A section being written: the fixed part, and the parts behind it. */
export interface Draft {
  readonly fixed: Uint8Array
  readonly view: DataView
  readonly parts: Uint8Array[]
  /** Where the next part begins. */
  cursor: number
}

export function newDraft(fixedLength: number): Draft {
  const fixed = new Uint8Array(roundToWord(fixedLength))
  return { fixed, view: new DataView(fixed.buffer), parts: [], cursor: fixed.length }
}

/** Adds a part; the word gets its offset, and its length or another number in place of it. */
export function addPart(draft: Draft, at: number, part: Uint8Array, length: number = part.length): void {
  draft.view.setInt32(at, length, true)
  draft.view.setInt32(at + 4, draft.cursor, true)
  draft.parts.push(part)
  draft.cursor += roundToWord(part.length)
  if (draft.cursor > 0x7fffffff) throw new KobelError('LIMIT', 'a binary row takes at most 2 GiB')
}

export function setBit(draft: Draft, at: number, index: number): void {
  draft.fixed[at + (index >> 3)]! |= 1 << (index & 7)
}

export function finishDraft(draft: Draft): Uint8Array {
  const bytes = new Uint8Array(draft.cursor)
  bytes.set(draft.fixed)
  let at = draft.fixed.length
  for (const part of draft.parts) {
    bytes.set(part, at)
    at += roundToWord(part.length)
  }
  return bytes
}

function roundToWord(length: number): number {
  return Math.ceil(length / 8) * 8
}
