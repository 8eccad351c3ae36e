/** Lets so many in at once; the others wait. */
export class Gate {
  private free: number
  private readonly queue: (() => void)[] = []

  constructor(limit: number) {
    this.free = limit
  }

  /** The function returned lets the next one in. */
  async enter(): Promise<() => void> {
    if (this.free > 0) this.free--
    else await new Promise<void>((resolve) => this.queue.push(resolve))
    let isIn = true
    return () => {
      if (!isIn) return
      isIn = false
      const next = this.queue.shift()
      if (next) next()
      else this.free++
    }
  }
}
