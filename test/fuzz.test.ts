import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Failure } from './support/fuzz.ts'

/**
 * Snapshots that were cut, flipped and spliced: every part gives a value or a `KobelError` within 2 s, and with less
 * than 64 MB over the input's size. `KOBEL_FUZZ_COUNT` makes it longer, `KOBEL_FUZZ_FIRST` begins with another seed, and
 * `KOBEL_FUZZ_FIXTURES` takes other directories than those here, with a comma between them.
 */
const FIXTURES: readonly string[] = process.env.KOBEL_FUZZ_FIXTURES?.split(',') ?? [
  'fixtures/2.3.0/hashmap/kinds',
  'fixtures/2.3.0/rocksdb/kinds-compressed',
  'fixtures/2.3.0/hashmap/kinds-native',
  'fixtures/2.3.0/hashmap/kinds-native-compressed',
  'fixtures/2.3.0/rocksdb/windows-native',
  'fixtures/2.3.0/rocksdb/kinds-checkpoint',
  'fixtures/2.3.0/hashmap/opstate',
  'fixtures/2.3.0/hashmap/inline-windows',
  'fixtures/2.3.0/hashmap/unknown-native',
  'fixtures/2.3.0/hashmap/kryo',
  'fixtures/2.3.0/hashmap/types',
  'fixtures/1.20.3/rocksdb/windows',
  'fixtures/1.20.3/hashmap/kinds-checkpoint',
  'fixtures/1.20.3/hashmap/avro',
  'fixtures/1.8.3/hashmap/kinds-small',
  'fixtures/1.8.3/rocksdb/windows',
]
const COUNT = Number(process.env.KOBEL_FUZZ_COUNT ?? 304)
const FIRST = Number(process.env.KOBEL_FUZZ_FIRST ?? 0)
/** One snapshot's damage, on a machine that does much else. */
const PATIENCE_MS = 60_000

interface Message {
  readonly begun?: Omit<Failure, 'problem'>
  readonly failure?: Failure
  readonly outcomes?: Readonly<Record<string, number>>
}

async function fuzz(): Promise<{ failures: Failure[]; outcomes: Readonly<Record<string, number>> }> {
  const program = fileURLToPath(new URL('./support/fuzz.js', import.meta.url))
  const settings = JSON.stringify({ fixtures: FIXTURES, first: FIRST, count: COUNT })
  const child = spawn(process.execPath, ['--expose-gc', '--max-old-space-size=192', program, settings], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const failures: Failure[] = []
  let outcomes: Readonly<Record<string, number>> | undefined
  let begun: Omit<Failure, 'problem'> | undefined
  let timer: NodeJS.Timeout | undefined
  for await (const line of createInterface(child.stdout)) {
    clearTimeout(timer)
    timer = setTimeout(() => child.kill(), PATIENCE_MS)
    const message = JSON.parse(line) as Message
    begun = message.begun ?? begun
    if (message.failure) failures.push(message.failure)
    outcomes = message.outcomes ?? outcomes
  }
  clearTimeout(timer)
  // A hang or too much memory ends the program.
  if (!outcomes && begun) failures.push({ ...begun, problem: 'the program hung, or died of too much memory' })
  return { failures, outcomes: outcomes ?? {} }
}

test(`${COUNT} damaged snapshots give values or errors of kobel, soon and in little memory`, async () => {
  const { failures, outcomes } = await fuzz()
  assert.deepEqual(failures, [])
  const errors = Object.entries(outcomes).filter(([name]) => name !== 'value')
  const told = errors.reduce((sum, [, count]) => sum + count, 0)
  assert.ok(outcomes.value! > COUNT && told > COUNT / 8, JSON.stringify(outcomes))
})
