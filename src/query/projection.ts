import { KobelError } from '../error.ts'
import type { Column, ColumnField } from '../serializer/columns.ts'
import { newStructColumn } from '../serializer/columns.ts'
import { decodable, type Selection, selectionOf, unionOfSelections } from '../serializer/select.ts'
import { layoutsOf, type StateTable, type TableColumn, type TablePart } from './table.ts'

/** A wanted column of a table, and which parts of it. */
export interface Projected {
  readonly column: TableColumn
  readonly selection: Selection
}

/**
 * The wanted columns in the order of their first mention. A dotted path (`value.pos.lat`) takes one field of a struct:
 * the column stays a struct, with the fields that were asked for.
 *
 * @throws KobelError `NOT_FOUND` for a column or field that is not there.
 */
export function projectionOf(table: StateTable, paths: readonly string[] | undefined): Projected[] {
  if (paths === undefined) return table.columns.map((column) => ({ column, selection: true }))
  const wanted = new Map<TablePart, Projected>()
  for (const path of paths) {
    const [name] = path.split('.', 1)
    const column = table.columns.find((each) => each.name === name)
    if (column === undefined) {
      const known = table.columns.map((each) => each.name).join(', ')
      throw new KobelError('NOT_FOUND', `there is no column ${JSON.stringify(name)}: there are ${known}`, {
        operator: table.schema,
        state: table.name,
      })
    }
    const selection = selectionOf(column.shape, path.slice(column.name.length + 1))
    const known = wanted.get(column.name)
    wanted.set(column.name, {
      column,
      selection: known ? unionOfSelections(known.selection, selection) : selection,
    })
  }
  return [...wanted.values()].map(({ column, selection }) => {
    const layouts = layoutsOf(table, column.name)
    const all = layouts.map((layout) => decodable(layout, selection))
    return { column, selection: all.reduce(unionOfSelections, selection) }
  })
}

/** Columns without rows as a scan with these columns gives them. */
export function shapeOfScan(table: StateTable, paths?: readonly string[]): ColumnField[] {
  return projectionOf(table, paths).map(({ column, selection }) => ({
    name: column.name,
    column: selectedShape(column.shape, selection),
  }))
}

/** The shape with the selected fields. Fields inside of lists, maps and alternatives are all there. */
export function selectedShape(shape: Column, selection: Selection): Column {
  if (selection === true || shape.kind !== 'struct') return shape
  return newStructColumn(
    shape.children.flatMap(({ name, column }, index) => {
      const inner = selection.get(index)
      return inner === undefined ? [] : [{ name, column: selectedShape(column, inner) }]
    }),
  )
}
