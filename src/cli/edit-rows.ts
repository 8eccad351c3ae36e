import { KobelError } from '../error.ts'
import { valueToJson } from '../serializer/interpreter/json.ts'
import type { Layout } from '../serializer/layout.ts'
import type { Snapshot } from '../snapshot/open.ts'
import { linesOf } from './lines.ts'
import { valueFromText } from './value-text.ts'

/** Key, namespace and user key as the user typed them. */
export interface KeyFlags {
  readonly key?: string
  readonly namespace?: string
  readonly mapKey?: string
}

/** Members of a row from options, in the JSON form of a dump. */
export async function keyArgument(
  snapshot: Snapshot,
  operatorName: string,
  stateName: string,
  flags: KeyFlags,
): Promise<Record<string, unknown>> {
  const operator = snapshot.operator(operatorName)
  await operator.load()
  const info = operator.state(stateName).declarations[0]
  if (!info) throw new KobelError('NOT_FOUND', 'no subtask declares the state', { state: stateName })
  const part = (name: string, layout: Layout | undefined, text: string | undefined): Record<string, unknown> => {
    if (text === undefined) return {}
    if (!layout) throw new KobelError('USAGE', `the state has no ${name}`, { state: stateName })
    return { [name]: JSON.parse(valueToJson(layout, valueFromText(name, layout, text))) as unknown }
  }
  return {
    ...part('key', info.key, flags.key),
    ...part('namespace', info.namespace, flags.namespace),
    ...part('mapKey', info.mapKey, flags.mapKey),
  }
}

/** JSON as typed; whole numbers that JSON would round stay texts, as a dump has them. */
export function jsonArgument(option: string, text: string): unknown {
  if (/^-?\d{16,}$/.test(text)) return text
  try {
    return JSON.parse(text) as unknown
  } catch {
    throw new KobelError('USAGE', `${option} takes JSON (texts in quotes: '"text"'), found ${JSON.stringify(text)}`)
  }
}

/** JSON lines of a file. */
export async function rowsOf(file: string): Promise<Record<string, unknown>[]> {
  const rows: Record<string, unknown>[] = []
  for await (const line of linesOf(file)) {
    if (line === '') continue
    const row = jsonArgument('--rows', line)
    if (typeof row !== 'object' || row === null || Array.isArray(row)) {
      throw new KobelError('USAGE', 'a line of --rows is an object such as {"key": "alice", "value": 1}')
    }
    rows.push(row as Record<string, unknown>)
  }
  return rows
}
