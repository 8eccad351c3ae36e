import type { MountedTable } from '../../query/duckdb/index.ts'
import type { SqlType } from '../../query/sql-type.ts'
import { nameText, tableText } from './describe.ts'

const WORDS =
  'SELECT FROM WHERE GROUP BY ORDER HAVING LIMIT JOIN LEFT USING ON AS AND OR NOT NULL IS IN BETWEEN LIKE COUNT SUM AVG MIN MAX DISTINCT WITH UNNEST DESCRIBE SUMMARIZE EXPLAIN COPY'.split(
    ' ',
  )

/** What may follow: candidates, and the part of the line that they replace. */
export function completions(line: string, tables: readonly MountedTable[]): [string[], string] {
  const [word] = /[\w".-]*$/.exec(line)!
  const lower = word.toLowerCase()
  const starting = (candidates: readonly string[]): string[] => [
    ...new Set(candidates.filter((each) => each.toLowerCase().startsWith(lower))),
  ]
  const named = starting(tables.map(tableText))
  if (/\b(?:from|join|describe|summarize|table)\s+[\w".-]*$/i.test(line) || /^\\d\s/.test(line)) return [named, word]
  const mentioned = tables.filter((table) => line.includes(tableText(table)))
  const columns = starting((mentioned.length > 0 ? mentioned : tables).flatMap(columnPaths))
  if (word.includes('.')) return [[...columns, ...named], word]
  return [[...columns.filter((path) => !path.includes('.')), ...starting(WORDS), ...named], word]
}

/** Columns, and the fields of those that are structs. */
function columnPaths({ definition }: MountedTable): string[] {
  return definition.columns.flatMap(({ name, type }) => [name, ...fieldPaths(name, type, 0)])
}

function fieldPaths(path: string, type: SqlType, depth: number): string[] {
  if (type.id !== 'STRUCT' || depth > 3) return []
  return type.fields.flatMap((field) => {
    const inner = `${path}.${nameText(field.name)}`
    return [inner, ...fieldPaths(inner, field.type, depth + 1)]
  })
}
