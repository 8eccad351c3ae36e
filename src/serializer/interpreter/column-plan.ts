import {
  type Column,
  type ColumnField,
  columnShape,
  newBooleanColumn,
  newBytesColumn,
  newListColumn,
  newLongColumn,
  newNullColumn,
  newNumberColumn,
  newStructColumn,
} from '../columns.ts'
import type { Layout, LayoutCase, LayoutField } from '../layout.ts'
import { simpleClassName } from '../type.ts'

/**
 * Which column a layout becomes:
 *
 * | layout | column |
 * |---|---|
 * | boolean, i8, i16, i32, i64, f32, f64 | `boolean`, `int8` to `int64`, `float32`, `float64` |
 * | char, string, chars, utf8, enum | `utf8` |
 * | bytes, fixedBytes, unknown | `binary` |
 * | bigInteger, bigDecimal | `utf8`: their digits, since they have no largest precision |
 * | millis | `int64`: milliseconds since 1970 |
 * | localDate | `int32`: days since 1970; dates beyond it (LocalDate.MAX) are ±2147483647, infinity to DuckDB |
 * | localTime | `int64`: nanoseconds of the day |
 * | localDateTime, instant, sqlTimestamp | `utf8`: ISO text; their extremes do not fit 64 bits of microseconds |
 * | tuple, object, row | `struct` of `f0`, …; of the names; of `kind`, `f0`, … |
 * | pojo | `struct` of the names; with subclasses of all their names, `$class`, and `$value`, `$bytes` of other classes |
 * | list, maskedList, blockList; map, blockMap | `list`; `map` |
 * | nullable, sized, tagged or union of one and null | the column of what is inside |
 * | other tagged, union | `struct` of `$case`, then one for each case that is not null, null where it is another |
 * | ttl | `struct` of `ttl` (milliseconds) and `value` |
 * | constant | `null`, `boolean`, `utf8` |
 * | codec | as its shape; without one `utf8`: the JSON of the value, a JSON string without its quotes |
 *
 * A layout inside itself, and what is left when there are very many columns, becomes `utf8`: the JSON of the value.
 */
export function createColumn(layout: Layout): Column {
  return columnOf(layout, { open: new Set(), left: MAX_COLUMNS })
}

interface Making {
  /** Layouts around the one that is made a column. */
  readonly open: Set<Layout>
  left: number
}

const MAX_COLUMNS = 4096

function columnOf(layout: Layout, making: Making): Column {
  if (layout.op === 'codec' && layout.codec.shape) return columnOf(layout.codec.shape, making)
  const flat = flatColumn(layout)
  if (flat) return flat
  if (making.open.has(layout) || making.left <= 0) return newBytesColumn('utf8')
  making.left--
  making.open.add(layout)
  const column = nestedColumn(layout, making)
  making.open.delete(layout)
  return column
}

function flatColumn(layout: Layout): Column | undefined {
  switch (layout.op) {
    case 'boolean':
      return newBooleanColumn()
    case 'i8':
      return newNumberColumn('int8')
    case 'i16':
      return newNumberColumn('int16')
    case 'i32':
      return newNumberColumn('int32')
    case 'localDate':
      return newNumberColumn('int32', 'days')
    case 'f32':
      return newNumberColumn('float32')
    case 'f64':
      return newNumberColumn('float64')
    case 'i64':
      return newLongColumn()
    case 'millis':
      return newLongColumn('milliseconds')
    case 'localTime':
      return newLongColumn('nanosecondsOfDay')
    case 'bytes':
    case 'fixedBytes':
    case 'unknown':
      return newBytesColumn('binary')
    case 'constant':
      if (layout.value === null) return newNullColumn()
      return layout.value === true ? newBooleanColumn() : newBytesColumn('utf8')
    default:
      return isText(layout) ? newBytesColumn('utf8') : undefined
  }
}

/** Whether values become text by themselves; others do only where a column stands for too much. */
export function isText(layout: Layout): boolean {
  return TEXTS.has(layout.op)
}

const TEXTS: ReadonlySet<Layout['op']> = new Set<Layout['op']>([
  'char',
  'string',
  'chars',
  'utf8',
  'enum',
  'bigInteger',
  'bigDecimal',
  'localDateTime',
  'instant',
  'sqlTimestamp',
  'codec',
])

function nestedColumn(layout: Layout, making: Making): Column {
  const field = (name: string, inner: Layout): ColumnField => ({ name, column: columnOf(inner, making) })
  switch (layout.op) {
    case 'tuple':
      return newStructColumn(layout.fields.map((each, i) => field(`f${i}`, each)))
    case 'row':
      return newStructColumn([field('kind', TEXT), ...layout.fields.map((each, i) => field(`f${i}`, each))])
    case 'object':
      return newStructColumn(layout.fields.map((each) => field(each.name, each.layout)))
    case 'pojo':
      return newStructColumn(pojoPlan(layout).fields.map((each) => field(each.name, each.layout)))
    case 'list':
    case 'maskedList':
    case 'blockList':
      return newListColumn('list', field('item', layout.element))
    case 'map':
      return newListColumn('map', {
        name: 'entries',
        column: newStructColumn([field('key', layout.key), field('value', layout.value)]),
      })
    case 'blockMap':
      return newListColumn('map', {
        name: 'entries',
        column: newStructColumn([field('key', KEY_OF_BLOCKS), field('value', layout.value)]),
      })
    case 'nullable':
    case 'sized':
      return columnOf(layout.inner, making)
    case 'tagged':
    case 'union': {
      const { only, fields } = casePlan(layout)
      if (only) return columnOf(only, making)
      return newStructColumn([field('$case', TEXT), ...fields.map((each) => field(each.name, each.layout))])
    }
    case 'ttl':
      return newStructColumn([field('ttl', { op: 'i64' }), field('value', layout.value)])
    default:
      return newBytesColumn('utf8')
  }
}

