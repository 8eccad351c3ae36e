import type { Spill, SpillFile } from '../store/writable.ts'
import { KeyGroupBuffer } from './key-group-buffer.ts'

interface SpilledPart {
  readonly file: SpillFile
  readonly start: number
  readonly end: number
}

/** Key groups that are filled at the same time, with one bound of memory: what is settled can be spilled. */
export class Buckets {
  private readonly buffers: (KeyGroupBuffer | undefined)[]
  private readonly parts = new Map<number, SpilledPart[]>()
  /** Emptied buffers, used again. */
  private readonly free: KeyGroupBuffer[] = []
  private readonly spill: Spill | undefined
  private readonly memoryBytes: number
  private held = 0
  private readonly files: SpillFile[] = []

  /** @param spill absent: what does not fit is let go of, since nothing is written. */
  constructor(maxParallelism: number, spill: Spill | undefined, memoryBytes: number) {
    this.buffers = new Array<KeyGroupBuffer | undefined>(maxParallelism).fill(undefined)
    this.spill = spill
    this.memoryBytes = memoryBytes
  }

  of(keyGroup: number): KeyGroupBuffer {
    const known = this.buffers[keyGroup]
    if (known) return known
    const made = this.free.pop() ?? new KeyGroupBuffer(256)
    this.buffers[keyGroup] = made
    return made
  }

  has(keyGroup: number): boolean {
    return this.buffers[keyGroup]?.empty === false
  }

  /** Bytes were added to a buffer. */
  grow(bytes: number): void {
    this.held += bytes
  }

  spillIfFull(): Promise<void> | undefined {
    return this.held > this.memoryBytes ? this.spillAll() : undefined
  }

  private async spillAll(): Promise<void> {
    const file = await this.spill?.create()
    if (file) this.files.push(file)
    let at = 0
    this.held = 0
    for (const [keyGroup, buffer] of this.buffers.entries()) {
      if (!buffer || buffer.length === 0) continue
      const settled = buffer.takeSettled()
      this.held += buffer.length
      if (settled.length === 0) continue
      if (file) {
        await file.append(settled)
        const parts = this.parts.get(keyGroup) ?? []
        parts.push({ file, start: at, end: at + settled.length })
        this.parts.set(keyGroup, parts)
      }
      at += settled.length
    }
  }

  /** All bytes of a key group, nothing where it is empty. Each piece is good until the next one is asked for. */
  async *take(keyGroup: number): AsyncGenerator<Uint8Array, void, undefined> {
    const buffer = this.buffers[keyGroup]
    if (!buffer || buffer.empty) return
    for (const { file, start, end } of this.parts.get(keyGroup) ?? []) {
      for (let at = start; at < end; at += READ_BYTES) yield await file.read(at, Math.min(end, at + READ_BYTES))
    }
    this.parts.delete(keyGroup)
    this.held = Math.max(0, this.held - buffer.length)
    yield buffer.finish()
    this.buffers[keyGroup] = undefined
    if (this.free.length < MOST_FREE) this.free.push(buffer)
  }

  async close(): Promise<void> {
    for (const file of this.files) await file.close()
  }
}

const READ_BYTES = 1 << 20
const MOST_FREE = 64
