import { toBase64 } from '../../bytes/encoding.ts'
import { KobelError } from '../../error.ts'
import { Database, type ResultColumn, type SqlRow, type SqlValue } from '../../query/duckdb/index.ts'
import type { Layout } from '../../serializer/layout.ts'
import { operatorOf, type WritePlan } from '../../write/plan.ts'
import type { ResolvedOperator } from '../../write/resolve.ts'
import type { WriteRow } from '../../write/rows.ts'

/** Columns that are members of a row; the others are fields of the value. */
const MEMBERS: Readonly<Record<string, keyof WriteRow>> = {
  operator: 'operator',
  uid: 'uid',
  state: 'state',
  key: 'key',
  namespace: 'namespace',
  map_key: 'mapKey',
  mapkey: 'mapKey',
  value: 'value',
  ttl: 'ttl',
  timestamp: 'timestamp',
  key_group: 'keyGroup',
  keygroup: 'keyGroup',
  subtask: 'subtask',
}

/** Members that hold values of the state's types. */
const TYPED: readonly (keyof WriteRow)[] = ['key', 'namespace', 'mapKey', 'value']

/**
 * The rows of statements of DuckDB over files, for the states of a plan. Columns are named as the members of a row; with
 * no column `value`, the other columns are its fields. A plan of one operator, or an operator of one state, need not be named.
 */
export async function* rowsFromSql(
  plan: WritePlan,
  statements: readonly string[],
  target: { readonly operator?: string; readonly state?: string } = {},
): AsyncGenerator<WriteRow, void, undefined> {
  const database = new Database([], { allowFiles: true })
  try {
    for (const statement of statements) {
      const result = database.run(statement)
      const states = new States(plan, target)
      let columns: readonly ResultColumn[] | undefined
      for await (const row of result) {
        columns ??= await result.columns()
        yield rowOf(row, columns, states)
      }
    }
  } finally {
    await database.close()
  }
}

function rowOf(row: SqlRow, columns: readonly ResultColumn[], states: States): WriteRow {
  const members: Record<string, unknown> = {}
  const fields: Record<string, unknown> = {}
  for (const { name, type } of columns) {
    const member = Object.hasOwn(MEMBERS, name.toLowerCase()) ? MEMBERS[name.toLowerCase()]! : undefined
    const json = jsonOf(row[name]!, type)
    if (member === undefined) fields[name] = json
    // A column that is null says nothing, other than of the value.
    else if (json !== null || member === 'value') members[member] = json
  }
  if (!('value' in members) && Object.keys(fields).length > 0) members.value = fields
  const { operator, state, layouts } = states.of(members)
  const named: Record<string, unknown> = { operator, state, ...members }
  for (const member of TYPED) {
    const layout = layouts[member]
    if (layout && member in members) named[member] = fitted(layout, members[member])
  }
  return named as WriteRow
}

// --- states --------------------------------------------------------------------------------------------------------

interface Named {
  readonly operator: string
  readonly state: string
  readonly layouts: Readonly<Partial<Record<keyof WriteRow, Layout | undefined>>>
}

/** The types of the states that rows name. */
class States {
  private readonly plan: WritePlan
  private readonly target: { readonly operator?: string; readonly state?: string }
  private readonly known = new Map<string, Named>()

  /** @param target what rows mean that do not name it. */
  constructor(plan: WritePlan, target: { readonly operator?: string; readonly state?: string }) {
    this.plan = plan
    this.target = target
  }

  of(members: Record<string, unknown>): Named {
    const operator = String(members.operator ?? members.uid ?? this.target.operator ?? this.onlyOperator())
    const place = `${operator}\n${String(members.state)}`
    const known = this.known.get(place)
    if (known) return known
    const resolved = operatorOf(this.plan, operator)
    const state = String(members.state ?? this.target.state ?? onlyState(resolved))
    const made = { operator, state, layouts: layoutsOf(resolved, state) }
    this.known.set(place, made)
    return made
  }

  private onlyOperator(): string {
    const [first, ...others] = this.plan.operators
    if (first && others.length === 0) return first.id
    throw new KobelError('USAGE', "the plan has several operators: name one, as in SELECT 'accounts' AS operator, …")
  }
}

