import { KobelError } from '../error.ts'
import type {
  KeyedStateHandle,
  OperatorMetadata,
  OperatorStateHandle,
  SubtaskMetadata,
} from '../format/metadata/index.ts'
import { keyGroupRangeOf } from '../snapshot/key-groups.ts'
import type { KeyedSource } from '../snapshot/keyed-source.ts'
import type { Operator } from '../snapshot/operator.ts'
import { locatedSkips, type OnSkip } from '../snapshot/skipped.ts'
import { AddedRows } from './added.ts'
import { type ElementCounts, touchesElements, writeElements } from './elements.ts'
import { type TargetHead, targetHead } from './head.ts'
import { type KeyHash, keyHashOf } from './key-hash.ts'
import { type KeyedWork, writeKeyedSubtask } from './keyed.ts'
import type { ApplyOptions, TargetOperator } from './model.ts'
import type { Outputs } from './output.ts'
import { reportOf } from './report.ts'
import { rescaleKeyed } from './rescale.ts'
import { newCounts, type OperatorReport } from './stats.ts'
import { StreamCopier } from './streams.ts'

const MEMORY_BYTES: number = 128 << 20

/** Writes the state of one operator of the new savepoint, and tells what was done. */
export async function writeOperator(
  { source: operator, edit }: TargetOperator,
  outputs: Outputs,
  options: ApplyOptions,
): Promise<{ metadata: OperatorMetadata | undefined; report: OperatorReport }> {
  await operator.load()
  const target = new OperatorTarget({ source: operator, edit }, outputs, options)
  if (edit.remove) return { metadata: undefined, report: target.report() }
  target.check()
  return { metadata: await target.write(), report: target.report() }
}

class OperatorTarget {
  private readonly operator: Operator
  private readonly edit: TargetOperator['edit']
  private readonly outputs: Outputs
  private readonly options: ApplyOptions
  private readonly onSkip: OnSkip | undefined
  private readonly id: string
  private readonly maxParallelism: number
  private readonly parallelism: number
  private readonly counts = newCounts()
  private readonly elements: ElementCounts = new Map()
  private readonly copier: StreamCopier
  private heads: TargetHead[] = []
  private added: AddedRows | undefined
  private keyHash: Promise<KeyHash> | undefined
  private hashedHow: string | undefined
  private readonly warnings: string[] = []

  constructor({ source: operator, edit }: TargetOperator, outputs: Outputs, options: ApplyOptions) {
    this.operator = operator
    this.edit = edit
    this.outputs = outputs
    this.options = options
    this.onSkip = options.onSkip && locatedSkips(options.onSkip, { operator: operator.label })
    this.id = edit.id ?? operator.id
    const wanted = edit.maxParallelism ?? operator.maxParallelism
    // An operator that must not run in parallel has max parallelism 1 for ever.
    this.maxParallelism = operator.maxParallelism === 1 ? 1 : wanted
    this.parallelism = edit.parallelism ?? operator.parallelism
    this.copier = new StreamCopier(operator.context.streams, outputs, options.reference ?? false)
  }

  private get rescales(): boolean {
    return this.maxParallelism !== this.operator.maxParallelism
  }

  check(): void {
    const { operator, edit, maxParallelism, parallelism } = this
    const refuse = (message: string): never => {
      throw new KobelError('INCOMPATIBLE', message, { operator: operator.label })
    }
    if (parallelism > maxParallelism) {
      refuse(`the parallelism is ${parallelism}: max parallelism cannot be less, ${maxParallelism} was given`)
    }
    const moved = this.rescales || parallelism !== operator.parallelism
    const { subtasks } = operator.metadata
    if (moved && subtasks.some((each) => each.inputChannelState.length + each.resultSubpartitionState.length > 0)) {
      refuse(
        'records in flight (channel state of an unaligned checkpoint) cannot be moved to other key groups; take an aligned checkpoint or a savepoint',
      )
    }
    if (
      parallelism !== operator.parallelism &&
      subtasks.some((each) => each.managedOperatorState ?? each.rawOperatorState)
    ) {
      refuse(
        'the operator has operator state, which Flink redistributes by itself when the job starts with another parallelism; leave the stored parallelism as it is',
      )
    }
    if (moved && !operator.fullyFinished && subtasks.some((each) => each.finished)) {
      refuse('some of its subtasks had finished, which Flink cannot move to other key groups')
    }
    for (const name of edit.states.keys()) {
      if (edit.created.has(name) || operator.states.some((state) => state.name === name)) continue
      const names = operator.states.map((state) => state.name).join(', ')
      throw new KobelError('NOT_FOUND', `there is no state ${name}; the operator has ${names || 'none'}`, {
        operator: operator.label,
      })
    }
    if (!this.onSkip) {
      const failed = operator.unreadable[0]
      if (failed)
        throw new KobelError(failed.error.code, failed.error.message, {
          operator: operator.label,
          ...failed.error.where,
        })
    }
  }

