import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openSnapshot } from '../../src/node/index.ts'
import { bytesOfValue } from '../../src/serializer/interpreter/write.ts'
import type { Layout } from '../../src/serializer/layout.ts'
import type { Value, ValueObject } from '../../src/serializer/value.ts'
import { keyGroupOfHash } from '../../src/snapshot/key-groups.ts'
import { type HashLesson, type LearnedHash, learnHash, learnKeyHash } from '../../src/snapshot/learn-hash.ts'

for (const fixture of ['2.3.0/rocksdb/kinds', '1.20.3/hashmap/kinds']) {
  test(`the hash of a POJO that real Flink keyed by: ${fixture}`, async () => {
    await using snapshot = await openSnapshot(`fixtures/${fixture}/snapshot`, { uids: ['kinds-pojo', 'kinds-int'] })
    // `Pojos.Seat` in conformance/: 31 * (31 * Objects.hashCode(row) + number) + (day == null ? 0 : day.name().hashCode())
    const { learned } = await learnKeyHash(snapshot.operator('kinds-pojo'))
    assert.deepEqual(learned?.fields, ['row', 'number', 'day'])
    assert.match(learned.convention, /^31 \* h \+ field from the first field.*name\(\)/)
    assert.equal(learned.keysChecked, 12)
    assert.deepEqual(learned.unproven, [])
    assert.ok(learned.log2Chance < -70 && learned.log2Chance > -84)
    const other = await learnKeyHash(snapshot.operator('kinds-int'))
    assert.match(other.reason ?? '', /specified by Java or Flink/)
  })
}

/** The hashes that Java specifies, written anew. */
const textHash = (text: string): number => [...text].reduce((h, each) => (Math.imul(31, h) + each.charCodeAt(0)) | 0, 0)
const longHash = (long: bigint): number => Number(BigInt.asIntN(32, long ^ (BigInt.asUintN(64, long) >> 32n)))

interface Person {
  readonly active: boolean
  readonly age: number
  readonly id: bigint
  readonly name: string | null
}

const PERSON: Layout = {
  op: 'pojo',
  className: 'com.acme.Person',
  fields: [
    { name: 'active', layout: { op: 'boolean' } },
    { name: 'age', layout: { op: 'i32' } },
    { name: 'id', layout: { op: 'i64' } },
    { name: 'name', layout: { op: 'string' } },
  ],
  registered: [],
  subclasses: [],
}

const PEOPLE: readonly Person[] = Array.from({ length: 40 }, (_, i) => ({
  active: i % 3 === 0,
  age: (i * 37) % 91,
  id: BigInt(i) * 7_000_000_001n - 5n,
  name: i % 7 === 6 ? null : `person ${i * i}`,
}))

function learn<T>(layout: Layout, values: readonly T[], hash: (value: T) => number, maxParallelism = 128): HashLesson {
  const keys = values.map((value) => ({
    bytes: bytesOfValue(layout, value as Value),
    keyGroup: keyGroupOfHash(hash(value), maxParallelism),
  }))
  return learnHash(layout, keys, maxParallelism)
}

const times31 = (start: number, ...hashes: number[]): number =>
  hashes.reduce((h, each) => (Math.imul(31, h) + each) | 0, start)
const nameHash = ({ name }: Person): number => (name === null ? 0 : textHash(name))

const CODE: readonly (readonly [name: RegExp, fields: string, hash: (person: Person) => number])[] = [
  [
    /Objects\.hash/,
    'id name active age',
    (p) => times31(1, longHash(p.id), nameHash(p), p.active ? 1231 : 1237, p.age),
  ],
  [
    /record, data class: /,
    'name id age active',
    (p) => times31(nameHash(p), longHash(p.id), p.age, p.active ? 1231 : 1237),
  ],
  [/booleans as 1 and 0/, 'id active age name', (p) => times31(longHash(p.id), p.active ? 1 : 0, p.age, nameHash(p))],
  [/Effective Java: /, 'age id', (p) => times31(17, p.age, longHash(p.id))],
  [/Objects\.hash/, 'id', (p) => times31(1, longHash(p.id))],
  [/first field/, 'id', (p) => longHash(p.id)],
  [
    /^Lombok/,
    'active age id name',
    (p) => {
      let h = 1
      for (const each of [p.active ? 79 : 97, p.age, longHash(p.id), p.name === null ? 43 : textHash(p.name)])
        h = (Math.imul(h, 59) + each) | 0
      return h
    },
  ],
  [
    /HashCodeBuilder/,
    'name active id',
    (p) => [nameHash(p), p.active ? 0 : 1, longHash(p.id)].reduce((h, each) => (Math.imul(h, 37) + each) | 0, 17),
  ],
  [
    /^53 .* from 7: NetBeans/,
    'id name age active',
    (p) => [longHash(p.id), nameHash(p), p.age, p.active ? 1 : 0].reduce((h, each) => (Math.imul(h, 53) + each) | 0, 7),
  ],
  [/AutoValue/, 'name id', (p) => Math.imul(Math.imul(1, 1000003) ^ nameHash(p), 1000003) ^ longHash(p.id)],
  [/^xor/, 'id name', (p) => longHash(p.id) ^ nameHash(p)],
  [/^sum/, 'age id name', (p) => (p.age + longHash(p.id) + nameHash(p)) | 0],
]

