import type { Type } from '../../serializer/type.ts'
import type { Colors } from '../render/colors.ts'
import { type Column, columnWidths, tableLine } from '../render/table.ts'
import type { Row, Rows } from '../rows.ts'
import { cellOf, timeText } from './cell.ts'

/** Rows that the widths of columns are taken from; the others follow them. */
const MEASURED = 500

/** A value of more fields stays in one cell. */
const MOST_FIELDS = 8

/** A compact table for people: fields of a POJO in columns of their own, long cells cut. */
export async function* rowTableLines(
  { columns, valueType, rows }: Rows,
  width: number,
  colors: Colors,
): AsyncGenerator<string, void, undefined> {
  const cells = cellsFor(columns, valueType)
  const first: string[][] = []
  let widths: readonly number[] | undefined
  const flush = function* (): Generator<string> {
    widths = columnWidths(cells.columns, first, width)
    yield colors.bold(
      tableLine(
        cells.columns,
        widths,
        cells.columns.map((column) => column.title),
      ),
    )
    for (const row of first) yield tableLine(cells.columns, widths, row)
  }
  for await (const row of rows) {
    if (widths) {
      yield tableLine(cells.columns, widths, cells.of(row))
      continue
    }
    first.push(cells.of(row))
    if (first.length === MEASURED) yield* flush()
  }
  if (!widths) yield* first.length === 0 ? ['no entries'] : flush()
}

interface Cells {
  readonly columns: readonly Column[]
  readonly of: (row: Row) => string[]
}

/** Columns of numbers are set to the right. The key group is left out: it says little to people. */
function cellsFor(columns: readonly string[], valueType: Type | undefined): Cells {
  const shown = columns.filter((column) => column !== 'keyGroup')
  const fields = fieldsOf(valueType)
  const titles = shown.flatMap((column): Column[] =>
    column === 'value' && fields
      ? fields.map(({ name, type }) => ({ title: `value.${name}`, ...alignOf(type) }))
      : [{ title: column, ...(column === 'value' && valueType ? alignOf(valueType) : {}) }],
  )
  const of = (row: Row): string[] => {
    const members = new Map(row)
    return shown.flatMap((column) => {
      const json = members.get(column)
      if (column === 'timestamp' || column === 'ttl') return [timesText(json)]
      return column === 'value' && fields
        ? fieldCells(
            json,
            fields.map((field) => field.name),
          )
        : [cellOf(json)]
    })
  }
  return { columns: titles, of }
}

const NUMBERS = new Set(['byte', 'short', 'int', 'long', 'float', 'double', 'decimal', 'bigint'])

function alignOf(type: Type): Partial<Column> {
  return NUMBERS.has(type.kind) ? { align: 'right' } : {}
}

function fieldsOf(type: Type | undefined): Type['fields'] {
  if (type?.kind !== 'pojo' && type?.kind !== 'case-class') return undefined
  const plain = type.subclasses === undefined && type.fields !== undefined
  return plain && type.fields!.length > 0 && type.fields!.length <= MOST_FIELDS ? type.fields : undefined
}

function fieldCells(json: string | undefined, names: readonly string[]): string[] {
  const value = JSON.parse(json ?? 'null') as { fields?: Record<string, unknown> } | null
  if (typeof value?.fields !== 'object') return [cellOf(json), ...names.slice(1).map(() => '')]
  const { fields } = value
  return names.map((name) => cellOf(Object.hasOwn(fields, name) ? JSON.stringify(fields[name]) : undefined))
}

function timesText(json: string | undefined): string {
  if (json === undefined) return ''
  const value: unknown = JSON.parse(json)
  const one = (each: unknown): string => (typeof each === 'number' ? timeText(each) : String(each))
  if (!Array.isArray(value)) return one(value)
  // Elements of a list are mostly written at about the same time.
  const times = [...new Set(value.map(one))].sort()
  return times.length < 2 ? (times[0] ?? '') : `${times[0]} to ${times.at(-1)}`
}
