import { KobelError } from '../error.ts'

/**
 * Java's modified UTF-8 (`java.io.DataInput`): one to three bytes for each UTF-16 code unit, NUL is `C0 80`, and a
 * supplementary character is two surrogates of three bytes each. Lone surrogates survive.
 */

const CHUNK = 4096

/** Decodes modified UTF-8; throws `CORRUPT` on a byte that cannot begin or continue a character. */
export function readModifiedUtf8(bytes: Uint8Array, start: number, end: number): string {
  let text = ''
  let units: number[] = []
  let at = start
  while (at < end) {
    const first = bytes[at]!
    if (first < 0x80) {
      units.push(first)
      at += 1
    } else if (first >= 0xc0 && first < 0xe0 && at + 1 < end) {
      units.push(((first & 0x1f) << 6) | continuation(bytes, at + 1))
      at += 2
    } else if (first >= 0xe0 && first < 0xf0 && at + 2 < end) {
      units.push(((first & 0x0f) << 12) | (continuation(bytes, at + 1) << 6) | continuation(bytes, at + 2))
      at += 3
    } else {
      throw malformed(at)
    }
    if (units.length >= CHUNK) {
      text += String.fromCharCode(...units)
      units = []
    }
  }
  return units.length === 0 ? text : text + String.fromCharCode(...units)
}

function continuation(bytes: Uint8Array, at: number): number {
  const byte = bytes[at]!
  if ((byte & 0xc0) !== 0x80) throw malformed(at)
  return byte & 0x3f
}

function malformed(offset: number): KobelError {
  return new KobelError('CORRUPT', 'text is not modified UTF-8: the data is damaged, or was read at a wrong place', {
    offset,
  })
}

/** The number of bytes of the text in modified UTF-8. */
export function modifiedUtf8Length(text: string): number {
  let length = 0
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    length += unit !== 0 && unit < 0x80 ? 1 : unit < 0x800 ? 2 : 3
  }
  return length
}

/** Writes the text at `at` and returns the offset behind it; the target must have {@link modifiedUtf8Length} bytes left. */
export function writeModifiedUtf8(target: Uint8Array, at: number, text: string): number {
  let offset = at
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit !== 0 && unit < 0x80) {
      target[offset++] = unit
    } else if (unit < 0x800) {
      target[offset++] = 0xc0 | (unit >> 6)
      target[offset++] = 0x80 | (unit & 0x3f)
    } else {
      target[offset++] = 0xe0 | (unit >> 12)
      target[offset++] = 0x80 | ((unit >> 6) & 0x3f)
      target[offset++] = 0x80 | (unit & 0x3f)
    }
  }
  return offset
}
