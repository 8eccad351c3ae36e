import type { Reader } from '../bytes/reader.ts'
import { KobelError } from '../error.ts'
import { appendNull, type Column, type ColumnField, endRow, newStructColumn, type StructColumn } from './columns.ts'
import { createColumn, pojoPlan } from './interpreter/column-plan.ts'
import { appendValue } from './interpreter/columns.ts'
import { MAX_DEPTH, tooDeep } from './interpreter/limits.ts'
import { POJO_EXACT, POJO_NULL } from './interpreter/pojo-flags.ts'
import { fieldTail, maskBit, within } from './interpreter/read.ts'
import { skipValue } from './interpreter/skip.ts'
import { type Layout, type LayoutField, someLayout } from './layout.ts'

/**
 * Which parts of a column are wanted: all of it, or some children of a struct by their index. Selecting inside of lists,
 * maps and alternatives selects all of them.
 */
export type Selection = true | ReadonlyMap<number, Selection>

/**
 * Finds a path of names (`pos.lat`) in a column. Names with dots are found too, the longest first.
 * @throws KobelError `NOT_FOUND`
 */
export function selectionOf(column: Column, path: string): Selection {
  if (path === '') return true
  const children = column.kind === 'struct' ? column.children : []
  const fitting = children
    .map((child, index) => ({ child, index }))
    .filter(({ child: { name } }) => path === name || path.startsWith(`${name}.`))
    .sort((a, b) => b.child.name.length - a.child.name.length)
  const [found] = fitting
  if (found === undefined) {
    const known = children.map((child) => child.name)
    const hint = known.length === 0 ? 'it has no fields' : `there are ${known.slice(0, 12).join(', ')}`
    throw new KobelError('NOT_FOUND', `there is no field ${JSON.stringify(path)}: ${hint}`)
  }
  const rest = path.slice(found.child.name.length + 1)
  return new Map([[found.index, selectionOf(found.child.column, rest)]])
}

/** Both selections together. */
export function unionOfSelections(a: Selection, b: Selection): Selection {
  if (a === true || b === true) return true
  const all = new Map(a)
  for (const [index, inner] of b) {
    const known = all.get(index)
    all.set(index, known === undefined ? inner : unionOfSelections(known, inner))
  }
  return all
}

/** The fields of a record whose children are its fields, in order; undefined where selecting takes all of it. */
function fieldsOf(layout: Layout): readonly Layout[] | undefined {
  switch (layout.op) {
    case 'tuple':
      return layout.fields
    case 'row':
      return [ROW_KIND, ...layout.fields]
    case 'object':
      return layout.fields.map((field) => field.layout)
    case 'pojo':
      return isPlain(layout) ? layout.fields.map((field) => field.layout) : undefined
    case 'ttl':
      return [TTL, layout.value]
    default:
      return undefined
  }
}

const ROW_KIND: Layout = { op: 'string' }
const TTL: Layout = { op: 'i64' }

/** A POJO whose children are its fields, each with its own. */
function isPlain(layout: Layout & { op: 'pojo' }): boolean {
  const plan = pojoPlan(layout)
  return !plan.hasClass && plan.fields.length === layout.fields.length
}

/** The layout that stands for this one, where it only wraps another. */
function unwrapped(layout: Layout): Layout | undefined {
  switch (layout.op) {
    case 'nullable':
    case 'sized':
      return layout.inner
    case 'codec':
      return layout.codec.shape
    default:
      return undefined
  }
}

/** The selection of all that has to be decoded for it: without parts that cannot be left out. */
export function decodable(layout: Layout, selection: Selection): Selection {
  if (selection === true) return true
  if (layout.op === 'codec') return true
  const inner = unwrapped(layout)
  if (inner) return decodable(inner, selection)
  // A layout inside itself is text at some depth, which a selection does not reach.
  const fields = fieldsOf(layout)
  if (fields === undefined || someLayout(layout, (each) => each.op === 'unknown')) return true
  return new Map([...selection].map(([index, each]) => [index, decodable(fields[index]!, each)]))
}

/** A column for the selected parts of a layout; `selection` is {@link decodable}. */
export function createSelected(layout: Layout, selection: Selection): Column {
  return pruned(createColumn(layout), selection)
}

function pruned(column: Column, selection: Selection): Column {
  if (selection === true || column.kind !== 'struct') return column
  const children = column.children.flatMap(({ name, column: child }, index): ColumnField[] => {
    const inner = selection.get(index)
    return inner === undefined ? [] : [{ name, column: pruned(child, inner) }]
  })
  return newStructColumn(children)
}

