import type { OnSkip, Skipped } from '../snapshot/skipped.ts'
import { shortPath } from './render/path.ts'
import { plural } from './render/size.ts'
import { printable } from './render/text.ts'

/** More lines are counted, not shown. */
const MOST_SHOWN = 20
const MOST_KEPT = 10_000

/** What was skipped, as `--json` tells it. */
export interface SkippedText {
  readonly operator?: string
  readonly part: Skipped['part']
  readonly subtask: number
  readonly keyGroups?: readonly [first: number, last: number]
  readonly states?: readonly string[]
  readonly stale?: true
  readonly file?: string
  readonly code: string
  readonly message: string
  /** Entries; a part of which it is not known how many entries it has counts for none. */
  entries: number
}

/** Collects what `--salvage` skips, each place once. */
export class Salvage {
  private readonly places = new Map<string, SkippedText>()
  private more = 0

  readonly onSkip: OnSkip = (skipped) => {
    const { error, entries, keyGroups, states, stale } = skipped
    const { operator, file } = error.where
    const text: SkippedText = {
      ...(operator !== undefined && { operator }),
      part: skipped.part,
      subtask: skipped.subtask,
      ...(keyGroups && { keyGroups }),
      ...(states && { states }),
      ...(stale && { stale }),
      ...(file !== undefined && { file }),
      code: error.code,
      message: error.message,
      entries: 0,
    }
    const place = JSON.stringify(text)
    const known = this.places.get(place)
    if (known) known.entries += entries ?? 0
    else if (this.places.size >= MOST_KEPT) this.more++
    else this.places.set(place, { ...text, entries: entries ?? 0 })
  }

  /** Says on stderr what is missing. The exit code is 1 then: what was printed is not all. */
  report(json: boolean): void {
    const skipped = [...this.places.values()]
    if (skipped.length === 0) return
    process.exitCode = 1
    process.stderr.write(json ? `${JSON.stringify({ skipped, more: this.more })}\n` : this.text(skipped))
  }

  private text(skipped: readonly SkippedText[]): string {
    const count = skipped.length + this.more
    const shown = skipped.slice(0, MOST_SHOWN).map((each) => `  ${printable(lineOf(each))}\n`)
    const more = count > shown.length ? `  and ${plural(count - shown.length, 'other place')}\n` : ''
    return `kobel: ${plural(count, 'part')} could not be read and ${count === 1 ? 'is' : 'are'} missing:\n${shown.join('')}${more}`
  }
}

function lineOf({ operator, part, subtask, keyGroups, states, stale, file, message, entries }: SkippedText): string {
  const [first, last] = keyGroups ?? [0, 0]
  const places = [
    operator === undefined ? '' : `operator ${operator}`,
    states ? `state ${states.join(', ')}` : part === 'keyed' ? '' : part,
    subtask < 0 ? '' : `subtask ${subtask}`,
    keyGroups ? (first === last ? `key group ${first}` : `key groups ${first} to ${last}`) : '',
    entries === 0 ? '' : plural(entries, 'entry', 'entries'),
  ].filter((place) => place !== '')
  const older = stale ? '; deleted entries and older values may show instead' : ''
  return `${places.join(', ')}: ${message}${older}${file === undefined ? '' : ` (${shortPath(file)})`}`
}
