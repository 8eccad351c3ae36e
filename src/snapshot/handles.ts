import type {
  KeyedStateHandle,
  OperatorMetadata,
  StreamStateHandle,
  SubtaskMetadata,
} from '../format/metadata/index.ts'

/** Which part of a subtask's or an operator's state a stream holds. */
export type StatePart =
  | 'keyed'
  | 'operator'
  | 'raw-keyed'
  | 'raw-operator'
  | 'input-channel'
  | 'result-subpartition'
  | 'coordinator'

/** A stream that a snapshot refers to. */
export interface PlacedStream {
  readonly part: StatePart
  /** -1 for state of the whole operator. */
  readonly subtask: number
  readonly stream: StreamStateHandle
}

/** Every stream of an operator, as often as it is referred to. */
export function* streamsOf(operator: OperatorMetadata): Generator<PlacedStream, void, undefined> {
  if (operator.coordinatorState) yield { part: 'coordinator', subtask: -1, stream: operator.coordinatorState }
  for (const subtask of operator.subtasks) {
    for (const { part, stream } of streamsOfSubtask(subtask)) yield { part, subtask: subtask.index, stream }
  }
}

function* streamsOfSubtask(subtask: SubtaskMetadata): Generator<Omit<PlacedStream, 'subtask'>, void, undefined> {
  if (subtask.managedOperatorState) yield { part: 'operator', stream: subtask.managedOperatorState.stream }
  if (subtask.rawOperatorState) yield { part: 'raw-operator', stream: subtask.rawOperatorState.stream }
  if (subtask.managedKeyedState) {
    for (const stream of keyedStreams(subtask.managedKeyedState)) yield { part: 'keyed', stream }
  }
  if (subtask.rawKeyedState) {
    for (const stream of keyedStreams(subtask.rawKeyedState)) yield { part: 'raw-keyed', stream }
  }
  for (const channel of subtask.inputChannelState) yield { part: 'input-channel', stream: channel.stream }
  for (const channel of subtask.resultSubpartitionState) yield { part: 'result-subpartition', stream: channel.stream }
}

/** The streams of a keyed handle; changes kept in memory come as streams of their own. */
export function* keyedStreams(handle: KeyedStateHandle): Generator<StreamStateHandle, void, undefined> {
  switch (handle.kind) {
    case 'key-groups':
    case 'savepoint-key-groups':
      yield handle.stream
      return
    case 'incremental':
      yield handle.metaState
      for (const file of [...handle.sharedState, ...handle.privateState]) yield file.handle
      return
    case 'changelog':
      for (const part of [...handle.materialized, ...handle.nonMaterialized]) if (part) yield* keyedStreams(part)
      return
    case 'changelog-stream':
      for (const { stream } of handle.streams) yield stream
      return
    case 'changelog-in-memory':
      for (const change of handle.changes) yield { kind: 'byte-stream', name: '', bytes: change.bytes }
  }
}

/** Bytes of a stream, as the handle says. */
export function streamBytes(stream: StreamStateHandle): number {
  switch (stream.kind) {
    case 'byte-stream':
      return stream.bytes.length
    case 'empty-segment-file':
      return 0
    case 'key-groups-stream':
      return streamBytes(stream.stream)
    default:
      return stream.size
  }
}

/** Adds up streams, each place only once: subtasks share files after a rescale, channels share the file of their task. */
export class ByteCount {
  bytes = 0
  /** Bytes that lie in `_metadata` itself. */
  inlineBytes = 0
  private readonly places = new Set<string>()
  private readonly paths = new Set<string>()

  add(stream: StreamStateHandle): void {
    if (stream.kind === 'key-groups-stream') return this.add(stream.stream)
    const bytes = streamBytes(stream)
    if (stream.kind === 'byte-stream') this.inlineBytes += bytes
    if (stream.kind === 'relative-file' || stream.kind === 'file' || stream.kind === 'segment-file') {
      const place = `${stream.path} ${stream.kind === 'segment-file' ? stream.startPosition : 0} ${bytes}`
      if (this.places.has(place)) return
      this.places.add(place)
      this.paths.add(stream.path)
    }
    this.bytes += bytes
  }

  get files(): number {
    return this.paths.size
  }
}
