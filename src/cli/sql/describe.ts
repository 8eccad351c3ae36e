import type { MountedTable } from '../../query/duckdb/index.ts'
import { quoteName, sqlTypeText } from '../../query/sql-type.ts'
import { noSuch } from '../../snapshot/names.ts'
import { outputWidth } from '../output.ts'
import { columnWidths, tableLine } from '../render/table.ts'
import { printable } from '../render/text.ts'

/** A table as it is written in a statement: quoted where it has to be. */
export function tableText({ catalog, schema, name }: Pick<MountedTable, 'catalog' | 'schema' | 'name'>): string {
  return [...(catalog === undefined ? [] : [catalog]), schema, name].map(nameText).join('.')
}

const PLAIN = /^[a-z_][a-z0-9_]*$/i

/** Words of SQL that are no names. Others than these DuckDB takes. */
const RESERVED: ReadonlySet<string> = new Set(
  'all and any as asc both case cast check collate column constraint create default desc distinct do else end except false fetch for foreign from group having in initially intersect into lateral leading limit not null offset on only or order primary references returning select some table then to trailing true union unique using when where window with'.split(
    ' ',
  ),
)

export function nameText(name: string): string {
  return PLAIN.test(name) && !RESERVED.has(name.toLowerCase()) ? name : quoteName(name)
}

export function listTables(tables: readonly MountedTable[]): string {
  return lines(
    ['table', 'kind', 'columns'],
    tables.map((table) => [
      tableText(table),
      table.state?.kind ?? 'about the snapshot',
      table.definition.columns.map((column) => column.name).join(', '),
    ]),
  )
}

export function describeTable(tables: readonly MountedTable[], name: string): string {
  const found = tables.find((table) => [tableText(table), plainText(table)].includes(name.replace(/;$/, '')))
  if (!found) return noSuch('table', name, tables.map(tableText)).message
  return lines(
    ['column', 'type'],
    found.definition.columns.map((column) => [nameText(column.name), sqlTypeText(column.type)]),
  )
}

function plainText({ schema, name }: MountedTable): string {
  return `${schema}.${name}`
}

function lines(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const columns = titles.map((title) => ({ title }))
  const cells = rows.map((row) => row.map(printable))
  const widths = columnWidths(columns, cells, outputWidth())
  return [titles, ...cells].map((row) => tableLine(columns, widths, row)).join('\n')
}