test('the usual code of hashCode is learned, whatever the order of the fields', () => {
  for (const [name, fields, hash] of CODE) {
    for (const maxParallelism of [128, 4096]) {
      const lesson: HashLesson = learn(PERSON, PEOPLE, hash, maxParallelism)
      const learned: LearnedHash | undefined = lesson.learned
      assert.match(learned?.convention ?? lesson.reason ?? '', name)
      assert.equal(learned?.fields.join(' '), fields)
      assert.ok(learned)
      assert.deepEqual(learned.unproven, [])
      assert.ok(learned.log2Chance < -40)
      const stranger: Person = { active: true, age: -3, id: 1n << 40n, name: 'never seen' }
      assert.equal(learned.hash(bytesOfValue(PERSON, stranger as unknown as Value)), hash(stranger), learned.convention)
    }
  }
})

test('code of no convention is not learned', () => {
  const odd = (p: Person): number => (Math.imul(p.age, 7919) + Math.imul(longHash(p.id), 104729)) | 0
  assert.match(learn(PERSON, PEOPLE, odd).reason ?? '', /none of the usual conventions/)
  // One key in a wrong group is enough.
  const spoilt = PEOPLE[20]!
  const almost = (p: Person): number => times31(1, longHash(p.id), nameHash(p)) + (p === spoilt ? 1 : 0)
  assert.match(learn(PERSON, PEOPLE, almost).reason ?? '', /none of the usual conventions/)
})

test('too few keys prove nothing, nor do many with one hash', () => {
  const hash = (p: Person): number => times31(1, longHash(p.id), nameHash(p))
  assert.match(learn(PERSON, PEOPLE.slice(0, 4), hash).reason ?? '', /too few/)
  assert.match(learn(PERSON, PEOPLE, hash, 1).reason ?? '', /too few/)
  assert.ok(learn(PERSON, PEOPLE.slice(0, 12), hash).learned)
  const same = PEOPLE.map((p) => ({ ...p, id: 7n }))
  assert.match(learn(PERSON, same, (p) => longHash(p.id)).reason ?? '', /too few/)
})

test('fields that the keys do not tell of are named', () => {
  const noName = PEOPLE.map((p) => ({ ...p, name: null }))
  const { learned } = learn(PERSON, noName, (p) => times31(0, nameHash(p), longHash(p.id), p.age))
  assert.ok(learned)
  assert.ok(learned.unproven.includes('name'))
  assert.ok(!learned.unproven.includes('id'))
  // A field that is always 1, in front of a chain from 0, is as a chain from 1 without it.
  const one = PEOPLE.map((p) => ({ ...p, age: 1 }))
  const front = learn(PERSON, one, (p) => times31(0, p.age, longHash(p.id), nameHash(p))).learned
  assert.deepEqual(front?.unproven, ['age'])
})

const SEAT: Layout = {
  op: 'pojo',
  className: 'com.acme.Seat',
  fields: [
    { name: 'day', layout: { op: 'enum', className: 'com.acme.Day', constants: ['MON', 'TUE', 'WED'] } },
    { name: 'hall', layout: { ...PERSON, className: 'com.acme.Hall' } as Layout },
    { name: 'marks', layout: { op: 'list', of: 'array', element: { op: 'i32' } } },
    { name: 'tags', layout: { op: 'codec', className: 'a.B', codec: { ...nothing() } } },
  ],
  registered: [],
  subclasses: [],
}

/** A field that kobel can read and not hash. */
function nothing() {
  return {
    name: 'tag',
    read: () => null,
    write: () => {},
    skip: () => {},
    toJson: () => 'null',
    fromJson: () => null,
  }
}

