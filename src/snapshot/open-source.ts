import { KobelError } from '../error.ts'
import type { KeyedStateHandle, KeyGroupsStateHandle } from '../format/metadata/index.ts'
import { canonicalSource, openCanonicalSource, openKeyGroups } from './canonical-source.ts'
import type { KeyedSource, SourceContext } from './keyed-source.ts'

/** Opens a keyed state handle of any format. */
export function openKeyedSource(
  context: SourceContext,
  subtask: number,
  handle: KeyedStateHandle,
): Promise<KeyedSource> {
  switch (handle.kind) {
    case 'savepoint-key-groups':
      return openCanonicalSource(context, subtask, handle)
    case 'key-groups':
      return openKeyGroupsSource(context, subtask, handle)
    default:
      return Promise.reject(
        new KobelError('UNSUPPORTED_VERSION', `kobel does not read keyed state of the form ${handle.kind} yet`),
      )
  }
}

async function openKeyGroupsSource(
  context: SourceContext,
  subtask: number,
  handle: KeyGroupsStateHandle,
): Promise<KeyedSource> {
  const { stream, head } = await openKeyGroups(context, handle)
  return canonicalSource(context, subtask, handle, stream, head)
}
