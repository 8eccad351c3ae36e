import { KobelError } from '../error.ts'

/** Text forms of bytes, without Node's Buffer so that they also work in a browser. */

const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))
const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

export function toHex(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += HEX[byte]
  return text
}

/** Throws `USAGE` where the text is not hex digits in pairs. */
export function fromHex(text: string): Uint8Array {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) {
    throw new KobelError('USAGE', `pairs of hex digits were expected, found ${JSON.stringify(text.slice(0, 40))}`)
  }
  return Uint8Array.from({ length: text.length / 2 }, (_, i) => Number.parseInt(text.slice(2 * i, 2 * i + 2), 16))
}

export function toBase64(bytes: Uint8Array): string {
  let text = ''
  let at = 0
  for (; at + 2 < bytes.length; at += 3) {
    const three = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!
    text += BASE64[three >> 18]! + BASE64[(three >> 12) & 63]! + BASE64[(three >> 6) & 63]! + BASE64[three & 63]!
  }
  if (at + 1 === bytes.length) {
    const one = bytes[at]!
    text += `${BASE64[one >> 2]!}${BASE64[(one & 3) << 4]!}==`
  } else if (at + 2 === bytes.length) {
    const two = (bytes[at]! << 8) | bytes[at + 1]!
    text += `${BASE64[two >> 10]!}${BASE64[(two >> 4) & 63]!}${BASE64[(two & 15) << 2]!}=`
  }
  return text
}

/** Throws `USAGE` where the text is not padded base64. */
export function fromBase64(text: string): Uint8Array {
  const body = text.replace(/=+$/, '')
  if (text.length % 4 !== 0 || text.length - body.length > 2 || !/^[A-Za-z0-9+/]*$/.test(body)) {
    throw new KobelError('USAGE', `base64 was expected, found ${JSON.stringify(text.slice(0, 40))}`)
  }
  const bytes = new Uint8Array(Math.floor((body.length * 3) / 4))
  let bits = 0
  let held = 0
  let at = 0
  for (const char of body) {
    held = (held << 6) | BASE64.indexOf(char)
    bits += 6
    if (bits >= 8) {
      bits -= 8
      bytes[at++] = (held >> bits) & 0xff
      held &= (1 << bits) - 1
    }
  }
  return bytes
}

/** Compares as unsigned bytes, the shorter first where one begins the other. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const difference = a[i]! - b[i]!
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && compareBytes(a, b) === 0
}
