import { equalBytes, toHex } from '../bytes/encoding.ts'
import { KobelError } from '../error.ts'
import { join, type Store } from './store.ts'
import type { StagedFile } from './writable.ts'

/** Of the parts of an upload; S3 takes at least 5 MiB, and 10,000 of them. */
const PART_BYTES = 16 << 20

/** Gathers bytes into parts of one size. */
export class PartBuffer {
  private readonly partBytes: number
  private bytes: Uint8Array = new Uint8Array(1 << 16)
  length = 0

  constructor(partBytes: number) {
    this.partBytes = partBytes
  }

  /** Gives the parts that became full; each is good until the next call. */
  *add(bytes: Uint8Array): Generator<Uint8Array> {
    for (let at = 0; at < bytes.length; ) {
      const count = Math.min(bytes.length - at, this.partBytes - this.length)
      this.ensure(this.length + count)
      this.bytes.set(bytes.subarray(at, at + count), this.length)
      this.length += count
      at += count
      if (this.length < this.partBytes) return
      yield this.rest()
      this.length = 0
    }
  }

  rest(): Uint8Array {
    return this.bytes.subarray(0, this.length)
  }

  private ensure(wanted: number): void {
    if (wanted <= this.bytes.length) return
    const grown = new Uint8Array(Math.min(this.partBytes, Math.max(wanted, this.bytes.length * 2)))
    grown.set(this.bytes.subarray(0, this.length))
    this.bytes = grown
  }
}

/** A name of the form that contents give, which no other attempt has. */
export function attemptName(partition: string): string {
  return `${partition}-${toHex(crypto.getRandomValues(new Uint8Array(8)))}`
}

/** Whether a file holds just these bytes. */
export async function sameBytes(store: Store, location: string, bytes: Uint8Array): Promise<boolean> {
  return (await store.size(location)) === bytes.length && equalBytes(await store.readWhole(location), bytes)
}

export function taken(location: string): KobelError {
  return new KobelError('CONFLICT', 'the file is there already, and is not replaced', { file: location })
}

/** A file that is sent in parts, and is there once it is complete. */
export interface Upload {
  part(bytes: Uint8Array): Promise<void>
  complete(): Promise<void>
  abandon(): Promise<void>
}

export interface Puts {
  put(location: string, bytes: Uint8Array): Promise<void>
  begin(location: string): Promise<Upload>
}

/** Small files are put at once, under the name of their content; larger ones are sent in parts. */
export class StagedObject implements StagedFile {
  private readonly directory: string
  /** The name of a large file, which is told before its contents are. */
  private readonly name: string
  private readonly puts: Puts
  private readonly held = new PartBuffer(PART_BYTES)
  private upload: Upload | undefined

  constructor(directory: string, partition: string, puts: Puts) {
    this.directory = directory
    this.name = attemptName(partition)
    this.puts = puts
  }

  async append(bytes: Uint8Array): Promise<void> {
    for (const part of this.held.add(bytes)) {
      this.upload ??= await this.puts.begin(join(this.directory, this.name))
      await this.upload.part(part)
    }
  }

  async publish(name: string): Promise<string> {
    const { upload, held } = this
    if (!upload) {
      await this.puts.put(join(this.directory, name), held.rest())
      return name
    }
    if (held.length > 0) await upload.part(held.rest())
    await upload.complete()
    this.upload = undefined
    return this.name
  }

  async abandon(): Promise<void> {
    const { upload } = this
    this.upload = undefined
    // The failure that led here is what is told.
    await upload?.abandon().catch(() => undefined)
  }
}