  async write(): Promise<OperatorMetadata> {
    const { operator, edit, id, maxParallelism, parallelism } = this
    const keyed = await this.writeKeyed()
    const subtasks: SubtaskMetadata[] = []
    const known = new Map(operator.metadata.subtasks.map((subtask) => [subtask.index, subtask]))
    for (let index = 0; index < Math.max(parallelism, operator.parallelism); index++) {
      const subtask = known.get(index)
      if (subtask?.finished) {
        subtasks.push(subtask)
        continue
      }
      const managedKeyedState = keyed.get(index)
      const rest = subtask ? await this.writeRest(subtask) : NO_STATE
      const has =
        managedKeyedState !== undefined || Object.values(rest).some((each) => !Array.isArray(each) || each.length > 0)
      if (!has && !subtask) continue
      subtasks.push({ index, finished: false, ...NO_STATE, ...rest, ...(managedKeyedState && { managedKeyedState }) })
    }
    const { coordinatorState, fullyFinished } = operator.metadata
    const uid = edit.uid ?? (edit.id === undefined ? operator.metadata.uid : undefined)
    const name = edit.name ?? operator.metadata.name
    return {
      id,
      ...(uid !== undefined && { uid }),
      ...(name !== undefined && { name }),
      parallelism,
      maxParallelism,
      ...(coordinatorState && { coordinatorState }),
      fullyFinished,
      subtasks,
    }
  }

  private async writeRest(subtask: SubtaskMetadata): Promise<Partial<SubtaskMetadata>> {
    const { rawKeyedState } = subtask
    const managedOperatorState = await this.writeOperatorState(subtask)
    const rest = await this.copier.copyRest(subtask, this.id, this.onSkip)
    const isUsers = rawKeyedState && this.rawOfUser.has(subtask.index)
    const raw = isUsers ? await this.copier.copyKeyed(rawKeyedState, `${this.id}-rawkeyed-${subtask.index}`) : undefined
    return { ...rest, ...(managedOperatorState && { managedOperatorState }), ...(raw && { rawKeyedState: raw }) }
  }

  private async writeOperatorState(subtask: SubtaskMetadata): Promise<OperatorStateHandle | undefined> {
    const handle = subtask.managedOperatorState
    if (!handle || (handle.kind === 'file-merging-operator-stream' && handle.empty)) return undefined
    const partition = `${this.id}-operator-${subtask.index}`
    const source = this.operator.operatorSources.find((each) => each.subtask === subtask.index)
    if (!source && this.onSkip) {
      const failed = this.operator.unreadable.find((each) => each.part === 'operator' && each.subtask === subtask.index)
      if (failed) this.onSkip({ part: 'operator', subtask: subtask.index, error: failed.error })
      return undefined
    }
    const touched = source && [...source.states.keys()].some((name) => touchesElements(this.edit, name))
    // What is to be salvaged has to be looked at.
    if (source && (touched || (this.onSkip && source.head.cut === undefined))) {
      return writeElements(this.operator, source, this.edit, this.outputs, partition, this.elements, this.onSkip)
    }
    this.counts.files++
    return { kind: 'operator-stream', states: handle.states, stream: await this.copier.copy(handle.stream, partition) }
  }

  /** Subtasks whose raw keyed state is the user's own and not timers. */
  private rawOfUser = new Set<number>()

