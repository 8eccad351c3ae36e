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

/** Shows progress if `target` is a terminal, after a second. */
export function startProgress(what: string, target: ProgressTarget): Progress {
  if (!target.isTTY) return { add: () => {}, end: () => {} }
  let count = 0
  let shown = false
  const start = Date.now()
  let next = start + FIRST_MS
  const show = (now: number): void => {
    next = now + EVERY_MS
    shown = true
    const seconds = (now - start) / 1000
    target.write(
      `\r\x1b[K${what}: ${count.toLocaleString('en')} (${Math.round(count / seconds).toLocaleString('en')} a second)`,
    )
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