/** Appends the selected parts of the value at the reader; all of it is stepped over. As `appendValue`. */
export function appendSelected(
  layout: Layout,
  selection: Selection,
  reader: Reader,
  column: Column,
  tail = -1,
  depth = 0,
): void {
  if (selection === true) return appendValue(layout, reader, column, tail, depth)
  if (depth > MAX_DEPTH) throw tooDeep(reader)
  switch (layout.op) {
    case 'nullable':
      if ((reader.bool() ? 1 : 0) === layout.nullWhen) {
        reader.skip(layout.padding)
        return appendNull(column)
      }
      if (layout.padding === 0) return appendSelected(layout.inner, selection, reader, column, tail, depth + 1)
      return within(reader, layout.padding, () => appendSelected(layout.inner, selection, reader, column, 0, depth + 1))
    case 'sized':
      return within(reader, reader.count('bytes'), () =>
        appendSelected(layout.inner, selection, reader, column, 0, depth + 1),
      )
    case 'pojo':
      return appendPojo(layout, selection, reader, column as StructColumn, tail, depth)
    case 'row':
      return appendRow(layout, selection, reader, column as StructColumn, tail, depth)
    default:
      return appendFields(fieldsOf(layout)!, selection, reader, column as StructColumn, tail, depth)
  }
}

type Children = ReadonlyMap<number, Selection>

function appendFields(
  fields: readonly Layout[],
  selection: Children,
  reader: Reader,
  column: StructColumn,
  tail: number,
  depth: number,
): void {
  let next = 0
  for (let i = 0; i < fields.length; i++) {
    const inner = selection.get(i)
    const of = tail < 0 ? -1 : fieldTail(fields, i, tail)
    if (inner === undefined) skipValue(fields[i]!, reader, of, depth + 1)
    else appendSelected(fields[i]!, inner, reader, column.children[next++]!.column, of, depth + 1)
  }
  endRow(column, true)
}

function appendPojo(
  layout: Layout & { op: 'pojo' },
  selection: Children,
  reader: Reader,
  column: StructColumn,
  tail: number,
  depth: number,
): void {
  const flags = reader.u8()
  if (flags === POJO_NULL) return appendNull(column)
  if (flags !== POJO_EXACT) {
    throw new KobelError('CORRUPT', `the flags of the POJO ${layout.className} are 1 or 2, found ${flags}`, {
      offset: reader.offset - 1,
    })
  }
  appendNullableFields(layout.fields, selection, reader, column, tail, depth)
}

function appendNullableFields(
  fields: readonly LayoutField[],
  selection: Children,
  reader: Reader,
  column: StructColumn,
  tail: number,
  depth: number,
): void {
  let next = 0
  for (let i = 0; i < fields.length; i++) {
    const { layout } = fields[i]!
    const inner = selection.get(i)
    const child = inner === undefined ? undefined : column.children[next++]!.column
    const of = i === fields.length - 1 ? tail : -1
    if (reader.bool()) {
      if (child) appendNull(child)
    } else if (inner === undefined) skipValue(layout, reader, of, depth + 1)
    else appendSelected(layout, inner, reader, child!, of, depth + 1)
  }
  endRow(column, true)
}

function appendRow(
  layout: Layout & { op: 'row' },
  selection: Children,
  reader: Reader,
  column: StructColumn,
  tail: number,
  depth: number,
): void {
  const ahead = layout.rowKind ? 2 : 0
  // The children are the kind and the fields: one without the other fields, which are then skipped.
  const start = reader.offset
  const mask = reader.take((ahead + layout.fields.length + 7) >> 3)
  let next = 0
  if (selection.has(0)) appendKind(layout, reader, start, column.children[next++]!.column)
  const present = layout.fields.filter((_, i) => !maskBit(mask, ahead + i))
  let seen = 0
  for (let i = 0; i < layout.fields.length; i++) {
    const inner = selection.get(i + 1)
    const child = inner === undefined ? undefined : column.children[next++]!.column
    if (maskBit(mask, ahead + i)) {
      if (child) appendNull(child)
      continue
    }
    const of = tail < 0 ? -1 : fieldTail(present, seen, tail)
    seen++
    if (inner === undefined) skipValue(layout.fields[i]!, reader, of, depth + 1)
    else appendSelected(layout.fields[i]!, inner, reader, child!, of, depth + 1)
  }
  endRow(column, true)
}

/** The interpreter's own row without fields, over the mask again. */
function appendKind(layout: Layout & { op: 'row' }, reader: Reader, start: number, child: Column): void {
  const behind = reader.offset
  reader.offset = start
  const kind = newStructColumn([{ name: 'kind', column: child }])
  appendValue({ op: 'row', rowKind: layout.rowKind, fields: [] }, reader, kind)
  reader.offset = behind
}
