import type { Store, StoreEntry } from './store.ts'

/** Counts what is asked of another store: for tests that hold how many requests and bytes an operation costs. */
export class CountingStore implements Store {
  requests = 0
  bytes = 0
  private readonly inner: Store

  constructor(inner: Store) {
    this.inner = inner
  }

  locate(uri: string): string | undefined {
    return this.inner.locate(uri)
  }

  async read(location: string, start: number, end: number): Promise<Uint8Array> {
    this.requests++
    this.bytes += end - start
    return this.inner.read(location, start, end)
  }

  async readWhole(location: string): Promise<Uint8Array> {
    this.requests++
    const bytes = await this.inner.readWhole(location)
    this.bytes += bytes.length
    return bytes
  }

  async size(location: string): Promise<number | undefined> {
    this.requests++
    return this.inner.size(location)
  }

  async list(location: string): Promise<readonly StoreEntry[]> {
    this.requests++
    return this.inner.list(location)
  }
}
