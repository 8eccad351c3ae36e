import { toBase64 } from '../../bytes/encoding.ts'
import { Writer } from '../../bytes/writer.ts'
import { KobelError } from '../../error.ts'
import { optionOf, type StateMetaInfo, serializerOf } from '../../format/state-meta-info.ts'
import type { CompositeBody } from '../../serializer/families/rows.ts'
import { type SerializerSnapshot, writeSerializerSnapshot } from '../../serializer/snapshot.ts'
import { noSuch } from '../../snapshot/names.ts'
import type { Snapshot } from '../../snapshot/open.ts'
import type { Operator } from '../../snapshot/operator.ts'
import { isObject, shown } from './form.ts'

const PARTS = ['key', 'value', 'mapKey', 'namespace']

/**
 * Replaces each `{ "of": … }` in a described type or plan by the serializer snapshot that it means. `open` opens a
 * savepoint by its location, once each, and has its files closed when all is done.
 *
 * @throws KobelError `NOT_FOUND` where there is no such operator or state, with names that are near.
 */
export async function resolveTypes<Description>(
  description: Description,
  open: (location: string) => Promise<Snapshot>,
): Promise<Description> {
  const opened = new Map<string, Promise<Snapshot>>()
  const openOnce = (location: string): Promise<Snapshot> => {
    const known = opened.get(location) ?? open(location)
    opened.set(location, known)
    return known
  }
  try {
    return (await resolved(description, openOnce)) as Description
  } finally {
    for (const each of opened.values()) await each.then((snapshot) => snapshot.close()).catch(() => {})
  }
}

async function resolved(json: unknown, open: (location: string) => Promise<Snapshot>): Promise<unknown> {
  if (Array.isArray(json)) {
    const items: unknown[] = []
    for (const each of json) items.push(await resolved(each, open))
    return items
  }
  if (!isObject(json)) return json
  if (isObject(json.of) && Object.keys(json).length === 1) return { snapshot: await referenced(json.of, open) }
  const members: [string, unknown][] = []
  // A schema of Avro is no place for types of Flink.
  for (const [name, each] of Object.entries(json)) {
    members.push([name, name === 'avro' ? each : await resolved(each, open)])
  }
  return Object.fromEntries(members)
}

async function referenced(
  reference: Readonly<Record<string, unknown>>,
  open: (location: string) => Promise<Snapshot>,
): Promise<string> {
  const { snapshot: location, operator: name, state, part = 'value' } = reference
  const wrong = Object.keys(reference).find((each) => !['snapshot', 'operator', 'state', 'part'].includes(each))
  if (wrong !== undefined) throw new KobelError('USAGE', `of has no member ${shown(wrong)}`)
  if (typeof location !== 'string' || typeof name !== 'string' || typeof part !== 'string' || !PARTS.includes(part)) {
    throw new KobelError(
      'USAGE',
      `of has the members snapshot, operator, state and part (${PARTS.join(', ')}), found ${shown(reference)}`,
    )
  }
  const operator = (await open(location)).operator(name)
  const found =
    part === 'key' && state === undefined
      ? (await operator.keyedSources())[0]?.head.keySerializer
      : partOf(await stateOf(operator, String(state), location), part)
  if (found) return textOf(found)
  throw new KobelError('NOT_FOUND', `there is no ${part} here`, {
    file: location,
    operator: name,
    ...(typeof state === 'string' && { state }),
  })
}

async function stateOf(operator: Operator, name: string, location: string): Promise<StateMetaInfo> {
  const keyed = (await operator.keyedSources()).flatMap(({ head }) => head.states)
  const elements = operator.operatorSources.flatMap(({ head }) => [...head.operatorStates, ...head.broadcastStates])
  const states = [...keyed, ...elements]
  const found = states.find((each) => each.name === name)
  if (found) return found
  const names = [...new Set(states.map((each) => each.name))]
  throw noSuch('state', name, names, { file: location, operator: operator.label })
}

/** The type that a description gives: of an element, of a map's value, without the wrapper of TTL. */
function partOf(state: StateMetaInfo, part: string): SerializerSnapshot | undefined {
  const value = serializerOf(state, 'VALUE_SERIALIZER')
  if (part === 'namespace') {
    return state.backendStateType === 'PRIORITY_QUEUE'
      ? nestedIn(value)[1]
      : serializerOf(state, 'NAMESPACE_SERIALIZER')
  }
  if (part === 'key') return state.backendStateType === 'PRIORITY_QUEUE' ? nestedIn(value)[0] : undefined
  const kind = optionOf(state, 'KEYED_STATE_TYPE')
  if (part === 'mapKey') return kind === 'MAP' ? nestedIn(value)[0] : serializerOf(state, 'KEY_SERIALIZER')
  if (state.backendStateType !== 'KEY_VALUE') return value
  const user = kind === 'LIST' ? nestedIn(value)[0] : kind === 'MAP' ? nestedIn(value)[1] : value
  return user?.className.endsWith('TtlStateFactory$TtlSerializerSnapshot') ? nestedIn(user)[1] : user
}

function nestedIn(snapshot: SerializerSnapshot | undefined): readonly SerializerSnapshot[] {
  return (snapshot?.body as Partial<CompositeBody<unknown>> | undefined)?.nested ?? []
}

function textOf(snapshot: SerializerSnapshot): string {
  const writer = new Writer(snapshot.raw.length + 4)
  writeSerializerSnapshot(writer, snapshot)
  return toBase64(writer.toBytes())
}
