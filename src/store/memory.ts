import { nameOf, notFound, type Store, type StoreEntry, tooShort } from './store.ts'

/** Files in memory, by location. For tests, browsers and data that came from elsewhere. */
export class MemoryStore implements Store {
  readonly files: Map<string, Uint8Array>

  constructor(files: Iterable<readonly [string, Uint8Array]> = []) {
    this.files = new Map(files)
  }

  locate(uri: string): string | undefined {
    return this.files.has(uri) ? uri : undefined
  }

  async read(location: string, start: number, end: number): Promise<Uint8Array> {
    const file = this.files.get(location)
    if (!file) throw notFound(location)
    if (end > file.length) throw tooShort(location, end, file.length)
    return file.subarray(start, end)
  }

  async readWhole(location: string): Promise<Uint8Array> {
    const file = this.files.get(location)
    if (!file) throw notFound(location)
    return file
  }

  async size(location: string): Promise<number | undefined> {
    return this.files.get(location)?.length
  }

  async list(location: string): Promise<StoreEntry[]> {
    const prefix = location === '' || location.endsWith('/') ? location : `${location}/`
    const children = new Map<string, StoreEntry>()
    for (const [path, bytes] of this.files) {
      if (!path.startsWith(prefix)) continue
      const child = prefix + path.slice(prefix.length).split('/')[0]!
      const directory = child !== path
      children.set(child, {
        name: nameOf(child),
        location: child,
        directory,
        ...(!directory && { size: bytes.length }),
      })
    }
    return [...children.values()]
  }
}
