import { rm } from 'node:fs/promises'
import { resourceUsage } from 'node:process'
import { FileSpill, type RowOrLine, readPlan, WritableFileStore, writeRows } from '../src/node/index.ts'
import type { BytesColumn, Column, LongColumn } from '../src/serializer/columns.ts'

/**
 * measure-writing A|B columns|objects|lines [COUNT [MEBIBYTES [DIRECTORY]]]
 *
 * Writes the rows of a savepoint of Flink's bench: A is 5 million `Long -> Long`, B 2 million `String -> POJO`. Prints
 * seconds of the processor, those of making the rows apart, and the largest resident size.
 */
const [kind = 'A', form = 'columns', countText, memoryText = '64', directory = `/tmp/kobel-measured-${process.pid}`] =
  process.argv.slice(2)
const COUNT = Number(countText ?? (kind === 'A' ? 5_000_000 : 2_000_000))
const BATCH = 50_000

const POS = { pojo: 'perf.Pos', fields: { lat: 'double', lon: 'double', zip: 'int' } }
const USER = {
  pojo: 'perf.User',
  fields: {
    id: 'long',
    name: 'string',
    amount: 'double',
    active: 'boolean',
    city: 'string',
    pos: POS,
    updatedAt: 'long',
    visits: 'int',
  },
}
const state = kind === 'A' ? { name: 'v', type: 'long' } : { name: 'user', type: USER }
const plan = readPlan({
  flink: '2.3',
  operators: [
    { uid: 'op', parallelism: 2, maxParallelism: 128, key: kind === 'A' ? 'long' : 'string', states: [state] },
  ],
})

/** `(i * 0x9E3779B97F4A7C15) >>> 24`, one after another, without bigints. */
class Hashes {
  private high = 0
  private low = 0

  next(): number {
    const value = this.high * 256 + (this.low >>> 24)
    const low = this.low + 0x7f4a7c15
    this.low = low >>> 0
    this.high = (this.high + 0x9e3779b9 + (low > 0xffffffff ? 1 : 0)) >>> 0
    return value
  }
}

const CITIES = [
  'Berlin',
  'München',
  'Paris',
  'London',
  'Wien',
  'Zürich',
  'Roma',
  'Madrid',
  'Oslo',
  'Praha',
  'Kyiv',
  'Athína',
]

interface User {
  readonly key: string
  readonly value: Readonly<Record<string, unknown>>
}

function userOf(i: number, x: number): User {
  const surname = 'Surname-of-twenty-xx'.slice(0, x % 17)
  return {
    key: `user-${String(x).padStart(15, '0')}`,
    value: {
      id: i,
      name: `Name ${x.toString(36)} ${surname}`,
      amount: (x % 1_000_000) / 4,
      active: i % 3 === 0,
      city: CITIES[x % CITIES.length],
      pos: { lat: (x % 180000) / 1024 - 90, lon: (x % 360000) / 1024 - 180, zip: x % 99991 },
      updatedAt: 1_700_000_000_000 + i,
      visits: x % 100003,
    },
  }
}

const encoder = new TextEncoder()

function texts(count: number, textAt: (i: number) => string): BytesColumn {
  const values = new Uint8Array(count * 64)
  const offsets = new Int32Array(count + 1)
  for (let i = 0; i < count; i++) {
    offsets[i + 1] = offsets[i]! + encoder.encodeInto(textAt(i), values.subarray(offsets[i]!)).written
  }
  return { kind: 'utf8', length: count, validity: undefined, offsets, values }
}

function longs(count: number, at: (i: number) => number): LongColumn {
  const words = new Int32Array(2 * count)
  for (let i = 0; i < count; i++) {
    const value = at(i)
    words[2 * i] = value | 0
    words[2 * i + 1] = Math.floor(value / 2 ** 32)
  }
  return { kind: 'int64', length: count, validity: undefined, values: new BigInt64Array(words.buffer) }
}

function doubles(count: number, at: (i: number) => number): Column {
  return {
    kind: 'float64',
    length: count,
    validity: undefined,
    values: Float64Array.from({ length: count }, (_, i) => at(i)),
  }
}

function ints(count: number, at: (i: number) => number): Column {
  return {
    kind: 'int32',
    length: count,
    validity: undefined,
    values: Int32Array.from({ length: count }, (_, i) => at(i)),
  }
}

function struct(count: number, columns: Readonly<Record<string, Column>>): Column {
  const children = Object.entries(columns).map(([name, column]) => ({ name, column }))
  return { kind: 'struct', length: count, validity: undefined, children }
}

function columnsOf(first: number, count: number, hashes: Hashes): Readonly<Record<string, Column>> {
  const xs = Float64Array.from({ length: count }, () => hashes.next())
  if (kind === 'A') return { key: longs(count, (i) => first + i), value: longs(count, (i) => xs[i]!) }
  const users = Array.from({ length: count }, (_, i) => userOf(first + i, xs[i]!))
  const active = new Uint8Array((count + 7) >> 3)
  for (let i = 0; i < count; i++) if ((first + i) % 3 === 0) active[i >> 3]! |= 1 << (i & 7)
  return {
    key: texts(count, (i) => users[i]!.key),
    value: struct(count, {
      id: longs(count, (i) => first + i),
      name: texts(count, (i) => users[i]!.value.name as string),
      amount: doubles(count, (i) => (xs[i]! % 1_000_000) / 4),
      active: { kind: 'boolean', length: count, validity: undefined, values: active },
      city: texts(count, (i) => users[i]!.value.city as string),
      pos: struct(count, {
        lat: doubles(count, (i) => (xs[i]! % 180000) / 1024 - 90),
        lon: doubles(count, (i) => (xs[i]! % 360000) / 1024 - 180),
        zip: ints(count, (i) => xs[i]! % 99991),
      }),
      updatedAt: longs(count, (i) => 1_700_000_000_000 + first + i),
      visits: ints(count, (i) => xs[i]! % 100003),
    }),
  }
}

let making = 0

function seconds(): number {
  const { userCPUTime, systemCPUTime } = resourceUsage()
  return (userCPUTime + systemCPUTime) / 1e6
}

function* rows(): Generator<RowOrLine> {
  const hashes = new Hashes()
  const at = { operator: 'op', state: state.name }
  for (let first = 0; first < COUNT; first += BATCH) {
    const count = Math.min(BATCH, COUNT - first)
    const start = seconds()
    if (form === 'columns') {
      const columns = columnsOf(first, count, hashes)
      making += seconds() - start
      yield { ...at, count, columns }
      continue
    }
    const batch = Array.from({ length: count }, (_, i): RowOrLine => {
      const x = hashes.next()
      const row = kind === 'A' ? { ...at, key: first + i, value: x } : { ...at, ...userOf(first + i, x) }
      return form === 'lines' ? JSON.stringify(row) : row
    })
    making += seconds() - start
    yield* batch
  }
}

const begun = process.hrtime.bigint()
const store = new WritableFileStore()
const sink = { store, directory, spill: new FileSpill(), memoryBytes: Number(memoryText) * 2 ** 20 }
const result = await writeRows(plan, rows(), sink)
const wall = Number(process.hrtime.bigint() - begun) / 1e9
const { maxRSS } = resourceUsage()
console.log(
  `${kind} from ${form}: ${COUNT} rows, ${result.bytes} bytes; ${(seconds() - making).toFixed(2)} s CPU (and ${making.toFixed(2)} s making rows), ${wall.toFixed(1)} s, ${Math.round(maxRSS / 1024)} MB`,
)
if (process.argv[6] === undefined) await rm(directory, { recursive: true })
