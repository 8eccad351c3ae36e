import { toBase64 } from '../bytes/encoding.ts'
import { KobelError } from '../error.ts'
import { readVersioned, readWhole, type Versioned } from '../format/simple-versioned.ts'
import type { Snapshot } from '../snapshot/open.ts'
import type { Operator } from '../snapshot/operator.ts'
import type { OperatorState } from '../snapshot/operator-state.ts'
import { type Choice, type ConnectorObject, chooseConnector } from './choose.ts'
import { type CommittableCollector, readCommittableCollector } from './committable-collector.ts'
import type { Connector } from './connector.ts'
import { type CoordinatorState, readCoordinatorState } from './coordinator.ts'
import { CONNECTORS, connectorNamed } from './table.ts'

/** What the connector of one operator stored, as plain data. */
export interface ConnectorState {
  /** 32 hex digits. */
  readonly operator: string
  readonly source?: SourceState
  readonly sink?: SinkState
}

interface Told {
  /** Which connector it is, where only one fits or it was chosen. */
  readonly connector?: string
  /** Several fit: bytes are shown until one is chosen. */
  readonly candidates?: readonly string[]
}

/** State of a FLIP-27 source. */
export interface SourceState extends Told {
  /** What the readers have still to read. */
  readonly splits: readonly ElementState[]
  readonly enumerator?: ConnectorObject
  /** Flink 1.11 only. */
  readonly readers?: CoordinatorState['readers']
  /** Flink 1.11 only. */
  readonly assignments?: readonly (ConnectorObject & {
    readonly checkpointId: number | string
    readonly subtask: number
  })[]
  /** Why a part of it is missing. */
  readonly problems?: readonly string[]
}

/** State of a Sink V2: of its writer or of its committer, which are operators of their own. */
export interface SinkState extends Told {
  readonly writerStates?: readonly ElementState[]
  readonly committables?: readonly CollectorState[]
  readonly problems?: readonly string[]
}

/** An element of a list state. Without a version: bytes that have not the frame of one. */
export type ElementState = { readonly subtask: number } & (ConnectorObject | { readonly bytes: string })

/** One request to commit. */
export interface CollectorState {
  /** The subtask of the committer that holds it. */
  readonly subtask: number
  readonly checkpointId?: number | string
  /** The subtask of the writer it comes from. */
  readonly writerSubtask?: number
  readonly committable: ConnectorObject
  readonly retries?: number
  readonly state?: string
}

export interface DescribeConnectorsOptions {
  /** Only these; all by default. */
  readonly operators?: readonly Operator[]
  /** The connector of an operator (uid, name or id), where several fit or none is to be tried. */
  readonly connectors?: Readonly<Record<string, string>>
  /** Connectors besides kobel's own. */
  readonly more?: readonly Connector[]
}

const READER_STATE = 'SourceReaderState'
const WRITER_STATE = 'writer_raw_states'
const COMMITTER_STATE = 'streaming_committer_raw_states'

/**
 * What sources and sinks stored: splits, enumerators, states of writers, committables. Bytes of no known connector are
 * shown as such; nothing that is unreadable makes it fail.
 *
 * @throws KobelError `USAGE` where a chosen connector is not known.
 */
export async function describeConnectors(
  snapshot: Snapshot,
  options: DescribeConnectorsOptions = {},
): Promise<ConnectorState[]> {
  const connectors = [...(options.more ?? []), ...CONNECTORS]
  const chosen = new Map(
    Object.entries(options.connectors ?? {}).map(([operator, name]) => [
      snapshot.operator(operator),
      connectorNamed(connectors, name),
    ]),
  )
  const found: ConnectorState[] = []
  for (const operator of options.operators ?? snapshot.operators) {
    const only = chosen.get(operator)
    const state = await describeOperator(operator, only ? [only] : connectors)
    if (state) found.push(state)
  }
  return found
}

async function describeOperator(
  operator: Operator,
  connectors: readonly Connector[],
): Promise<ConnectorState | undefined> {
  await operator.load()
  const state = (name: string): OperatorState | undefined =>
    operator.operatorStates.find((each) => each.name === name && each.mode !== 'BROADCAST')
  const source = await describeSource(operator, state(READER_STATE), connectors)
  const sink = await describeSink(state(WRITER_STATE), state(COMMITTER_STATE), connectors)
  if (!source && !sink) return undefined
  return { operator: operator.id, ...(source && { source }), ...(sink && { sink }) }
}

