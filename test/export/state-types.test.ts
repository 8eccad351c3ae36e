import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { expectedFiles, readJson } from '../../scripts/compare.ts'
import { dumpSnapshot } from '../../src/export/dump.ts'
import { dumpSchema, statesModule } from '../../src/export/state-types.ts'
import {
  CLASS,
  type FieldDescriptions,
  KobelError,
  type Operator,
  openSnapshot,
  type Snapshot,
  TypedBytes,
  type Value,
} from '../../src/node/index.ts'
import { BatchDecoder } from '../../src/snapshot/decode.ts'
import { schemaErrors } from '../support/json-schema.ts'
import { directoryWith } from '../support/tiny-savepoint.ts'

const fields = await readJson<FieldDescriptions>('conformance/fields.json')
const FIXTURES = await expectedFiles('fixtures')

/** Of each Flink version and job the first: values and types do not depend on backend and format. */
const READ: readonly string[] = [
  ...new Map(
    FIXTURES.toReversed().map((file) => {
      const [, version, , name] = file.split('/')
      return [`${version} ${name!.split('-')[0]}`, file] as const
    }),
  ).values(),
]

/** With the descriptions of classes that Kryo wrote; without them where they matter. */
const OPENED: readonly (readonly [fixture: string, described: FieldDescriptions])[] = FIXTURES.flatMap((fixture) => [
  [fixture, fields] as const,
  ...(READ.includes(fixture) && /\/(kryo|types)\//.test(fixture) ? [[fixture, {}] as const] : []),
])

async function open(fixture: string, described: FieldDescriptions): Promise<Snapshot> {
  const { snapshot } = await readJson<{ readonly snapshot: string }>(fixture)
  return openSnapshot(join(dirname(fixture), snapshot), { fields: described })
}

/** Until a value of unknown extent hides what is behind it. */
async function* linesOf(snapshot: Snapshot): AsyncGenerator<string> {
  try {
    yield* dumpSnapshot(snapshot)
  } catch (error) {
    if (!(error instanceof KobelError) || error.code !== 'UNKNOWN_SERIALIZER') throw error
  }
}

test('the JSON Schema fits every line of the dumps of every job', async () => {
  let lines = 0
  for (const [fixture, described] of OPENED.filter(([each]) => READ.includes(each))) {
    await using snapshot = await open(fixture, described)
    const schema = JSON.parse(JSON.stringify(dumpSchema(snapshot.operators))) as Record<string, unknown>
    const byState = new Map<string, unknown>()
    for (const each of schema.anyOf as { properties?: Record<string, { const?: string }> }[]) {
      byState.set(
        `${each.properties?.operator?.const} ${each.properties?.state?.const} ${each.properties?.kind?.const}`,
        each,
      )
    }
    for await (const line of linesOf(snapshot)) {
      const json = JSON.parse(line) as Record<string, unknown>
      // The alternative of the state itself tells what is wrong, and is quicker than all of them.
      const own = json.state === undefined ? schema : byState.get(`${json.operator} ${json.state} ${json.kind}`)
      assert.deepEqual(schemaErrors(schema, own as never, json), [], `${fixture}: ${line.slice(0, 400)}`)
      lines++
    }
  }
  assert.ok(lines > 10_000, `${lines} lines`)
})

/** TypeScript that makes the value. */
function literal(value: Value): string {
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : Number.isFinite(value) ? String(value) : 'NaN'
  if (value instanceof Uint8Array) return `new Uint8Array([${value.join(', ')}])`
  if (value instanceof TypedBytes) return `new TypedBytes(${JSON.stringify(value.class)}, new Uint8Array())`
  if (Array.isArray(value)) return `[${(value as Value[]).map(literal).join(', ')}]`
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).map(([name, each]) => `[${JSON.stringify(name)}]: ${literal(each as Value)}`)
    const className = (value as { [CLASS]?: string })[CLASS]
    return `{ ${[...members, ...(className === undefined ? [] : [`[CLASS]: ${JSON.stringify(className)}`])].join(', ')} }`
  }
  return JSON.stringify(value)
}

const SAMPLES = 8

