import { cLoop, DATA, java, snapshotOf } from './paths.ts'

/** One line of the bench. A further case is one more object in `CASES`. */
export interface Case {
  readonly name: string
  /** What it has to do better than Flink, and what part of the loop in C it has to reach: see README.md. */
  readonly target?: { readonly flink?: number; readonly c?: number }
  readonly rows?: number
  /** What all of them print as `sum=`; or a text that has to be in what they print. */
  readonly sum?: string
  readonly kobel: () => readonly string[]
  readonly flink?: () => readonly string[]
  readonly c?: () => Promise<readonly string[]>
}

/** A program of the bench, bundled as the command line is. */
const program = (...args: readonly string[]): readonly string[] => ['node', 'build/bench/bundle/kobel.js', ...args]
const command = (...args: readonly string[]): readonly string[] => ['node', 'build/bundle/cli/main.js', ...args]

const SUM_A = '2748778755295966606'
const SUM_B = '3400005200101398038'
const SUM_C = '1099507241019527920'
/** The key of i = 1,234,567. */
const ONE_KEY = 'user-000403948467997'

export const CASES: readonly Case[] = [
  {
    name: 'scan A to columns',
    target: { flink: 150, c: 0.4 },
    rows: 5_000_000,
    sum: SUM_A,
    kobel: () => program('scan', 'A', snapshotOf('A')),
    flink: () => java('read', 'A', snapshotOf('A')),
    c: () => cLoop('A'),
  },
  {
    name: 'scan B to columns',
    target: { flink: 50, c: 0.33 },
    rows: 2_000_000,
    sum: SUM_B,
    kobel: () => program('scan', 'B', snapshotOf('B')),
    flink: () => java('read', 'B', snapshotOf('B')),
    c: () => cLoop('B'),
  },
  {
    name: 'B as objects',
    target: { flink: 15 },
    rows: 2_000_000,
    sum: SUM_B,
    kobel: () => program('objects', 'B', snapshotOf('B')),
    flink: () => java('read', 'B', snapshotOf('B')),
  },
  {
    name: 'scan C to columns',
    target: { flink: 40 },
    rows: 200_000,
    sum: SUM_C,
    kobel: () => program('scan', 'C', snapshotOf('C')),
    flink: () => java('read', 'C', snapshotOf('C')),
  },
  {
    name: 'scan D (RocksDB) to columns',
    target: { flink: 10 },
    rows: 2_000_000,
    sum: SUM_B,
    kobel: () => program('scan', 'D', snapshotOf('D')),
    flink: () => java('read', 'B', snapshotOf('D'), 'rocksdb'),
  },
  {
    name: 'scan E (Snappy) to columns',
    target: { flink: 10 },
    rows: 2_000_000,
    sum: SUM_B,
    kobel: () => program('scan', 'E', snapshotOf('E')),
    flink: () => java('read', 'B', snapshotOf('E')),
  },
  {
    name: 'COUNT and two sums of B',
    target: { flink: 60 },
    kobel: () => program('aggregate', 'B', snapshotOf('B')),
    flink: () => java('sql', snapshotOf('B'), 'SELECT COUNT(*), SUM(`user`.id), SUM(`user`.amount) FROM users'),
  },
  {
    name: 'one key of B',
    target: { flink: 100 },
    kobel: () => command('read', snapshotOf('B'), 'op', 'user', '--key', ONE_KEY),
    // Flink has no lookup: its least is a scan.
    flink: () => java('read', 'B', snapshotOf('B')),
  },
  {
    name: 'inspect B',
    target: { flink: 50 },
    kobel: () => command('inspect', snapshotOf('B')),
    flink: () => java('sql', snapshotOf('B'), "SELECT * FROM savepoint_metadata('$PATH')"),
  },
]

export { DATA }
