/** A line on stderr that says how far a long command is. */
export interface Progress {
  /** More entries were read. */
  add(count: number): void
  /** Takes the line away. */
  end(): void
}

/** Nothing is shown before this: most commands end sooner. */
const FIRST_MS = 1000
const EVERY_MS = 200

interface ProgressTarget {
  readonly isTTY?: boolean
  write(text: string): unknown
}

/**
 * Shows progress if `target` is a terminal, after a second.
 *
 * @param share how much is done, from 0 to 1: then the time that is left is shown as well.
 */
export function startProgress(what: string, target: ProgressTarget, share?: () => number): Progress {
  if (!target.isTTY) return { add: () => {}, end: () => {} }
  let count = 0
  let shown = false
  const start = Date.now()
  let next = start + FIRST_MS
  const show = (now: number): void => {
    next = now + EVERY_MS
    shown = true
    const seconds = (now - start) / 1000
    const rate = `${Math.round(count / seconds).toLocaleString('en')} a second`
    target.write(`\r\x1b[K${what}: ${count.toLocaleString('en')} (${rate}${leftText(share?.(), seconds)})`)
  }
  return {
    add: (more) => {
      count += more
      const now = Date.now()
      if (now >= next) show(now)
    },
    end: () => {
      if (shown) target.write('\r\x1b[K')
    },
  }
}

/** Nothing is said of the first hundredth, which tells little, nor when only the last bytes are worked on. */
function leftText(share: number | undefined, seconds: number): string {
  if (share === undefined || share < 0.01 || share >= 1) return ''
  const left = Math.ceil((seconds * (1 - share)) / share)
  const time = left < 100 ? `${left} s` : left < 6000 ? `${Math.round(left / 60)} min` : `${(left / 3600).toFixed(1)} h`
  return `, ${Math.floor(share * 100)} %, ${time} left`
}