async function describeSource(
  operator: Operator,
  reader: OperatorState | undefined,
  connectors: readonly Connector[],
): Promise<SourceState | undefined> {
  const coordinator = await attempt(() => coordinatorOf(operator))
  // Other operators have coordinators too, and forms of theirs.
  if (!reader && coordinator.value === undefined) return undefined
  const splits = await elementsOf(reader)
  const enumerator = coordinator.value?.enumerator
  const assignments = coordinator.value?.assignments
  const choice = chooseConnector(
    new Map([
      ['split', [...versionedOf(splits), ...(assignments ?? []).map(({ split }) => split)]],
      ['enumerator', enumerator ? [enumerator] : []],
    ]),
    connectors,
  )
  const problems = [...splits.problems, ...coordinator.problems]
  return {
    ...toldOf(choice),
    splits: splits.elements.map((element) => elementState(element, choice, 'split')),
    ...(enumerator && { enumerator: choice.decode('enumerator', enumerator) }),
    ...(coordinator.value?.readers && { readers: coordinator.value.readers }),
    ...(assignments && {
      assignments: assignments.map(({ checkpointId, subtask, split }) => ({
        checkpointId,
        subtask,
        ...choice.decode('split', split),
      })),
    }),
    ...(problems.length > 0 && { problems }),
  }
}

async function describeSink(
  writer: OperatorState | undefined,
  committer: OperatorState | undefined,
  connectors: readonly Connector[],
): Promise<SinkState | undefined> {
  if (!writer && !committer) return undefined
  const writers = await elementsOf(writer)
  const committers = await elementsOf(committer)
  const collectors = committers.elements.map(({ subtask, bytes, versioned }) => ({
    subtask,
    bytes,
    collector: versioned && collectorOf(versioned),
  }))
  const committables = collectors.flatMap(({ subtask, collector }) => (collector ? requestsOf(subtask, collector) : []))
  const choice = chooseConnector(
    new Map([
      ['writerState', versionedOf(writers)],
      ['committable', committables.map(({ committable }) => committable)],
    ]),
    connectors,
  )
  const foreign = collectors.filter(({ collector }) => !collector)
  const problems = [
    ...writers.problems,
    ...committers.problems,
    ...foreign.map(({ subtask, bytes }) => `subtask ${subtask}: not the form of a committer: ${toBase64(bytes)}`),
  ]
  return {
    ...toldOf(choice),
    ...(writer && { writerStates: writers.elements.map((element) => elementState(element, choice, 'writerState')) }),
    ...(committer && {
      committables: committables.map(({ committable, ...rest }) => ({
        ...rest,
        committable: choice.decode('committable', committable),
      })),
    }),
    ...(problems.length > 0 && { problems }),
  }
}

function toldOf({ connector, candidates }: Choice): Told {
  return { ...(connector !== undefined && { connector }), ...(candidates && { candidates }) }
}

function collectorOf(versioned: Versioned): CommittableCollector | undefined {
  try {
    return readCommittableCollector(versioned)
  } catch (error) {
    if (error instanceof KobelError) return undefined
    throw error
  }
}

type RawRequest = Omit<CollectorState, 'committable'> & { readonly committable: Versioned }

function requestsOf(committerSubtask: number, { checkpoints }: CommittableCollector): RawRequest[] {
  return checkpoints.flatMap(({ checkpointId, subtasks }) =>
    subtasks.flatMap(({ subtask, requests }) =>
      requests.map((request) => ({
        subtask: committerSubtask,
        ...(checkpointId !== undefined && { checkpointId }),
        ...(subtask !== undefined && { writerSubtask: subtask }),
        ...request,
      })),
    ),
  )
}

interface RawElement {
  readonly subtask: number
  readonly bytes: Uint8Array
  readonly versioned: Versioned | undefined
}

interface RawElements {
  readonly elements: readonly RawElement[]
  readonly problems: readonly string[]
}

/** `SimpleVersionedListState`: elements are `i32 length, versioned`. */
async function elementsOf(state: OperatorState | undefined): Promise<RawElements> {
  if (!state) return { elements: [], problems: [] }
  const elements: RawElement[] = []
  const { problems } = await attempt(async () => {
    for await (const { subtask, value } of state.elements()) {
      if (!(value instanceof Uint8Array)) return
      elements.push({ subtask, bytes: value, versioned: framed(value) })
    }
  })
  return { elements, problems }
}

function framed(bytes: Uint8Array): Versioned | undefined {
  try {
    return readWhole(bytes, readVersioned)
  } catch (error) {
    if (error instanceof KobelError) return undefined
    throw error
  }
}

function versionedOf({ elements }: RawElements): Versioned[] {
  return elements.flatMap(({ versioned }) => versioned ?? [])
}

function elementState(
  { subtask, bytes, versioned }: RawElement,
  choice: Choice,
  role: 'split' | 'writerState',
): ElementState {
  return { subtask, ...(versioned ? choice.decode(role, versioned) : { bytes: toBase64(bytes) }) }
}

async function coordinatorOf(operator: Operator): Promise<CoordinatorState | undefined> {
  const handle = operator.metadata.coordinatorState
  if (!handle) return undefined
  const stream = await operator.context.streams.open(handle)
  const bytes = await stream.read(0, stream.length)
  return readCoordinatorState(bytes)
}

/** What a part is, or why it cannot be read. */
async function attempt<T>(read: () => Promise<T>): Promise<{ value?: T; problems: readonly string[] }> {
  try {
    return { value: await read(), problems: [] }
  } catch (error) {
    if (!(error instanceof KobelError)) throw error
    return { problems: [error.describe()] }
  }
}