function statesOf({ keyed, operatorState }: ResolvedOperator): string[] {
  const declared = [...keyed.values(), ...operatorState.values()].flatMap((each) => [...each.ids.keys()])
  return [...new Set(declared)]
}

function onlyState(resolved: ResolvedOperator): string {
  const [first, ...others] = statesOf(resolved)
  if (first !== undefined && others.length === 0) return first
  throw new KobelError('USAGE', "the operator has several states: name one, as in SELECT 'balance' AS state, …", {
    operator: resolved.operator.uid ?? resolved.operator.id,
  })
}

function layoutsOf({ keyed, operatorState }: ResolvedOperator, state: string): Named['layouts'] {
  for (const { ids, states } of keyed.values()) {
    const info = states[ids.get(state) ?? -1]
    if (!info) continue
    const value: Layout = info.kind === 'list' ? { op: 'list', of: 'list', element: info.value } : info.value
    return { key: info.key, namespace: info.namespace, mapKey: info.mapKey, value }
  }
  for (const { ids, states } of operatorState.values()) {
    const info = states[ids.get(state) ?? -1]
    if (info) return { mapKey: info.mapKey, value: info.value }
  }
  // Whoever takes the row says that there is no such state.
  return {}
}

// --- values --------------------------------------------------------------------------------------------------------

/** A value as `kobel dump` writes it, as far as SQL's type alone tells. */
function jsonOf(value: SqlValue, type: string): unknown {
  if (value === null) return null
  if (value instanceof Uint8Array) return toBase64(value)
  if (typeof value === 'string') return timeText(value, type)
  if (Array.isArray(value)) return value.map((each: SqlValue) => jsonOf(each, type))
  if (typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, jsonOf(each as SqlValue, type)]))
}

const TIMESTAMP = /^([+-]?\d{4,}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)(\+00)?$/

/** `2026-01-31 12:00:00+00` is an instant, `2026-01-31T12:00:00Z`, and without a zone a local date and time. */
function timeText(text: string, type: string): string {
  const match = type.includes('TIMESTAMP') ? TIMESTAMP.exec(text) : undefined
  return match ? `${match[1]}T${match[2]}${match[3] ? 'Z' : ''}` : text
}

/** Structs as the type has them: a tuple's fields in an array, a row's with its kind, others with their class. */
function fitted(layout: Layout, json: unknown): unknown {
  if (json === null || json === undefined) return json
  const members = typeof json === 'object' && !Array.isArray(json) ? (json as Record<string, unknown>) : undefined
  switch (layout.op) {
    case 'nullable':
    case 'sized':
      return fitted(layout.inner, json)
    case 'ttl':
      return fitted(layout.value, json)
    case 'list':
    case 'maskedList':
    case 'blockList':
      return Array.isArray(json) ? json.map((each) => fitted(layout.element, each)) : json
    case 'map':
      if (!Array.isArray(json)) return json
      return (json as [unknown, unknown][]).map(([key, value]) => [
        fitted(layout.key, key),
        fitted(layout.value, value),
      ])
    case 'tuple':
      return members ? Object.values(members).map((each, i) => fittedAt(layout.fields, i, each)) : json
    case 'row':
      return members ? rowJson(layout.fields, members) : json
    case 'codec':
      return layout.codec.shape ? fitted(layout.codec.shape, json) : json
    case 'pojo':
    case 'object': {
      if (!members || layout.className === undefined || 'class' in members) return json
      const fields = layout.fields.map(({ name, layout: inner }) => [name, fitted(inner, members[name] ?? null)])
      const unknown = Object.keys(members).filter((name) => !layout.fields.some((field) => field.name === name))
      // Whoever takes the value says which fields there are.
      return {
        class: layout.className,
        fields: Object.fromEntries([...fields, ...unknown.map((name) => [name, members[name]])]),
      }
    }
    default:
      return json
  }
}

function fittedAt(fields: readonly Layout[], i: number, json: unknown): unknown {
  return fields[i] ? fitted(fields[i], json) : json
}

/** Fields of rows have no names: they stand in the order of the statement. */
function rowJson(fields: readonly Layout[], members: Record<string, unknown>): unknown {
  if (Array.isArray(members.fields) && typeof members.kind === 'string') return members
  return { kind: '+I', fields: Object.values(members).map((each, i) => fittedAt(fields, i, each)) }
}
