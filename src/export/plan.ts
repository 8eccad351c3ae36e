import { toBase64 } from '../bytes/encoding.ts'
import { Writer } from '../bytes/writer.ts'
import type { StateMetaInfo } from '../format/state-meta-info.ts'
import { longJson } from '../serializer/interpreter/json.ts'
import { type SerializerSnapshot, writeSerializerSnapshot } from '../serializer/snapshot.ts'
import type { Snapshot } from '../snapshot/open.ts'
import type { Operator } from '../snapshot/operator.ts'

/**
 * The first line of a dump: what the rows do not say. It names no path, format or version of the source, so that equal
 * states dump equally. Serializer snapshots are base64 of the form in the head of a stream; subtasks that declare the
 * same share one entry. `salvage`: what cannot be read is left out.
 */
export async function planOf(snapshot: Snapshot, operators: readonly Operator[], salvage = false): Promise<string> {
  const { metadata } = snapshot
  const described = await Promise.all(operators.map((operator) => describeOperator(operator, salvage)))
  const rest = JSON.stringify({
    // Versions without a place for properties, and a stored null, come to the same.
    properties: metadata.properties && metadata.properties.parsed !== null ? toBase64(metadata.properties.raw) : null,
    masterStates: metadata.masterStates.map(({ name, version, bytes }) => ({ name, version, bytes: toBase64(bytes) })),
    operators: described,
  })
  return `{"plan":{"checkpointId":${longJson(metadata.checkpointId)},${rest.slice(1)}}`
}

async function describeOperator(operator: Operator, salvage: boolean): Promise<Record<string, unknown>> {
  const { metadata } = operator
  const coordinator = (await operator.blobs(salvage ? { onSkip: () => {} } : {})).find(
    (blob) => blob.part === 'coordinator',
  )
  const finished = metadata.subtasks.filter((subtask) => subtask.finished).map((subtask) => subtask.index)
  return {
    id: operator.id,
    ...(operator.uid !== undefined && { uid: operator.uid }),
    ...(operator.name !== undefined && { name: operator.name }),
    parallelism: operator.parallelism,
    maxParallelism: operator.maxParallelism,
    ...(coordinator && { coordinator: toBase64(await coordinator.read(0, coordinator.length)) }),
    ...(metadata.fullyFinished && { fullyFinished: true }),
    ...(finished.length > 0 && { finishedSubtasks: finished }),
    keyed: await keyedDeclarations(operator, salvage),
    operatorState: operatorDeclarations(operator),
  }
}

async function keyedDeclarations(operator: Operator, salvage: boolean): Promise<unknown[]> {
  const broken = !salvage && operator.unreadable.some((each) => each.part === 'keyed')
  const sources = broken ? [] : await operator.keyedSources(undefined, salvage ? () => {} : undefined)
  return grouped(
    sources.map(({ subtask, head }) => ({
      subtask,
      declaration: {
        compressed: head.compressed,
        keySerializer: snapshotText(head.keySerializer),
        states: head.states.map(describeState),
      },
    })),
  )
}

function operatorDeclarations(operator: Operator): unknown[] {
  return grouped(
    operator.operatorSources.map(({ subtask, head }) => ({
      subtask,
      declaration: {
        compressed: head.compressed,
        states: head.operatorStates.map(describeState),
        broadcastStates: head.broadcastStates.map(describeState),
      },
    })),
  )
}

/** Equal declarations once, with the subtasks that have them. */
function grouped(declared: readonly { readonly subtask: number; readonly declaration: object }[]): unknown[] {
  const groups = new Map<string, { subtasks: number[]; declaration: object }>()
  for (const { subtask, declaration } of declared) {
    const text = JSON.stringify(declaration)
    const group = groups.get(text) ?? { subtasks: [], declaration }
    group.subtasks.push(subtask)
    groups.set(text, group)
  }
  return [...groups.values()].map(({ subtasks, declaration }) => ({ subtasks, ...declaration }))
}

function describeState(info: StateMetaInfo): Record<string, unknown> {
  return {
    name: info.name,
    type: info.backendStateType,
    options: info.options,
    serializers: info.serializers.map(([key, snapshot]) => [key, snapshotText(snapshot)]),
  }
}

function snapshotText(snapshot: SerializerSnapshot): string {
  const writer = new Writer(snapshot.raw.length + 4)
  writeSerializerSnapshot(writer, snapshot)
  return toBase64(writer.toBytes())
}
