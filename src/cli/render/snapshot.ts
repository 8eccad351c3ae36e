import type { SnapshotDescription } from '../../snapshot/describe.ts'
import type { OperatorDescription } from '../../snapshot/describe-operator.ts'
import type { MarkKind } from '../../snapshot/restore-marks.ts'
import type { Colors } from './colors.ts'
import { labelOf, operatorLines } from './operator.ts'
import { formatBytes, plural } from './size.ts'
import { printable, wrap } from './text.ts'

/** The picture that `kobel inspect` prints. `width` may be infinite. */
export function* snapshotLines(
  description: SnapshotDescription,
  width: number,
  colors: Colors,
): Generator<string, void, undefined> {
  yield* headerLines(description, width, colors)
  const isBare = (operator: OperatorDescription): boolean =>
    operator.states.length === 0 && operator.blobs.length === 0 && operator.unreadable.length === 0
  for (const operator of description.operators) {
    if (isBare(operator)) continue
    yield ''
    yield* operatorLines(operator, width, colors)
  }
  const finished = description.operators.filter((each) => isBare(each) && each.fullyFinished)
  const stateless = description.operators.filter((each) => isBare(each) && !each.fullyFinished)
  yield* namesLines('Finished', finished, width, colors)
  yield* namesLines('Without state', stateless, width, colors)
  yield* legendLines(description, width, colors)
}

function* headerLines(description: SnapshotDescription, width: number, colors: Colors): Generator<string> {
  const { bytes, files, operatorCount, stateCount, masterStates, moves } = description
  yield colors.bold(printable(description.location))
  const kind = [kindText(description), ...formatText(description), `checkpoint ${description.checkpointId}`]
  yield* wrap(kind.join(' · '), width, 2)
  const { flink } = description
  const narrowed = flink.marks.length === 0 ? '' : ` (${flink.marks.join(', ')})`
  yield* wrap(
    `written by Flink ${flinkText(flink)}${narrowed} · _metadata version ${description.metadataVersion}`,
    width,
    2,
  )
  const states = description.operators.length === operatorCount ? [plural(stateCount, 'state')] : []
  yield* wrap(
    [`${formatBytes(bytes.total)} in ${plural(files, 'file')}`, plural(operatorCount, 'operator'), ...states].join(
      ' · ',
    ),
    width,
    2,
  )
  for (const { from, to } of moves)
    yield* wrap(colors.yellow(`moved: ${printable(from)} is now ${printable(to)}`), width, 2)
  for (const { name, bytes: size } of masterStates) yield `master state ${printable(name)}: ${formatBytes(size)}`
}

function kindText({ kind, properties }: SnapshotDescription): string {
  const name = properties?.name
  if (name !== undefined) return name
  return kind === 'unknown' ? 'Savepoint or checkpoint' : `${kind[0]!.toUpperCase()}${kind.slice(1)}`
}

const BACKENDS: Readonly<Record<SnapshotDescription['backend'], string | undefined>> = {
  hashmap: 'HashMap state backend',
  rocksdb: 'RocksDB',
  forst: 'ForSt',
  'rocksdb or forst': 'RocksDB or ForSt',
  any: undefined,
  unknown: undefined,
}

function formatText({ format, forms, backend, kind, operators }: SnapshotDescription): string[] {
  const compressed = operators.some((operator) => operator.compressed)
  const name = BACKENDS[backend]
  return [
    ...(kind === 'checkpoint' || format === 'unknown' ? [] : [format]),
    ...forms,
    ...(compressed ? ['compressed'] : []),
    ...(name === undefined ? [] : [name]),
  ]
}

function flinkText({ first, last }: SnapshotDescription['flink']): string {
  if (last === undefined) return `${first} or later`
  return first === last ? first : `${first} to ${last}`
}

function* namesLines(
  title: string,
  operators: readonly OperatorDescription[],
  width: number,
  colors: Colors,
): Generator<string> {
  if (operators.length === 0) return
  yield ''
  const [first, ...rest] = wrap(`${title}: ${operators.map((each) => printable(labelOf(each))).join(', ')}`, width, 2)
  yield first!.replace(title, colors.bold(title))
  yield* rest
}

const LEGEND: Readonly<Record<MarkKind, string>> = {
  kryo: 'written by Kryo 2; Flink 2.x has Kryo 5 and will not restore it',
  'pojo-collections':
    'a List, Map or Set inside a POJO, written by Kryo; Flink 2.x has serializers of its own for them and will not restore the POJO',
  unknown: 'kobel does not know the serializer: values are shown as bytes',
  inferred: 'the end of an unknown serializer snapshot was worked out from what follows it',
  differs: 'subtasks declare different types',
  hidden: 'the head of the state could not be read this far: name and type are not known',
}

function* legendLines({ operators }: SnapshotDescription, width: number, colors: Colors): Generator<string> {
  const marks = operators.flatMap((each) => [...each.keyMarks, ...each.states.flatMap((state) => state.marks)])
  const used = new Set(marks.map(({ mark }) => mark))
  if (used.size === 0) return
  yield ''
  for (const [mark, meaning] of Object.entries(LEGEND)) {
    if (!used.has(mark as MarkKind)) continue
    const [first, ...rest] = wrap(`[${mark}] ${meaning}`, width, 2)
    yield first!.replace(`[${mark}]`, colors.yellow(`[${mark}]`))
    yield* rest
  }
}
