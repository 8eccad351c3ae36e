/** The largest of many things, in order; of equal ones those that came first. */
export class Largest<T> {
  private readonly most: number
  private readonly items: { readonly size: number; readonly item: T }[] = []

  constructor(most: number) {
    this.most = most
  }

  /** Whether something of this size would be kept: asked before the thing is made. */
  takes(size: number): boolean {
    return this.most > 0 && (this.items.length < this.most || size > this.items[this.items.length - 1]!.size)
  }

  add(size: number, item: T): void {
    if (!this.takes(size)) return
    let at = this.items.length
    while (at > 0 && this.items[at - 1]!.size < size) at--
    this.items.splice(at, 0, { size, item })
    if (this.items.length > this.most) this.items.pop()
  }

  list(): readonly { readonly size: number; readonly item: T }[] {
    return this.items
  }
}
