/** Bytes as a text to look up: one character a byte. */
export function latin1(bytes: Uint8Array, start: number, end: number): string {
  let text = ''
  for (let i = start; i < end; i++) text += String.fromCharCode(bytes[i]!)
  return text
}

/** Parts of a composite key, the first ones behind their lengths. */
export function joinParts(parts: readonly string[]): string {
  return `${parts[0]!.length} ${parts[1]!.length} ${parts.join('')}`
}
