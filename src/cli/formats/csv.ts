import type { Rows } from '../rows.ts'

/** CSV after RFC 4180: lines end with CR LF (the LF is the writer's). Composite values are JSON in one field. */
export async function* csvLines({ columns, rows }: Rows): AsyncGenerator<string, void, undefined> {
  yield `${columns.join(',')}\r`
  for await (const row of rows) {
    const members = new Map(row)
    yield `${columns.map((column) => field(members.get(column))).join(',')}\r`
  }
}

/** An empty field is null, `""` an empty text. */
function field(json: string | undefined): string {
  if (json === undefined || json === 'null') return ''
  const text = json.startsWith('"') ? (JSON.parse(json) as string) : json
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
