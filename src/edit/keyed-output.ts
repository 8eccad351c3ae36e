import type { KeyedStateHandle, KeyGroupRange, StreamStateHandle } from '../format/metadata/index.ts'
import type { TargetHead } from './head.ts'
import type { FileOutput, Outputs } from './output.ts'
import { SnappyPieces } from './output.ts'

/** The keyed state of one subtask of the new savepoint: head, then key groups in any order. */
export class KeyedOutput {
  readonly output: FileOutput
  readonly range: KeyGroupRange
  readonly head: TargetHead
  readonly offsets: number[]
  private keyGroup = -1
  private snappy: SnappyPieces | undefined

  constructor(outputs: Outputs, partition: string, range: KeyGroupRange, head: TargetHead) {
    this.output = outputs.create(partition)
    this.range = range
    this.head = head
    this.offsets = new Array<number>(range.keyGroupLast - range.keyGroupFirst + 1).fill(0)
    this.output.write(head.bytes)
  }

  /** Bytes of a key group, front to back; those of another one may follow after `end`. */
  piece(keyGroup: number, bytes: Uint8Array): void {
    if (keyGroup !== this.keyGroup) {
      this.end()
      this.mark(keyGroup)
      this.keyGroup = keyGroup
    }
    if (!this.head.head.compressed) return this.output.write(bytes)
    this.snappy ??= new SnappyPieces(this.output)
    this.snappy.write(bytes)
  }

  /** As `piece`, for bytes that stay until the promise is kept. */
  pieceThrough(keyGroup: number, bytes: Uint8Array): Promise<void> | undefined {
    if (this.head.head.compressed) {
      this.piece(keyGroup, bytes)
      return this.output.flush()
    }
    if (keyGroup !== this.keyGroup) {
      this.end()
      this.mark(keyGroup)
      this.keyGroup = keyGroup
    }
    return this.output.writeThrough(bytes)
  }

  /** The key group begins here. */
  mark(keyGroup: number): void {
    this.offsets[keyGroup - this.range.keyGroupFirst] = this.output.length
  }

  end(): void {
    this.snappy?.endChunk()
    this.snappy = undefined
    this.keyGroup = -1
  }

  async finish(): Promise<KeyedStateHandle> {
    this.end()
    return handleOf(this.range, this.offsets, await this.output.finish())
  }
}

export function handleOf(
  keyGroupRange: KeyGroupRange,
  offsets: readonly number[],
  stream: StreamStateHandle,
): KeyedStateHandle {
  return { kind: 'savepoint-key-groups', keyGroupRange, offsets, stream }
}