/** Checks that the first decoded values of every state are of the types told. */
async function checksOf(snapshot: Snapshot, module: string): Promise<string> {
  const lines = [
    `import { CLASS, TypedBytes } from 'kobel'`,
    `import type { States } from './${module}.ts'`,
    'void [CLASS, TypedBytes]',
  ]
  const counts = new Map<string, number>()
  const add = (operator: Operator, state: string, entry: object): void => {
    const type = `States[${JSON.stringify(operator.label)}][${JSON.stringify(state)}]`
    const count = (counts.get(type) ?? 0) + 1
    counts.set(type, count)
    if (count <= SAMPLES) lines.push(`export const _${lines.length}: ${type} = ${literal(entry as Value)}`)
  }
  for (const operator of snapshot.operators) {
    for await (const [state, entry] of entriesOf(operator)) add(operator, state, entry)
    for (const state of operator.operatorStates) {
      for await (const { subtask: _, ...entry } of state.elements()) add(operator, state.name, entry)
    }
  }
  return `${lines.join('\n')}\n`
}

/** Entries and timers of all states in one pass, as `entries()` and `timers()` give them, but key groups. */
async function* entriesOf(operator: Operator): AsyncGenerator<readonly [state: string, entry: object]> {
  const decoder = new BatchDecoder()
  try {
    for await (const batch of operator.scan()) {
      for (let i = 0; i < batch.count; i++) {
        const state = batch.states[batch.stateIds[i]!]!
        const {
          keyGroup: _,
          namespace,
          ...entry
        } = batch.kind === 'timers' ? decoder.timer(batch, i) : decoder.entry(batch, i)
        yield [state.name, state.namespaceType.kind === 'void-namespace' ? entry : { ...entry, namespace }]
      }
    }
  } catch (error) {
    // Behind a value of unknown extent nothing of a heap's key group can be read.
    if (!(error instanceof KobelError) || error.code !== 'UNKNOWN_SERIALIZER') throw error
  }
}

/** The declarations beside the compiled tests stand for the package. */
const DECLARATIONS = fileURLToPath(new URL('../../src/index.d.ts', import.meta.url))

function compile(files: Readonly<Record<string, string>>): string {
  const options = {
    compilerOptions: {
      strict: true,
      skipLibCheck: true,
      noEmit: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      verbatimModuleSyntax: true,
      allowImportingTsExtensions: true,
      module: 'nodenext',
      target: 'es2023',
      types: [],
      paths: { kobel: [DECLARATIONS] },
    },
    include: ['*.ts'],
  }
  const all = { ...files, 'tsconfig.json': JSON.stringify(options), 'package.json': '{"type":"module"}' }
  const bytes = Object.entries(all).map(([name, text]) => [name, new TextEncoder().encode(text)] as const)
  const directory = directoryWith(Object.fromEntries(bytes))
  const { stdout } = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', directory], {
    encoding: 'utf8',
  })
  return stdout
}

test('the TypeScript of every fixture compiles, and decoded values are of the types it tells', async () => {
  const files: Record<string, string> = {}
  let checks = 0
  for (const [i, [fixture, described]] of OPENED.entries()) {
    await using snapshot = await open(fixture, described)
    const name = `states${i}`
    files[`${name}.ts`] = `// ${fixture}\n${statesModule(snapshot.operators)}`
    if (!READ.includes(fixture)) continue
    files[`check${i}.ts`] = await checksOf(snapshot, name)
    checks += files[`check${i}.ts`]!.split('\n').length
  }
  assert.ok(checks > 5000, `${checks} checks`)
  assert.deepEqual(compile(files).split('\n').slice(0, 12), [''])
})

test('values of other types are refused: the check itself works', async () => {
  await using snapshot = await open('fixtures/2.3.0/rocksdb/kinds/expected.json.gz', {})
  const wrong = `import type { States } from './states.ts'
export const a: States['kinds-int']['value'] = { key: 1, value: 2n }
export const b: States['kinds-pojo']['map']['key'] = { day: 'FREYDAY', number: 1, row: 'a' }
`
  const usage = `import type { Entry } from 'kobel'
import type { States } from './states.ts'
declare const entry: Entry
const { key, value } = entry as unknown as States['kinds-pojo']['value']
export const used: [boolean, bigint] = [key.day === 'MONDAY', value + 1n]
`
  const messages = compile({ 'usage.ts': usage, 'states.ts': statesModule(snapshot.operators), 'wrong.ts': wrong })
  assert.match(messages, /wrong\.ts\(2,\d+\).*error/)
  assert.match(messages, /wrong\.ts\(3,\d+\).*FREYDAY/)
  assert.equal(messages.match(/error TS/g)?.length, 2, messages)
})
