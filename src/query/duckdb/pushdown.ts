import { quoteName, quoteText, type SqlType } from '../sql-type.ts'
import { type KeyConstant, type KeyConstants, WHOLE_KEY } from './key-constant.ts'
import type { MountedTable } from './mount.ts'
import { findColumns, findTables, type Node, parseTree, type TableUse } from './syntax-tree.ts'
import { SCAN_FUNCTION } from './table-function.ts'

/**
 * DuckDB hands no filters to a function of ours. So the statement is read before it runs: where a table is used,
 * `key = constant` and conditions on `key_group` that all of its rows must fulfil, and the fields of structs that are
 * mentioned at all, become parameters of the function. DuckDB still filters: what is pushed down may only leave out rows
 * that it would throw away.
 */
export async function pushDown(
  sql: string,
  tables: readonly MountedTable[],
  oneValue: (sql: string) => Promise<unknown>,
): Promise<string> {
  if (!/^\s*(?:select|with|from)\b/i.test(sql)) return sql
  const tree = parseTree(await oneValue(`SELECT json_serialize_sql(${quoteText(sql)})`))
  if (tree === undefined) return sql
  const columns = findColumns(tree)
  const bytes = new TextEncoder().encode(sql)
  const replaced: { start: number; end: number; text: string }[] = []
  for (const use of findTables(tree)) {
    const index = tables.findIndex((table) => isTable(table, use))
    const table = tables[index]
    const place = table && placeOf(bytes, use)
    // Columns that are named by schema and table would not be found any more.
    if (!place || columns.named.some((names) => isQualified(names, use))) continue
    const found = parametersOf(table, use, columns)
    if (found.length === 0) continue
    const names = table.definition.columns.map((column) => quoteName(column.name)).join(', ')
    const alias = use.alias === undefined ? ` AS ${quoteName(use.table)}` : ''
    const text = `(SELECT ${names} FROM ${SCAN_FUNCTION}(${index}, ${found.join(', ')}))${alias}`
    replaced.push({ ...place, text })
  }
  return splice(bytes, replaced)
}

function splice(bytes: Uint8Array, replaced: { start: number; end: number; text: string }[]): string {
  const decoder = new TextDecoder()
  let text = ''
  let at = 0
  for (const each of replaced.sort((a, b) => a.start - b.start)) {
    text += decoder.decode(bytes.subarray(at, each.start)) + each.text
    at = each.end
  }
  return text + decoder.decode(bytes.subarray(at))
}

const same = (a: string | undefined, b: string | undefined): boolean => a?.toLowerCase() === b?.toLowerCase()

function isTable(table: MountedTable, use: TableUse): boolean {
  return (
    table.state !== undefined &&
    same(table.catalog, use.catalog) &&
    same(table.schema, use.schema) &&
    same(table.name, use.table)
  )
}

function isQualified(names: readonly string[], { catalog, schema, table }: TableUse): boolean {
  if (same(names[0], schema) && same(names[1], table)) return true
  return catalog !== undefined && same(names[0], catalog) && same(names[1], schema)
}

const NAME = /^\s*(?:"((?:[^"]|"")+)"|([\p{L}_][\p{L}\p{N}_$]*))/u

/** Where the name of the table stands in the statement; undefined where it is written in a way that is not known here. */
function placeOf(bytes: Uint8Array, use: TableUse): { start: number; end: number } | undefined {
  const text = new TextDecoder().decode(bytes.subarray(use.location))
  const names = [...(use.catalog === undefined ? [] : [use.catalog]), use.schema, use.table]
  let at = 0
  for (const [i, name] of names.entries()) {
    if (i > 0) {
      const dot = /^\s*\./.exec(text.slice(at))
      if (!dot) return undefined
      at += dot[0].length
    }
    const match = NAME.exec(text.slice(at))
    if (!match || !same(match[1]?.replaceAll('""', '"') ?? match[2], name)) return undefined
    at += match[0].length
  }
  return { start: use.location, end: use.location + new TextEncoder().encode(text.slice(0, at)).length }
}

// --- parameters ----------------------------------------------------------------------------------------------------

function parametersOf(
  table: MountedTable,
  use: TableUse,
  columns: { readonly all: boolean; readonly named: readonly (readonly string[])[] },
): string[] {
  const conditions = use.conditions.flatMap((each) => conditionsOf(each, use, table))
  const key = keyConstants(conditions, table)
  const [first, last] = keyGroupRange(conditions, table)
  const fields = columns.all ? [] : fieldPaths(table, use, columns.named)
  return [
    ...(fields.length > 0 ? [`fields := ${quoteText(JSON.stringify(fields))}`] : []),
    ...(key ? [`key := ${quoteText(JSON.stringify(key))}`] : []),
    ...(first === undefined ? [] : [`first := ${first}, last := ${last}`]),
  ]
}

/** A comparison of a column, or of a field of it, with a constant. */
interface Condition {
  readonly path: readonly string[]
  readonly compare: '=' | '>=' | '<='
  readonly constant: KeyConstant
}

function conditionsOf(node: Node, use: TableUse, table: MountedTable): Condition[] {
  const path = (side: unknown): readonly string[] | undefined => pathOf(side as Node, use, table)
  if (node.class === 'COMPARISON') {
    const { left, right, type } = node as { left: Node; right: Node; type: string }
    const [compare, flipped] = COMPARISONS[type] ?? []
    if (!compare || !flipped) return []
    const found: readonly (readonly [Node, Node, Condition['compare']])[] = [
      [left, right, compare],
      [right, left, flipped],
    ]
    return found.flatMap(([side, other, as]) => {
      const [at, constant] = [path(side), constantOf(other)]
      return at && constant ? [{ path: at, compare: as, constant }] : []
    })
  }
  if (node.class === 'BETWEEN') {
    const at = path(node.input)
    const [lower, upper] = [constantOf(node.lower as Node), constantOf(node.upper as Node)]
    return [
      ...(at && lower ? [{ path: at, compare: '>=', constant: lower } as const] : []),
      ...(at && upper ? [{ path: at, compare: '<=', constant: upper } as const] : []),
    ]
  }
  return []
}

