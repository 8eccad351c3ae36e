import { notFound, type Store, type StoreEntry } from './store.ts'

/**
 * Several stores as one: a location belongs to the first of them that locates it. So a snapshot can have files in more
 * than one place. What a store locates, it must locate again to the same.
 */
export class CompositeStore implements Store {
  private readonly stores: readonly Store[]

  constructor(stores: readonly Store[]) {
    this.stores = stores
  }

  locate(uri: string): string | undefined {
    return this.storeOf(uri)?.locate(uri)
  }

  async read(location: string, start: number, end: number): Promise<Uint8Array> {
    return this.existing(location).read(location, start, end)
  }

  async readInto(location: string, start: number, target: Uint8Array): Promise<void> {
    const store = this.existing(location)
    if (store.readInto) return store.readInto(location, start, target)
    target.set(await store.read(location, start, start + target.length))
  }

  async readAtMost(location: string, start: number, end: number): Promise<Uint8Array> {
    const store = this.existing(location)
    if (store.readAtMost) return store.readAtMost(location, start, end)
    const size = await store.size(location)
    if (size === undefined) throw notFound(location)
    return store.read(location, Math.min(start, size), Math.min(end, size))
  }

  async readWhole(location: string): Promise<Uint8Array> {
    return this.existing(location).readWhole(location)
  }

  async size(location: string): Promise<number | undefined> {
    return this.storeOf(location)?.size(location)
  }

  async list(location: string): Promise<readonly StoreEntry[]> {
    return (await this.storeOf(location)?.list(location)) ?? []
  }

  async close(): Promise<void> {
    await Promise.all(this.stores.map((store) => store.close?.()))
  }

  private storeOf(location: string): Store | undefined {
    return this.stores.find((store) => store.locate(location) !== undefined)
  }

  private existing(location: string): Store {
    const store = this.storeOf(location)
    if (!store) throw notFound(location)
    return store
  }
}
