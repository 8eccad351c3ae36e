/** A statement as DuckDB's `json_serialize_sql` prints it: a node has a class, or in the FROM clause a type. */
export interface Node {
  readonly class?: string
  readonly type?: unknown
  readonly [member: string]: unknown
}

/** Where a statement uses a table. */
export interface TableUse {
  readonly catalog: string | undefined
  readonly schema: string
  readonly table: string
  readonly alias: string | undefined
  /** Bytes of the statement before it. */
  readonly location: number
  /** It is the only one of its FROM clause: columns without a name before them are its own. */
  readonly isAlone: boolean
  /** What all rows that are wanted fulfil. */
  readonly conditions: readonly Node[]
}

/** The one statement; undefined where there are several, or none that can be printed. */
export function parseTree(json: unknown): Node | undefined {
  if (typeof json !== 'string') return undefined
  try {
    const found = JSON.parse(withoutRounding(json)) as { error: boolean; statements?: readonly { node: Node }[] }
    if (found.error || found.statements?.length !== 1) return undefined
    return found.statements[0]!.node
  } catch {
    return undefined
  }
}

/** Numbers of 16 digits and more as texts, but not those that stand in texts. */
function withoutRounding(json: string): string {
  return json.replace(/"(?:[^"\\]|\\.)*"|-?\d{16,}(?![\d.eE])/gs, (token) =>
    token.startsWith('"') ? token : `"${token}"`,
  )
}

function* nodesOf(value: unknown): Generator<Node, void, undefined> {
  if (typeof value !== 'object' || value === null) return
  if (!Array.isArray(value)) yield value as Node
  for (const each of Object.values(value)) yield* nodesOf(each)
}

/** All columns that are named anywhere; `all` where some are meant without being named. */
export function findColumns(tree: Node): { all: boolean; named: (readonly string[])[] } {
  const named: (readonly string[])[] = []
  let all = false
  for (const node of nodesOf(tree)) {
    if (node.class === 'COLUMN_REF') named.push(node.column_names as string[])
    if (node.class === 'STAR' || node.class === 'POSITIONAL_REFERENCE' || node.ref_type === 'NATURAL') all = true
    if (node.type === 'PIVOT') all = true
    if (Array.isArray(node.using_columns)) for (const name of node.using_columns as string[]) named.push([name])
  }
  return { all, named }
}

/** All uses of tables that are named with a schema. */
export function findTables(tree: Node): TableUse[] {
  const found: TableUse[] = []
  for (const node of nodesOf(tree)) if (node.type === 'SELECT_NODE') found.push(...tablesOfSelect(node))
  return found
}

const PLAIN_JOINS: ReadonlySet<unknown> = new Set(['INNER', 'LEFT', 'RIGHT', 'OUTER'])
const PLAIN_REFS: ReadonlySet<unknown> = new Set(['REGULAR', 'CROSS'])

function tablesOfSelect(select: Node): TableUse[] {
  const tables: Node[] = []
  const joined: Node[] = []
  let isPlain = select.sample === null
  const visit = (from: Node | null | undefined): void => {
    if (!from) return
    if (from.type === 'BASE_TABLE') tables.push(from)
    else if (from.type === 'JOIN') {
      isPlain &&= PLAIN_JOINS.has(from.join_type) && PLAIN_REFS.has(from.ref_type)
      // Rows that do not fit an inner join go; an outer one keeps those of a side.
      if (from.join_type === 'INNER') joined.push(...conjunctsOf(from.condition as Node | null))
      visit(from.left as Node)
      visit(from.right as Node)
    } else tables.push(from)
  }
  visit(select.from_table as Node | null)
  const isInner = isPlain && !hasOuterJoin(select.from_table as Node | null)
  const conditions = isPlain ? [...conjunctsOf(select.where_clause as Node | null), ...(isInner ? joined : [])] : []
  return tables.flatMap((node) => {
    const isUsable = node.type === 'BASE_TABLE' && node.schema_name !== '' && node.sample === null
    if (!isUsable || node.at_clause || (node.column_name_alias as unknown[]).length > 0) return []
    return [
      {
        catalog: node.catalog_name === '' ? undefined : (node.catalog_name as string),
        schema: node.schema_name as string,
        table: node.table_name as string,
        alias: node.alias === '' ? undefined : (node.alias as string),
        location: node.query_location as number,
        isAlone: tables.length === 1,
        conditions,
      },
    ]
  })
}

function hasOuterJoin(from: Node | null): boolean {
  if (from?.type !== 'JOIN') return false
  return from.join_type !== 'INNER' || hasOuterJoin(from.left as Node) || hasOuterJoin(from.right as Node)
}

function conjunctsOf(node: Node | null | undefined): Node[] {
  if (!node) return []
  if (node.type !== 'CONJUNCTION_AND') return [node]
  return (node.children as Node[]).flatMap(conjunctsOf)
}