/** Strict ones bound the same range: they only leave one more key group in. */
const COMPARISONS: Readonly<Record<string, readonly [Condition['compare'], Condition['compare']]>> = {
  COMPARE_EQUAL: ['=', '='],
  COMPARE_GREATERTHANOREQUALTO: ['>=', '<='],
  COMPARE_GREATERTHAN: ['>=', '<='],
  COMPARE_LESSTHANOREQUALTO: ['<=', '>='],
  COMPARE_LESSTHAN: ['<=', '>='],
}

/** The column of this table, and the field in it; undefined where it may be of another table. */
function pathOf(node: Node | undefined, use: TableUse, table: MountedTable): readonly string[] | undefined {
  if (node?.class !== 'COLUMN_REF') return undefined
  const names = (node.column_names as string[]).map((name) => name.toLowerCase())
  const isColumn = (name: string | undefined): boolean =>
    table.definition.columns.some((column) => column.name === name)
  const alias = (use.alias ?? use.table).toLowerCase()
  if (names[0] === alias && !isColumn(alias)) return isColumn(names[1]) ? names.slice(1) : undefined
  return use.isAlone && isColumn(names[0]) ? names : undefined
}

function constantOf(node: Node): KeyConstant | undefined {
  if (node.class === 'CONSTANT') {
    const { type, is_null: isNull, value } = node.value as { type: { id: string }; is_null: boolean; value: unknown }
    if (isNull) return undefined
    if (type.id === 'VARCHAR' && typeof value === 'string') return { text: value }
    if (type.id === 'INTEGER' || type.id === 'BIGINT') return { integer: String(value) }
    return undefined
  }
  if (node.class === 'CAST' && (node.cast_type as { id: string }).id === 'BOOLEAN') {
    const inner = constantOf(node.child as Node)
    return inner && 'text' in inner && /^[tf]$/.test(inner.text) ? { boolean: inner.text === 't' } : undefined
  }
  return undefined
}

const INTEGERS: ReadonlySet<string> = new Set(['TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT'])

/** Only constants that DuckDB compares as they are; of two for the same place any one will do. */
function keyConstants(conditions: readonly Condition[], table: MountedTable): KeyConstants | undefined {
  const column = table.definition.columns.find((each) => each.name === 'key')
  if (column === undefined) return undefined
  const constants: Record<string, KeyConstant> = {}
  for (const { path, compare, constant } of conditions) {
    if (path[0] !== 'key' || compare !== '=') continue
    const place = placeIn(column.type, path.slice(1))
    if (place === undefined) continue
    const { id } = place.type
    const fits =
      ('text' in constant && id === 'VARCHAR') ||
      ('integer' in constant && INTEGERS.has(id)) ||
      ('boolean' in constant && id === 'BOOLEAN')
    if (fits) constants[place.path] ??= constant
  }
  return Object.keys(constants).length > 0 ? constants : undefined
}

/** The type inside, and the path by the names of the table's own columns. */
function placeIn(type: SqlType, names: readonly string[]): { type: SqlType; path: string } | undefined {
  let inner = type
  const path: string[] = []
  for (const name of names) {
    const field = inner.id === 'STRUCT' ? inner.fields.find((each) => same(each.name, name)) : undefined
    if (field === undefined) return undefined
    path.push(field.source)
    inner = field.type
  }
  return { type: inner, path: path.length === 0 ? WHOLE_KEY : path.join('.') }
}

function keyGroupRange(
  conditions: readonly Condition[],
  table: MountedTable,
): readonly [number, number] | readonly [undefined, undefined] {
  const last = (table.state?.operator.maxParallelism ?? 0) - 1
  let [from, to] = [0, last]
  for (const { path, compare, constant } of conditions) {
    if (path.length !== 1 || path[0] !== 'key_group' || !('integer' in constant)) continue
    const bound = Number(constant.integer)
    if (compare !== '<=') from = Math.max(from, bound)
    if (compare !== '>=') to = Math.min(to, bound)
  }
  if (from === 0 && to === last) return [undefined, undefined]
  // Nothing fits: any one key group will do, DuckDB throws its rows away.
  return from > to ? [0, 0] : [from, to]
}

// --- fields --------------------------------------------------------------------------------------------------------

/** Of columns that are structs and nowhere wanted as a whole, the fields that the statement mentions. */
function fieldPaths(table: MountedTable, use: TableUse, named: readonly (readonly string[])[]): string[] {
  const alias = (use.alias ?? use.table).toLowerCase()
  const mentioned = named.flatMap((names) => {
    const lower = names.map((name) => name.toLowerCase())
    // The name of a table alone is a struct of all its columns.
    return lower[0] === alias ? [lower, lower.slice(1)] : [lower]
  })
  if (mentioned.some((names) => names.length === 0)) return []
  return table.definition.columns.flatMap(({ name, type }) => {
    if (type.id !== 'STRUCT') return []
    const inside = mentioned.filter((names) => names[0] === name).map((names) => names.slice(1))
    if (inside.length === 0 || inside.some((names) => names.length === 0)) return []
    return [...new Set(inside.map((names) => [name, ...names].join('.')))]
  })
}
