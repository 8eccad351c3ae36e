import type { ResultColumn } from './protocol.ts'
import { type SqlValue, setMember } from './read.ts'

/** A row by the names of its columns; of columns with the same name the later ones get a number. */
export type SqlRow = Readonly<Record<string, SqlValue>>

/** Rows by column. */
export interface SqlBatch {
  readonly count: number
  readonly values: readonly (readonly SqlValue[])[]
}

type Batches = AsyncGenerator<{ count: number; values: readonly (readonly unknown[])[] }, void, undefined>

/** The rows of a statement, which runs when they are asked for, once. They stream: only a few are in memory. */
export class QueryResult implements AsyncIterable<SqlRow> {
  private readonly source: Batches
  private first: Promise<IteratorResult<SqlBatch>> | undefined
  private found: readonly ResultColumn[] | undefined

  constructor(open: (result: QueryResult) => Batches) {
    this.source = open(this)
  }

  /** Names and types of the columns. */
  async columns(): Promise<readonly ResultColumn[]> {
    if (this.found === undefined) {
      this.first ??= this.source.next() as Promise<IteratorResult<SqlBatch>>
      await this.first
    }
    return this.found ?? []
  }

  /** All rows. */
  async rows(): Promise<SqlRow[]> {
    const rows: SqlRow[] = []
    for await (const row of this) rows.push(row)
    return rows
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<SqlRow, void, undefined> {
    let names: readonly string[] | undefined
    for await (const { count, values } of this.batches()) {
      names ??= memberNames(await this.columns())
      for (let row = 0; row < count; row++) {
        const object: Record<string, SqlValue> = {}
        for (let i = 0; i < names.length; i++) setMember(object, names[i]!, values[i]![row]!)
        yield object
      }
    }
  }

  /** Rows by column, as they come. */
  async *batches(): AsyncGenerator<SqlBatch, void, undefined> {
    try {
      const first = await (this.first ?? (this.source.next() as Promise<IteratorResult<SqlBatch>>))
      if (first.done) return
      yield first.value
      yield* this.source as AsyncGenerator<SqlBatch, void, undefined>
    } finally {
      await this.close()
    }
  }

  /** Ends the statement where its rows are not wanted any more. */
  async close(): Promise<void> {
    await this.source.return()
  }

  /** Called when the statement has begun. */
  setColumns(columns: readonly ResultColumn[]): void {
    this.found = columns
  }
}

export function memberNames(columns: readonly ResultColumn[]): string[] {
  const taken = new Set<string>()
  return columns.map(({ name }) => {
    let free = name
    for (let i = 2; taken.has(free); i++) free = `${name}_${i}`
    taken.add(free)
    return free
  })
}
