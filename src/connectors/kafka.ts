import type { Reader } from '../bytes/reader.ts'
import { readSized, readWhole } from '../format/simple-versioned.ts'
import { type Connector, expectThat, type Plain, plainLong, readMany } from './connector.ts'

/** `KafkaPartitionSplit`: offsets that stand for a place. */
const STARTING: ReadonlyMap<bigint, string> = new Map([
  [-1n, 'latest'],
  [-2n, 'earliest'],
  [-3n, 'committed'],
])

const NO_STOPPING_OFFSET = -(2n ** 63n)

const ASSIGNMENT: readonly string[] = ['assigned', 'unassigned']
const OWNERSHIP: readonly string[] = ['implicit', 'explicit']

/** flink-connector-kafka 1.14 to 5.0, source and sink. */
export const KAFKA: Connector = {
  name: 'kafka',
  split: { versions: [0], read: readSplit },
  enumerator: { versions: [0, 1, 2, 3], read: readEnumerator },
  writerState: { versions: [1, 2], read: readWriterState },
  committable: { versions: [1], read: readCommittable },
}

/**
 * `split = utf topic, i32 partition, i64 offset to read next, i64 stoppingOffset` (`KafkaPartitionSplitSerializer`)
 */
function readSplit(reader: Reader): { readonly [name: string]: Plain } {
  const topicPartition = readTopicPartition(reader)
  const starting = reader.i64()
  const stopping = reader.i64()
  expectThat(starting >= -3n, 'an offset to read next', reader)
  expectThat(stopping === NO_STOPPING_OFFSET || stopping >= -3n, 'an offset to stop at', reader)
  return {
    ...topicPartition,
    startingOffset: STARTING.get(starting) ?? plainLong(starting),
    stoppingOffset: stopping === NO_STOPPING_OFFSET ? null : (STARTING.get(stopping) ?? plainLong(stopping)),
  }
}

/** `utf topic, i32 partition`; Kafka takes up to 249 letters, digits, dots, underscores and hyphens. */
function readTopicPartition(reader: Reader): { readonly topic: string; readonly partition: number } {
  const topic = reader.utf()
  expectThat(/^[\w.-]{1,249}$/.test(topic), 'the name of a topic', reader)
  const partition = reader.i32()
  expectThat(partition >= 0, 'the number of a partition', reader)
  return { topic, partition }
}

/**
 * ```
 * version 0: i32 n, i32 split version, { i32 subtask, i32 m, { i32 length, split }* }*
 * version 1: i32 n, { utf topic, i32 partition }*                                 all of them assigned
 * version 2: i32 n, { utf topic, i32 partition, i32 status }*, bool discovered
 * version 3: i32 n, i32 split version, { i32 length, split, i32 status }*, bool discovered
 * ```
 * (`KafkaSourceEnumStateSerializer`). `discovered`: the first look for partitions was done.
 */
function readEnumerator(reader: Reader, version: number): Plain {
  if (version === 0) return readAssignments(reader)
  if (version === 1) {
    const splits = readMany(reader, 'partitions', 6, () => ({
      ...readTopicPartition(reader),
      status: 'assigned',
    }))
    return { splits }
  }
  const count = reader.count('partitions', 10)
  if (version === 3) expectThat(reader.i32() === 0, 'version 0 of a split', reader)
  const splits = Array.from({ length: count }, () => ({
    ...(version === 3 ? readWhole(readSized(reader), readSplit) : readTopicPartition(reader)),
    status: readNamed(reader, ASSIGNMENT),
  }))
  return { splits, initialDiscoveryFinished: reader.bool() }
}

function readAssignments(reader: Reader): Plain {
  const count = reader.count('subtasks', 8)
  expectThat(reader.i32() === 0, 'version 0 of a split', reader)
  const splits = Array.from({ length: count }, () => {
    const subtask = reader.i32()
    return readMany(reader, 'splits', 4, () => ({
      ...readWhole(readSized(reader), readSplit),
      subtask,
      status: 'assigned',
    }))
  })
  return { splits: splits.flat() }
}

/**
 * ```
 * version 1: utf transactionalIdPrefix
 * version 2: utf transactionalIdPrefix, i32 ownedSubtaskId, i32 totalOwnedSubtasks, i32 ownership,
 *            i32 n, { utf transactionalId, i64 checkpointId }*
 * ```
 * (`KafkaWriterStateSerializer`)
 */
function readWriterState(reader: Reader, version: number): Plain {
  const transactionalIdPrefix = reader.utf()
  if (version === 1) return { transactionalIdPrefix }
  const ownedSubtaskId = reader.i32()
  const totalNumberOfOwnedSubtasks = reader.i32()
  return {
    transactionalIdPrefix,
    ownedSubtaskId,
    totalNumberOfOwnedSubtasks,
    transactionOwnership: readNamed(reader, OWNERSHIP),
    precommittedTransactions: readMany(reader, 'transactions', 10, () => ({
      transactionalId: reader.utf(),
      checkpointId: plainLong(reader.i64()),
    })),
  }
}

/** `i16 epoch, i64 producerId, utf transactionalId` (`KafkaCommittableSerializer`) */
function readCommittable(reader: Reader): Plain {
  return { epoch: reader.i16(), producerId: plainLong(reader.i64()), transactionalId: reader.utf() }
}

function readNamed(reader: Reader, names: readonly string[]): string {
  const name = names[reader.i32()]
  expectThat(name !== undefined, `one of ${names.join(', ')}`, reader)
  return name ?? ''
}
