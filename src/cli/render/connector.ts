import type { ConnectorObject } from '../../connectors/choose.ts'
import type { Plain } from '../../connectors/connector.ts'
import type { ConnectorState, ElementState, SinkState, SourceState } from '../../connectors/describe.ts'
import { plural } from './size.ts'
import { printable } from './text.ts'

/** More objects are counted, not named. */
const MOST_NAMED = 4

/** One line for a source, and one for a sink. */
export function connectorTexts({ source, sink }: Pick<ConnectorState, 'source' | 'sink'>): string[] {
  return [...(source ? [sourceText(source)] : []), ...(sink ? [sinkText(sink)] : [])].map(printable)
}

function sourceText({ splits, enumerator, problems, ...told }: SourceState): string {
  const named = namesOf(splits, splitName)
  const parts = [plural(splits.length, 'split') + (named === '' ? '' : `: ${named}`)]
  if (enumerator) parts.push(`enumerator: ${enumeratorText(enumerator)}`)
  return `source${toldText(told)}  ${[...parts, ...(problems ?? [])].join('; ')}`
}

function enumeratorText(enumerator: ConnectorObject): string {
  const members = membersOf(enumerator.decoded)
  if (!members) return `of version ${enumerator.version}, not decoded`
  if (!Array.isArray(members.splits)) return 'of another source'
  const splits = members.splits as readonly Plain[]
  const assigned = splits.filter((split) => membersOf(split)?.status === 'assigned').length
  const open = splits.length - assigned
  const count = open === 0 ? 'none unassigned' : `${open} unassigned`
  return assigned === 0 ? count : `${count}, ${assigned} assigned`
}

function sinkText({ writerStates, committables, problems, ...told }: SinkState): string {
  const parts: string[] = []
  if (writerStates) {
    const named = namesOf(writerStates, writerName)
    parts.push(plural(writerStates.length, 'writer state') + (named === '' ? '' : `: ${named}`))
  }
  if (committables) {
    const named = namesOf(
      committables.map(({ committable }) => committable),
      committableName,
    )
    parts.push(`${plural(committables.length, 'committable')}${named === '' ? '' : `: ${named}`}`)
  }
  return `sink${toldText(told)}  ${[...parts, ...(problems ?? [])].join('; ')}`
}

function toldText({ connector, candidates }: { connector?: string; candidates?: readonly string[] }): string {
  if (candidates) return ` (${candidates.join(' or ')}: choose with --connector)`
  return connector === undefined ? '' : ` (${connector})`
}

function namesOf<T extends ConnectorObject | ElementState>(
  objects: readonly T[],
  nameOf: (members: Members) => string,
): string {
  const known = objects.flatMap((object) => {
    const members = 'decoded' in object ? membersOf(object.decoded) : undefined
    return members ? [members] : []
  })
  const names = [...new Set(known.map((members) => nameOf(members)))]
  const named = names.slice(0, MOST_NAMED).join(', ')
  const unknown = objects.length - known.length
  const rest = [
    ...(names.length > MOST_NAMED ? ['…'] : []),
    ...(unknown > 0 ? [`${unknown === objects.length ? '' : `${unknown} `}not decoded`] : []),
  ]
  return [named, ...rest].filter((part) => part !== '').join(', ')
}

type Members = { readonly [name: string]: Plain | undefined }

function membersOf(plain: Plain | undefined): Members | undefined {
  return typeof plain === 'object' && plain !== null && !Array.isArray(plain) ? (plain as Members) : undefined
}

function splitName(split: Members): string {
  if (split.topic !== undefined) {
    const stop = split.stoppingOffset === null ? '' : ` to ${split.stoppingOffset}`
    return `${split.topic}-${split.partition} from ${split.startingOffset}${stop}`
  }
  if (split.from !== undefined) return `${split.from}..${split.to}`
  if (split.path !== undefined) {
    const position = membersOf(split.readerPosition)
    const at =
      position === undefined
        ? ''
        : ` at ${Number(position.offset) < 0 ? '' : `byte ${position.offset} and `}record ${position.recordsAfterOffset}`
    return `${split.path} from ${split.offset}, ${split.length} bytes${at}`
  }
  const inner = membersOf(membersOf(split.split)?.decoded)
  return inner ? `#${split.sourceIndex} ${splitName(inner)}` : String(split.splitId ?? '?')
}

function writerName(state: Members): string {
  if (state.transactionalIdPrefix !== undefined) return `prefix ${JSON.stringify(state.transactionalIdPrefix)}`
  return `bucket ${JSON.stringify(state.bucketId)} in ${state.bucketPath}`
}

function committableName(committable: Members): string {
  if (committable.transactionalId !== undefined) {
    return `transaction ${committable.transactionalId} (producer ${committable.producerId}, epoch ${committable.epoch})`
  }
  const file = membersOf(committable.pendingFile)
  return file
    ? `${file.path ?? 'a file'}${file.size === undefined ? '' : ` of ${file.size} bytes`}`
    : 'cleanup of a file'
}
