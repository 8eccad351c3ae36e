import type { Rows } from '../rows.ts'

/** One JSON object per row. */
export async function* jsonLines({ rows }: Rows): AsyncGenerator<string, void, undefined> {
  for await (const row of rows) yield `{${row.map(([name, json]) => `"${name}":${json}`).join(',')}}`
}
