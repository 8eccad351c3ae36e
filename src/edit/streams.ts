import { KobelError } from '../error.ts'
import type { KeyedStateHandle, StreamStateHandle, SubtaskMetadata } from '../format/metadata/index.ts'
import { type OnSkip, skipOrThrow } from '../snapshot/skipped.ts'
import type { StreamOpener } from '../snapshot/streams.ts'
import { rootOf } from '../store/store.ts'
import type { Outputs } from './output.ts'

/** Read and written at once while a stream is copied. */
const COPY_BYTES = 1 << 22

/** Streams that stay as they are: copied beside the new `_metadata`, or referred to where they lie. */
export class StreamCopier {
  private readonly streams: StreamOpener | undefined
  private readonly outputs: Outputs | undefined
  private readonly reference: boolean
  /** Several handles can share a file. */
  private readonly copied = new Map<string, Promise<StreamStateHandle>>()
  referenced = 0
  files = 0
  bytes = 0

  /** Without streams and outputs nothing can be copied: for those that only change handles. */
  constructor(streams: StreamOpener | undefined, outputs: Outputs | undefined, reference: boolean) {
    this.streams = streams
    this.outputs = outputs
    this.reference = reference
  }

  /** The handle of the same bytes in the new savepoint. */
  copy(handle: StreamStateHandle, partition: string): Promise<StreamStateHandle> {
    switch (handle.kind) {
      case 'byte-stream':
      case 'empty-segment-file':
        return Promise.resolve(handle)
      case 'key-groups-stream':
        return this.copy(handle.stream, partition).then((stream) => ({ ...handle, stream }))
      default: {
        const start = handle.kind === 'segment-file' ? handle.startPosition : 0
        const place = `${handle.path} ${start} ${handle.size}`
        const known = this.copied.get(place)
        if (known) return known
        const name = this.copied.size === 0 ? partition : `${partition}-${this.copied.size}`
        const copy = this.reference ? this.refer(handle) : this.copyBytes(handle, name)
        this.copied.set(place, copy)
        return copy
      }
    }
  }

  private async refer(handle: StreamStateHandle & { path: string }): Promise<StreamStateHandle> {
    const { location, length } = await this.streams!.open(handle)
    this.referenced += length
    const path = rootOf(location) === '' ? `file:${location}` : location
    if (handle.kind !== 'relative-file') return { ...handle, path } as StreamStateHandle
    return { kind: 'file', path, size: handle.size }
  }

  private async copyBytes(handle: StreamStateHandle, partition: string): Promise<StreamStateHandle> {
    const stream = await this.streams!.open(handle)
    const output = this.outputs!.create(partition)
    for (let at = 0; at < stream.length; at += COPY_BYTES) {
      await output.writeThrough(await stream.read(at, Math.min(stream.length, at + COPY_BYTES)))
    }
    this.files++
    this.bytes += stream.length
    // What several handles read by offsets stays a file, so that it is stored once.
    return output.finish(stream.length > this.outputs!.inlineBytes)
  }

  /** Raw operator state and channel state of a subtask. */
  async copyRest(subtask: SubtaskMetadata, operator: string, onSkip?: OnSkip): Promise<Partial<SubtaskMetadata>> {
    const { index, rawOperatorState: raw } = subtask
    const copy = async <T extends { readonly stream: StreamStateHandle }>(
      part: 'input-channel' | 'result-subpartition' | 'raw-operator',
      of: T,
    ): Promise<T[]> => {
      try {
        return [{ ...of, stream: await this.copy(of.stream, `${operator}-${part.replace('-', '')}-${index}`) }]
      } catch (error) {
        skipOrThrow(error, onSkip, { part, subtask: index })
        return []
      }
    }
    const inputs: SubtaskMetadata['inputChannelState'][number][] = []
    for (const each of subtask.inputChannelState) inputs.push(...(await copy('input-channel', each)))
    const outputs: SubtaskMetadata['resultSubpartitionState'][number][] = []
    for (const each of subtask.resultSubpartitionState) outputs.push(...(await copy('result-subpartition', each)))
    const [rawOperatorState] = raw ? await copy('raw-operator', raw) : []
    return {
      ...(rawOperatorState && { rawOperatorState }),
      inputChannelState: inputs,
      resultSubpartitionState: outputs,
    }
  }

  /** A keyed handle in the form it has: every stream of it is copied. */
  async copyKeyed(handle: KeyedStateHandle, partition: string): Promise<KeyedStateHandle> {
    const all = async (files: readonly { readonly localPath: string; readonly handle: StreamStateHandle }[]) => {
      const done: { localPath: string; handle: StreamStateHandle }[] = []
      for (const { localPath, handle: file } of files)
        done.push({ localPath, handle: await this.copy(file, partition) })
      return done
    }
    switch (handle.kind) {
      case 'key-groups':
      case 'savepoint-key-groups':
        return { ...handle, stream: await this.copy(handle.stream, partition) }
      case 'incremental':
        return {
          ...handle,
          metaState: await this.copy(handle.metaState, partition),
          sharedState: await all(handle.sharedState),
          privateState: await all(handle.privateState),
        }
      case 'changelog': {
        const copyParts = async <T extends KeyedStateHandle | null>(parts: readonly T[]): Promise<T[]> => {
          const done: T[] = []
          for (const part of parts) done.push((part && (await this.copyKeyed(part, partition))) as T)
          return done
        }
        return {
          ...handle,
          materialized: await copyParts(handle.materialized),
          nonMaterialized: await copyParts(handle.nonMaterialized),
        }
      }
      case 'changelog-in-memory':
        return handle
      case 'changelog-stream': {
        const streams: { offset: number; stream: StreamStateHandle }[] = []
        for (const { offset, stream } of handle.streams)
          streams.push({ offset, stream: await this.copy(stream, partition) })
        return { ...handle, streams }
      }
      default:
        throw new KobelError('UNSUPPORTED_VERSION', 'kobel does not copy keyed state of this form')
    }
  }
}