  private async writeKeyed(): Promise<Map<number, KeyedStateHandle>> {
    const { operator, edit } = this
    const all = await operator.keyedSources(undefined, this.onSkip)
    for (const { format, subtask, states } of all) {
      if (format === 'raw-timers' && states.length === 0) this.rawOfUser.add(subtask)
    }
    const moved = this.rescales || this.parallelism !== operator.parallelism
    if (moved && this.rawOfUser.size > 0) {
      throw new KobelError(
        'INCOMPATIBLE',
        'the raw keyed state is written by user code, and kobel cannot tell its keys: it cannot be put into other key groups',
        { operator: operator.label },
      )
    }
    const sources = all.filter((source) => source.states.length > 0)
    for (const source of sources) if (source.format === 'raw-timers') await meetAllStates(source)
    if (sources.length === 0) {
      this.added = await AddedRows.of(operator, edit, [], this.maxParallelism, () => this.learn(sources))
      return new Map()
    }
    return this.rescales ? this.writeRescaled(sources) : this.writeSubtasks(sources)
  }

  private async writeRescaled(sources: readonly KeyedSource[]): Promise<Map<number, KeyedStateHandle>> {
    const { operator, edit, maxParallelism } = this
    const head = targetHead(sources, edit, operator, this.onSkip !== undefined, this.options.samples ?? 0)
    this.heads = [head]
    const keyHash = await this.learn(sources)
    this.hashedHow = keyHash.how
    this.added = await AddedRows.of(operator, edit, this.heads, maxParallelism, async () => keyHash)
    if (head.states.length === 0) return new Map()
    const memoryBytes = this.outputs.sink?.memoryBytes ?? MEMORY_BYTES
    return rescaleKeyed(
      { ...this.work(), parallelism: this.parallelism, keyHash, memoryBytes },
      sources,
      head,
      this.added,
    )
  }

  private async writeSubtasks(sources: readonly KeyedSource[]): Promise<Map<number, KeyedStateHandle>> {
    const { operator, edit, maxParallelism, parallelism } = this
    const parts = Array.from({ length: parallelism }, (_, subtask) => {
      const range = keyGroupRangeOf(maxParallelism, parallelism, subtask)
      const within = sources.filter(
        ({ keyGroupRange: { keyGroupFirst, keyGroupLast } }) =>
          keyGroupFirst <= range.keyGroupLast && keyGroupLast >= range.keyGroupFirst,
      )
      const head =
        within.length === 0
          ? undefined
          : targetHead(within, edit, operator, this.onSkip !== undefined, this.options.samples ?? 0)
      return { subtask, range, within, head }
    })
    this.heads = parts.flatMap(({ head }) => head ?? [])
    this.added = await AddedRows.of(operator, edit, this.heads, maxParallelism, () => this.learn(sources))
    const handles = new Map<number, KeyedStateHandle>()
    for (const { subtask, range, within, head } of parts) {
      if (!head || head.states.length === 0) {
        this.added.refuse(range, operator.label)
        continue
      }
      handles.set(subtask, await writeKeyedSubtask(this.work(), subtask, range, within, head, this.added))
    }
    return handles
  }

  private learn(sources: readonly KeyedSource[]): Promise<KeyHash> {
    const state = sources[0]?.states[0]
    if (!state) throw new KobelError('NOT_FOUND', 'the operator has no keyed state', { operator: this.operator.label })
    this.keyHash ??= keyHashOf(this.operator, state, this.edit.keyHash)
    return this.keyHash
  }

  private work(): KeyedWork {
    const { operator, id, maxParallelism, outputs, copier, counts, onSkip } = this
    return {
      operator,
      id,
      maxParallelism,
      outputs,
      copier,
      counts,
      onSkip,
      onEntries: this.options.onEntries ?? (() => {}),
    }
  }

  report(): OperatorReport {
    const { operator, edit, counts, copier } = this
    counts.referenced = copier.referenced
    return reportOf({
      operator,
      edit,
      id: this.id,
      heads: this.heads,
      elements: this.elements,
      added: this.added?.counts ?? new Map(),
      counts,
      maxParallelism: this.maxParallelism,
      parallelism: this.parallelism,
      keyHash: this.hashedHow,
      warnings: this.warnings,
      samples: this.options.samples ?? 0,
    })
  }
}

const NO_STATE = { inputChannelState: [], resultSubpartitionState: [] } as const

/** The states of raw timers turn up while they are read. */
async function meetAllStates(source: KeyedSource): Promise<void> {
  for await (const _ of source.scan()) {
    // Only the states count.
  }
}
