import { parentPort, workerData } from 'node:worker_threads'
import { KobelError, type KobelErrorCode } from '../error.ts'
import { FileSpill, sharedSpillFile } from '../store/file-writer.ts'
import type { PartitionHandle } from '../write/handle.ts'
import { Intake } from '../write/intake.ts'
import { PartitionWriter } from '../write/partition.ts'
import { partitionId, partitionsOf, planHash } from '../write/plan.ts'
import { newTaken, type RowOrLine, type Taken, takeRow } from '../write/take-lines.ts'
import { openWritable } from './open-writable.ts'
import type { WorkerSettings } from './write-savepoint.ts'

/**
 * One thread of the local engine. First it takes batches of rows of all partitions, then gives their sorted runs away, and
 * then writes the partitions that it is told to, of the runs of all threads.
 */

/** What the engine asks of a thread. */
export type Asked =
  | { readonly kind: 'rows'; readonly rows: readonly RowOrLine[]; readonly index: number; readonly line: number }
  | { readonly kind: 'hand off' }
  | { readonly kind: 'write'; readonly id: string; readonly runs: readonly SharedRuns[] }
  | { readonly kind: 'end' }

/** Runs in files of the program, by their descriptors. */
export interface SharedRuns {
  readonly rows: number
  readonly counts: readonly number[]
  readonly files: readonly { readonly descriptor: number; readonly length: number }[]
}

/** The answer to what was asked. */
export type Answered =
  | { readonly kind: 'rows'; readonly taken: Taken }
  | {
      readonly kind: 'hand off'
      readonly runs: readonly (readonly [id: string, runs: SharedRuns])[]
      readonly counts: readonly (readonly [kind: string, count: number])[]
    }
  | { readonly kind: 'write'; readonly handle: PartitionHandle }
  | { readonly kind: 'end' }
  | {
      readonly kind: 'failure'
      readonly code: KobelErrorCode | undefined
      readonly message: string
      readonly where: object
    }

class EngineThread {
  private readonly settings: WorkerSettings
  private readonly sink: ConstructorParameters<typeof PartitionWriter>[2]
  private readonly intake: Intake
  private readonly hash: string

  constructor(settings: WorkerSettings) {
    this.settings = settings
    this.sink = {
      ...openWritable(settings.target),
      spill: new FileSpill(settings.spillDirectory),
      memoryBytes: settings.memoryBytes,
      inlineBytes: settings.inlineBytes,
    }
    this.intake = new Intake(settings.plan, this.sink, settings.options)
    this.hash = planHash(settings.plan)
  }

  async answer(asked: Asked): Promise<Answered> {
    switch (asked.kind) {
      case 'rows':
        return { kind: 'rows', taken: await this.take(asked.rows, asked.index, asked.line) }
      case 'hand off':
        return { kind: 'hand off', runs: await this.handOff(), counts: [...this.intake.counts] }
      case 'write':
        return { kind: 'write', handle: await this.write(asked.id, asked.runs) }
      case 'end':
        await this.intake.abandon()
        await this.sink.spill.close()
        await this.sink.store.close?.()
        return { kind: 'end' }
    }
  }

  private async take(rows: readonly RowOrLine[], index: number, line: number): Promise<Taken> {
    const taken = newTaken(line)
    for (const row of rows) {
      const wait = takeRow(this.intake, row, index + taken.line - line, taken)
      if (wait) await wait
    }
    return taken
  }

  private async handOff(): Promise<(readonly [string, SharedRuns])[]> {
    return [...(await this.intake.handOff())].map(([id, { rows, counts, runs }]) => {
      const files = runs.map(({ file, length }) => ({ descriptor: file.descriptor!, length }))
      return [id, { rows, counts, files }] as const
    })
  }

  private async write(id: string, shared: readonly SharedRuns[]): Promise<PartitionHandle> {
    const { plan, options } = this.settings
    const partition = partitionsOf(plan).find((each) => partitionId(each) === id)!
    const writer = new PartitionWriter(plan, partition, this.sink, options, this.hash)
    for (const { rows, counts, files } of shared) {
      const runs = files.map(({ descriptor, length }) => ({ file: sharedSpillFile(descriptor), length }))
      writer.adopt({ rows, counts, runs })
    }
    return writer.finish()
  }
}

function failureOf(error: unknown): Answered {
  const isOwn = error instanceof KobelError
  const message = error instanceof Error ? error.message : String(error)
  return { kind: 'failure', code: isOwn ? error.code : undefined, message, where: isOwn ? error.where : {} }
}

if (parentPort) {
  const port = parentPort
  const thread = new EngineThread(workerData as WorkerSettings)
  // One thing at a time, in the order in which it was asked.
  let last: Promise<void> = Promise.resolve()
  port.on('message', (asked: Asked) => {
    last = last.then(async () => port.postMessage(await thread.answer(asked).catch(failureOf)))
  })
}
