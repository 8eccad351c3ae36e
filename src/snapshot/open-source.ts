import { KobelError } from '../error.ts'
import { keyGroupPrefixBytes } from '../format/composite-key.ts'
import type { KeyedHead } from '../format/keyed-head.ts'
import type { KeyedStateHandle, KeyGroupsStateHandle } from '../format/metadata/index.ts'
import { firstKeyGroup, SNIFF_BYTES, sniffKeyGroup } from '../format/sniff-key-groups.ts'
import { canonicalSource, openCanonicalSource, openKeyGroups } from './canonical-source.ts'
import type { KeyedSource, SourceContext } from './keyed-source.ts'
import type { StateStream } from './streams.ts'

/** State ids that may occur where the head does not tell how many states there are. */
const MAX_STATES = 32768

/** Opens a keyed state handle of any format. A format's code is loaded when the first handle of it is met. */
export async function openKeyedSource(
  context: SourceContext,
  subtask: number,
  handle: KeyedStateHandle,
): Promise<KeyedSource> {
  switch (handle.kind) {
    case 'savepoint-key-groups':
      return openCanonicalSource(context, subtask, handle)
    case 'key-groups':
      return openKeyGroupsSource(context, subtask, handle)
    case 'incremental':
      return (await import('./rocksdb-source.ts')).openRocksdbSource(context, subtask, handle)
    case 'changelog':
      return (await import('./changelog-source.ts')).openChangelogSource(context, subtask, handle, openKeyedSource)
    default:
      throw new KobelError('UNSUPPORTED_VERSION', `kobel does not read keyed state of the form ${handle.kind} yet`)
  }
}

async function openKeyGroupsSource(
  context: SourceContext,
  subtask: number,
  handle: KeyGroupsStateHandle,
): Promise<KeyedSource> {
  const { stream, head, behind } = await openKeyGroups(context, handle, SNIFF_BYTES)
  if (!isHeap(context, handle, stream, head, behind)) return canonicalSource(context, subtask, handle, stream, head)
  return (await import('./heap-source.ts')).heapSource(subtask, handle, stream, head)
}

/** The tags of these handles do not tell; see `sniffKeyGroup`. A heap backend writes every key group, also empty ones. */
function isHeap(
  context: SourceContext,
  { keyGroupRange, offsets }: KeyGroupsStateHandle,
  stream: StateStream,
  head: KeyedHead,
  behind: Uint8Array,
): boolean {
  const first = firstKeyGroup(keyGroupRange.keyGroupFirst, offsets, stream.length)
  if (first === undefined || offsets.includes(0)) return false
  const format = sniffKeyGroup({
    ...first,
    bytes: behind.subarray(0, first.length),
    compressed: head.compressed,
    prefixBytes: keyGroupPrefixBytes(context.maxParallelism),
    stateCount: head.cut?.statesInHead ?? (head.cut ? MAX_STATES : head.states.length),
  })
  return format === 'heap'
}