test('enums by name or ordinal, arrays by their elements, a record inside, a field left out', () => {
  const seats = PEOPLE.map((hall, i) => ({
    day: ['MON', 'TUE', 'WED'][(i * 5) % 3]!,
    hall,
    marks: [i, -i, i * i],
    tags: 'x',
  }))
  const hall = (p: Person): number => times31(1, p.active ? 1231 : 1237, p.age, longHash(p.id), nameHash(p))
  const byName = learn(SEAT, seats, (s) => times31(1, times31(1, ...s.marks), textHash(s.day), hall(s.hall)))
  assert.match(byName.learned?.convention ?? byName.reason ?? '', /name\(\)/)
  assert.deepEqual(byName.learned?.fields, ['marks', 'day', 'hall'])
  const byOrdinal = learn(SEAT, seats, (s) => times31(17, ['MON', 'TUE', 'WED'].indexOf(s.day), times31(1, ...s.marks)))
  assert.match(byOrdinal.learned?.convention ?? byOrdinal.reason ?? '', /ordinal\(\)/)
  assert.deepEqual(byOrdinal.learned?.fields, ['day', 'marks'])
})

test('an Avro record hashes as Avro says', () => {
  const layout: Layout = {
    op: 'object',
    className: 'com.acme.Key',
    avro: true,
    fields: [
      { name: 'id', layout: { op: 'i64' } },
      { name: 'name', layout: { op: 'utf8' } },
      { name: 'kind', layout: { op: 'enum', className: 'com.acme.Kind', constants: ['A', 'B'] } },
      {
        name: 'tag',
        layout: {
          op: 'union',
          branches: [{ op: 'constant', length: 0, declaredLength: -1, value: null }, { op: 'i32' }],
        },
      },
      { name: 'parts', layout: { op: 'blockList', element: { op: 'i32' } } },
    ],
  }
  const values = PEOPLE.map((p, i) => ({
    id: p.id,
    name: `é${i}`,
    kind: i % 2 ? 'A' : 'B',
    tag: i % 4 ? i : null,
    parts: i % 3 ? [i, 2] : [],
  }))
  const utf8 = (start: number, text: string): number => times31(start, ...new Int8Array(new TextEncoder().encode(text)))
  for (const start of [0, 1]) {
    const hash = (v: (typeof values)[number]): number =>
      times31(1, longHash(v.id), utf8(start, v.name), v.kind === 'A' ? 0 : 1, v.tag ?? 0, times31(1, ...v.parts))
    const { learned, reason } = learn(layout, values, hash)
    assert.match(learned?.convention ?? reason ?? '', start === 1 ? /1\.11 and later/ : /1\.10 and before/)
  }
})

/** MurmurHash3 of 32 bits over words, finalized with their number, as Scala mixes a product. */
function scalaProduct(...words: readonly number[]): number {
  let h = 0xcafebabe | 0
  const rotl = (n: number, by: number): number => (n << by) | (n >>> (32 - by))
  for (const word of words) {
    h ^= Math.imul(rotl(Math.imul(word, 0xcc9e2d51), 15), 0x1b873593)
    h = (Math.imul(rotl(h, 13), 5) - 430675100) | 0
  }
  h ^= words.length
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

test('a Scala case class', () => {
  const layout: Layout = {
    op: 'object',
    className: 'com.acme.Point',
    fields: [
      { name: '_1', layout: { op: 'i64' } },
      { name: '_2', layout: { op: 'string' } },
    ],
  }
  const points = PEOPLE.map((_, i) => ({ _1: BigInt(i) - 20n, _2: `p${i}` }))
  // `##` of a long that fits an int is the int.
  const { learned } = learn(layout, points, (p) => scalaProduct(Number(p._1), textHash(p._2)))
  assert.match(learned?.convention ?? '', /Scala case class \(2\.11, 2\.12\)/)
})

test('keys that cannot be learned say why', () => {
  assert.match(learnHash(SEAT, [], 128).reason ?? '', /no keys/)
  assert.match(learnHash({ op: 'enum', className: 'a.B', constants: [] }, [], 128).reason ?? '', /no POJO/)
  const subclass = { bytes: Uint8Array.of(4, 0, 1, 65), keyGroup: 1 }
  assert.match(learnHash(PERSON, [subclass], 128).reason ?? '', /subclass/)
  assert.throws(() => learnHash(PERSON, [{ bytes: Uint8Array.of(2, 0), keyGroup: 1 }], 128), { code: 'TRUNCATED' })
})

test('many fields take no time', () => {
  const names = Array.from({ length: 8 }, (_, i) => `f${i}`)
  const layout: Layout = { ...PERSON, fields: names.map((name) => ({ name, layout: { op: 'i32' } })) } as Layout
  const values = PEOPLE.map(
    (_, i): ValueObject => Object.fromEntries(names.map((name, j) => [name, (i + 3) * (j + 11) * 7919])),
  )
  const order = [5, 2, 7, 0, 1, 6, 3, 4]
  const start = performance.now()
  const { learned } = learn(layout, values, (v) => times31(1, ...order.map((i) => v[`f${i}`] as number)))
  assert.deepEqual(
    learned?.fields,
    order.map((i) => `f${i}`),
  )
  assert.ok(performance.now() - start < 5000)
})
