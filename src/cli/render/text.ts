/** C0, C1, DEL, and marks that turn the direction of writing: names are strangers' text and must not steer a terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const STEERING = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

/** The text on one line, with nothing in it that a terminal would obey. */
export function printable(text: string): string {
  return text.replace(STEERING, (unit) => {
    if (unit === '\n') return '\\n'
    if (unit === '\t') return '\\t'
    return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}

/** Blocks of scripts whose characters take two columns: Hangul, CJK, fullwidth forms, emoji. */
const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0xa4cf],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x1f300, 0x1faff],
  [0x20000, 0x3fffd],
]

const COMBINING = /\p{Mark}/u

function widthOf(character: string): number {
  const point = character.codePointAt(0)!
  if (point < 0x300) return 1
  if (COMBINING.test(character)) return 0
  return WIDE.some(([first, last]) => point >= first && point <= last) ? 2 : 1
}

/** Columns that a text without styles takes in a terminal. */
export function displayWidth(text: string): number {
  let width = 0
  for (const character of text) width += widthOf(character)
  return width
}

export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - displayWidth(text)))
}

export function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - displayWidth(text))) + text
}

/** Cuts a text that takes more than `width` columns; an ellipsis says so. */
export function truncate(text: string, width: number): string {
  if (text.length <= width && displayWidth(text) <= width) return text
  let cut = ''
  let used = 0
  for (const character of text) {
    used += widthOf(character)
    if (used > width - 1) break
    cut += character
  }
  return `${cut}…`
}

/** Lines of at most `width` columns, broken at spaces where there are any. Later lines are indented by `hang`. */
export function wrap(text: string, width: number, hang = 0): string[] {
  if (displayWidth(text) <= width) return [text]
  const lines: string[] = []
  let line = ''
  const room = (): number => Math.max(8, lines.length === 0 ? width : width - hang)
  const push = (): void => {
    lines.push(lines.length === 0 ? line.trimEnd() : ' '.repeat(hang) + line.trim())
    line = ''
  }
  for (const word of text.split(/(?<=[ <{(])/)) {
    if (line !== '' && displayWidth(line + word.trimEnd()) > room()) push()
    for (const character of word) {
      if (displayWidth(line) + widthOf(character) > room() && character !== ' ') push()
      line += character
    }
  }
  if (line.trim() !== '') push()
  return lines
}
