import { isHashable } from '../serializer/interpreter/hash.ts'
import type { Operator } from '../snapshot/operator.ts'
import type { ElementCounts } from './elements.ts'
import type { TargetHead } from './head.ts'
import type { OperatorEdit } from './model.ts'
import type { EditCounts, OperatorReport, StateReport } from './stats.ts'

interface Done {
  readonly operator: Operator
  readonly edit: OperatorEdit
  readonly id: string
  readonly heads: readonly TargetHead[]
  readonly elements: ElementCounts
  readonly added: ReadonlyMap<string, number>
  readonly counts: EditCounts
  readonly maxParallelism: number
  readonly parallelism: number
  readonly keyHash: string | undefined
  readonly warnings: readonly string[]
  /** At most so many of each state. */
  readonly samples: number
}

/** What was done with one operator. */
export function reportOf(done: Done): OperatorReport {
  const { operator, edit, id, counts } = done
  const uid = edit.uid
  return {
    operator: operator.label,
    id: operator.id,
    ...(id !== operator.id && { newId: id }),
    ...(uid !== undefined && { newUid: uid }),
    ...(edit.remove && { removed: true }),
    ...(edit.key && { keyDescribed: true }),
    maxParallelism: [operator.maxParallelism, done.maxParallelism],
    parallelism: [operator.parallelism, done.parallelism],
    ...(done.keyHash !== undefined && { keyHash: done.keyHash }),
    states: edit.remove
      ? []
      : [...edit.states.keys()].map((name) => stateReport(done, name)).concat(elementReports(done)),
    counts,
    warnings: [...done.warnings, ...warningsOf(done)],
  }
}

function stateReport({ edit, heads, added, elements, samples }: Done, name: string): StateReport {
  const state = edit.states.get(name)!
  const target = state.rename ?? name
  const report: StateReport = {
    name,
    ...(state.rename !== undefined && { renamed: state.rename }),
    ...(state.remove && { removed: true }),
    ...(state.type && { retyped: state.type.bytesStay ? ('description' as const) : ('type' as const) }),
    changed: elements.get(name)?.changed ?? 0,
    deleted: elements.get(name)?.deleted ?? 0,
    added: added.get(target) ?? 0,
    samples: [],
  }
  for (const head of heads) {
    for (const routes of head.routes.values()) {
      for (const { target: info, change } of routes) {
        if (info.name !== target || !change) continue
        report.changed += change.changed + (change.inPlace?.changed ?? 0)
        report.deleted += change.removed
        report.samples.push(...change.samples.slice(0, samples - report.samples.length))
      }
    }
  }
  return report
}

function elementReports({ edit, elements }: Done): StateReport[] {
  return [...elements]
    .filter(([name]) => !edit.states.has(name))
    .map(([name, { changed, deleted }]) => ({ name, changed, deleted, added: 0, samples: [] }))
}

function warningsOf({ operator, maxParallelism, heads, edit }: Done): string[] {
  const warnings: string[] = []
  const key = heads[0]?.head.keySerializer
  if (edit.maxParallelism !== undefined && operator.maxParallelism === 1 && edit.maxParallelism !== 1) {
    warnings.push('max parallelism stays 1: the operator must not run in parallel')
  }
  if (
    key &&
    maxParallelism === operator.maxParallelism &&
    edit.maxParallelism === undefined &&
    !isHashable(key.layout) &&
    key.layout.op === 'enum'
  ) {
    warnings.push('keys are an enum, whose hash differs from one JVM to the next')
  }
  return warnings
}
