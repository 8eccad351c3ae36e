import { toBase64 } from '../../bytes/encoding.ts'
import type { QueryResult, ResultColumn, SqlValue } from '../../query/duckdb/index.ts'
import { memberNames } from '../../query/duckdb/result.ts'
import { longJson, numberJson } from '../../serializer/interpreter/json.ts'
import { cellOf } from '../formats/cell.ts'
import type { Colors } from '../render/colors.ts'
import { type Column, columnWidths, tableLine } from '../render/table.ts'

/** Rows of a statement as lines. */

/** A value as JSON: whole numbers beyond 2^53 are texts, bytes base64. */
export function sqlJson(value: SqlValue): string {
  switch (typeof value) {
    case 'bigint':
      return longJson(value)
    case 'number':
      return numberJson(value)
    case 'object':
      if (value === null) return 'null'
      if (value instanceof Uint8Array) return `"${toBase64(value)}"`
      if (Array.isArray(value)) return `[${value.map(sqlJson).join(',')}]`
      return `{${Object.entries(value)
        .map(([name, member]) => `${JSON.stringify(name)}:${sqlJson(member as SqlValue)}`)
        .join(',')}}`
    default:
      return JSON.stringify(value)
  }
}

export async function* sqlJsonLines(result: QueryResult): AsyncGenerator<string, void, undefined> {
  let names: readonly string[] | undefined
  for await (const { count, values } of result.batches()) {
    names ??= memberNames(await result.columns()).map((name) => JSON.stringify(name))
    for (let row = 0; row < count; row++) {
      yield `{${names.map((name, i) => `${name}:${sqlJson(values[i]![row]!)}`).join(',')}}`
    }
  }
}

/** RFC 4180; nested values are JSON in one field. */
export async function* sqlCsvLines(result: QueryResult): AsyncGenerator<string, void, undefined> {
  yield `${(await result.columns()).map(({ name }) => quoted(name)).join(',')}\r`
  for await (const { count, values } of result.batches()) {
    for (let row = 0; row < count; row++) yield `${values.map((column) => csvField(column[row]!)).join(',')}\r`
  }
}

/** A value as bare text: nested ones as JSON. */
export function sqlText(value: SqlValue): string | null {
  if (value === null || typeof value === 'string') return value
  if (typeof value === 'bigint') return String(value)
  const json = sqlJson(value)
  return json.startsWith('"') ? (JSON.parse(json) as string) : json
}

/** An empty field is null, `""` an empty text. */
function csvField(value: SqlValue): string {
  const text = sqlText(value)
  return text === null ? '' : quoted(text)
}

function quoted(text: string): string {
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** Rows that the widths of columns are taken from; the others follow them. */
const MEASURED = 500

/** A compact table for people. */
export async function* sqlTableLines(
  result: QueryResult,
  width: number,
  colors: Colors,
): AsyncGenerator<string, void, undefined> {
  const first: string[][] = []
  const titles = (await result.columns()).map(titleOf)
  let widths: readonly number[] | undefined
  const flush = function* (): Generator<string> {
    widths = columnWidths(titles, first, width)
    yield colors.bold(
      tableLine(
        titles,
        widths,
        titles.map((each) => each.title),
      ),
    )
    for (const row of first) yield tableLine(titles, widths, row)
  }
  for await (const { count, values } of result.batches()) {
    for (let row = 0; row < count; row++) {
      const cells = values.map((column) => cell(column[row]!))
      if (widths) yield tableLine(titles, widths, cells)
      else {
        first.push(cells)
        if (first.length === MEASURED) yield* flush()
      }
    }
  }
  if (!widths) yield* first.length === 0 ? ['no rows'] : flush()
}

const NUMBER = /^(?:U?(?:TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL\(.*\))$/

function titleOf({ name, type }: ResultColumn): Column {
  return { title: name, ...(NUMBER.test(type) && { align: 'right' }) }
}

function cell(value: SqlValue): string {
  if (value === null) return ''
  if (typeof value === 'bigint') return String(value)
  return cellOf(sqlJson(value))
}
