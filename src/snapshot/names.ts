import { type ErrorPlace, KobelError } from '../error.ts'

/** The names nearest to a misspelt one, the nearest first. */
export function nearest(name: string, known: readonly string[], most = 3): string[] {
  const limit = name.length < 5 ? 1 : Math.max(2, Math.floor(name.length / 3))
  return known
    .map((candidate) => ({ candidate, distance: distanceOf(name.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ candidate, distance }) => distance <= limit || candidate.toLowerCase().includes(name.toLowerCase()))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, most)
    .map(({ candidate }) => candidate)
}

/** A NOT_FOUND that says which names there are. */
export function noSuch(what: string, name: string, known: readonly string[], where: ErrorPlace = {}): KobelError {
  const near = nearest(name, known)
  const hint =
    near.length > 0
      ? `did you mean ${near.map((each) => JSON.stringify(each)).join(' or ')}?`
      : known.length === 0
        ? 'there are none'
        : `there are ${known.slice(0, 12).join(', ')}${known.length > 12 ? ', …' : ''}`
  return new KobelError('NOT_FOUND', `there is no ${what} ${JSON.stringify(name)}: ${hint}`, where)
}

/** Texts longer than this are compared by their beginnings: names are short. */
const MAX_COMPARED = 80

/** Levenshtein distance. */
function distanceOf(a: string, b: string): number {
  const [left, right] = [a.slice(0, MAX_COMPARED), b.slice(0, MAX_COMPARED)]
  let row = Array.from({ length: right.length + 1 }, (_, i) => i)
  for (let i = 1; i <= left.length; i++) {
    const next = [i]
    for (let j = 1; j <= right.length; j++) {
      const change = row[j - 1]! + (left[i - 1] === right[j - 1] ? 0 : 1)
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1))
    }
    row = next
  }
  return row[right.length]!
}
