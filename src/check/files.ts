import { KobelError } from '../error.ts'
import type { StreamStateHandle } from '../format/metadata/index.ts'
import { mapConcurrent } from '../snapshot/concurrent.ts'
import { type StatePart, streamsOf } from '../snapshot/handles.ts'
import type { Operator } from '../snapshot/operator.ts'
import type { Findings } from './findings.ts'

/** A file that `_metadata` names. */
interface NamedFile {
  readonly handle: StreamStateHandle
  readonly part: StatePart
  readonly subtask: number
  /** Where the bytes end that are needed of it. */
  end: number
  /** Whether it should end there. */
  exact: boolean
}

/** Whether every file of an operator is there with its stated size; gives how many there are, and their bytes. */
export async function checkFiles(operator: Operator, findings: Findings): Promise<{ files: number; bytes: number }> {
  const files = [...namedFiles(operator).values()]
  const sizes = await mapConcurrent(files, (file) => checkFile(operator, file, findings))
  return { files: files.length, bytes: sizes.reduce((sum, size) => sum + size, 0) }
}

function namedFiles(operator: Operator): Map<string, NamedFile> {
  const logs = changelogStreams(operator)
  const files = new Map<string, NamedFile>()
  for (const { part, subtask, stream } of streamsOf(operator.metadata)) {
    const handle = stream.kind === 'key-groups-stream' ? stream.stream : stream
    if (!('path' in handle)) continue
    const isWhole = handle.kind !== 'segment-file' && !logs.has(stream)
    // The size of a changelog file is that of its plain bytes.
    const end = logs.has(stream) ? 1 : (handle.kind === 'segment-file' ? handle.startPosition : 0) + handle.size
    const known = files.get(handle.path)
    if (!known) {
      files.set(handle.path, { handle, part, subtask, end, exact: isWhole })
    } else {
      known.end = Math.max(known.end, end)
      known.exact ||= isWhole
    }
  }
  return files
}

function changelogStreams(operator: Operator): Set<StreamStateHandle> {
  const streams = new Set<StreamStateHandle>()
  for (const { managedKeyedState } of operator.metadata.subtasks) {
    if (managedKeyedState?.kind !== 'changelog') continue
    for (const part of managedKeyedState.nonMaterialized) {
      if (part.kind === 'changelog-stream') for (const { stream } of part.streams) streams.add(stream)
    }
  }
  return streams
}

async function checkFile(operator: Operator, file: NamedFile, findings: Findings): Promise<number> {
  const { handle, part, subtask, end, exact } = file
  const { streams } = operator.context
  const place = { operator: operator.label, ...(subtask >= 0 && { subtask }) }
  const missing = (name: string): number => {
    const message = `a file of the ${part} state is not there`
    findings.add({ severity: 'error', code: 'MISSING_FILE', ...place, file: name, message })
    return 0
  }
  let location: string
  try {
    location = (await streams.open(handle)).location
  } catch (error) {
    if (!(error instanceof KobelError) || error.code === 'STORE') throw error
    if (error.code === 'NOT_FOUND') return missing('path' in handle ? handle.path : '')
    findings.add({ severity: 'error', code: error.code, ...place, message: error.message })
    return 0
  }
  const size = await streams.store.size(location)
  if (size === undefined) return missing(location)
  const found = `a file of the ${part} state has ${size} bytes, ${end} are stated`
  if (size < end) {
    findings.add({
      severity: 'error',
      code: 'WRONG_SIZE',
      ...place,
      file: location,
      message: `${found}: it was cut, or is not the file that was written`,
    })
  } else if (exact && size > end) {
    findings.add({
      severity: 'warning',
      code: 'WRONG_SIZE',
      ...place,
      file: location,
      message: `${found}: it may be another file`,
    })
  }
  return size
}