const TEXT: Layout = { op: 'string' }
export const KEY_OF_BLOCKS: Layout = { op: 'utf8' }

// --- alternatives --------------------------------------------------------------------------------------------------

/** How the cases of a layout stand in a column: those that are only null have no child. */
export interface CasePlan {
  /** Alone and without a name: the column is its column. */
  readonly only: Layout | undefined
  readonly fields: readonly LayoutField[]
  /** For each case its place in `fields`, or -1 for null. */
  readonly slots: readonly number[]
}

const CASE_PLANS = new WeakMap<Layout, CasePlan>()

export function casePlan(layout: Layout & { op: 'tagged' | 'union' }): CasePlan {
  const known = CASE_PLANS.get(layout)
  if (known) return known
  const cases =
    layout.op === 'tagged'
      ? layout.cases.map((each) => ({ name: caseName(each), layout: each.layout, isNull: isNull(each) }))
      : layout.branches.map((each) => ({ name: branchName(each), layout: each, isNull: isNull({ layout: each }) }))
  const fields = cases.filter((each) => !each.isNull)
  const isNamed = layout.op === 'tagged' && layout.cases.some((each) => each.wrap !== undefined)
  const plan = {
    only: fields.length === 1 && !isNamed ? fields[0]!.layout : undefined,
    fields,
    slots: cases.map((each) => fields.indexOf(each)),
  }
  CASE_PLANS.set(layout, plan)
  return plan
}

function isNull({ wrap, layout }: Omit<LayoutCase, 'tag'>): boolean {
  return wrap === undefined && layout.op === 'constant' && layout.value === null
}

function caseName({ wrap, tag }: LayoutCase): string {
  return wrap ?? `case${tag}`
}

const BRANCH_NAMES: Readonly<Partial<Record<Layout['op'], string>>> = {
  i32: 'int',
  i64: 'long',
  f32: 'float',
  f64: 'double',
  utf8: 'string',
  fixedBytes: 'fixed',
  blockList: 'array',
  blockMap: 'map',
  constant: 'null',
}

function branchName(layout: Layout): string {
  if ('className' in layout && layout.className !== undefined) return simpleClassName(layout.className)
  return BRANCH_NAMES[layout.op] ?? layout.op
}

// --- POJOs ---------------------------------------------------------------------------------------------------------

type Pojo = Layout & { op: 'pojo' }

/** The children of a POJO's struct: its own fields and those of its subclasses, joined by name. */
export interface PojoPlan {
  readonly fields: readonly LayoutField[]
  /** For each POJO inside (itself, subclasses) the children of its fields; for each other subclass its one child. */
  readonly slots: ReadonlyMap<Layout, readonly number[]>
  readonly hasClass: boolean
  /** The child for bytes of subclasses that the snapshot does not list; where it lists any there may be others. */
  readonly otherSlot: number | undefined
}

const OTHER_BYTES: LayoutField = { name: '$bytes', layout: { op: 'unknown', className: '' } }

const PLANS = new WeakMap<Pojo, PojoPlan>()

export function pojoPlan(layout: Pojo): PojoPlan {
  const known = PLANS.get(layout)
  if (known) return known
  const plan = makePlan(layout)
  PLANS.set(layout, plan)
  return plan
}

function makePlan(layout: Pojo): PojoPlan {
  const fields: LayoutField[] = []
  const shapes: string[] = []
  const slots = new Map<Layout, readonly number[]>()
  const slotOf = ({ name, layout: inner }: LayoutField): number => {
    const shape = columnShape(createColumn(inner))
    const same = fields.findIndex((each, i) => each.name === name && shapes[i] === shape)
    if (same >= 0) return same
    shapes.push(shape)
    return fields.push({ name, layout: inner }) - 1
  }
  const hasClass = layout.registered.length + layout.subclasses.length > 0
  if (hasClass) slotOf({ name: '$class', layout: TEXT })
  const visit = (each: Layout): void => {
    if (slots.has(each)) return
    if (each.op !== 'pojo') {
      slots.set(each, [slotOf(each.op === 'unknown' ? OTHER_BYTES : { name: '$value', layout: each })])
      return
    }
    // Fields of one class never share a child, whatever their names.
    const own = each.fields.map((field) => slotOf(field))
    slots.set(each, new Set(own).size === own.length ? own : each.fields.map((field) => fields.push(field) - 1))
    for (const subclass of [...each.registered, ...each.subclasses]) visit(subclass.layout)
  }
  visit(layout)
  const otherSlot = hasClass ? slotOf(OTHER_BYTES) : undefined
  return { fields, slots, hasClass, otherSlot }
}
