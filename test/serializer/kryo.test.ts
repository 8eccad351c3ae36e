import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { fromHex, toHex } from '../../src/bytes/encoding.ts'
import { Reader } from '../../src/bytes/reader.ts'
import { Writer } from '../../src/bytes/writer.ts'
import { KobelError } from '../../src/error.ts'
import { type KryoBody, kryoVersionOf } from '../../src/serializer/families/kryo.ts'
import { kryoClasses } from '../../src/serializer/kryo/catalog.ts'
import { kryoCodec } from '../../src/serializer/kryo/codec.ts'
import type { KryoVersion } from '../../src/serializer/kryo/primitives.ts'
import type { Codec } from '../../src/serializer/layout.ts'
import type { FieldDescriptions, SerializerOptions } from '../../src/serializer/options.ts'
import { createSnapshot } from '../../src/serializer/row.ts'
import { readVersionedSnapshot, type SerializerSnapshot } from '../../src/serializer/snapshot.ts'
import { SERIALIZER_TABLE } from '../../src/serializer/table.ts'
import { CLASS, TypedBytes, type Value, type ValueArray, type ValueObject } from '../../src/serializer/value.ts'
import { randomNumbers } from '../bytes/pseudo.ts'

/**
 * Values that Flink 1.20.3 (Kryo 2.24.0) and 2.3.0 (Kryo 5.6.2) wrote on JDK 17 with `KryoSerializer<Object>`; the JSON
 * was made by a Java program from the objects.
 */
interface GoldenValue {
  readonly name: string
  readonly type?: string
  readonly cls?: string
  /** A class registered besides. */
  readonly reg?: string
  readonly json: string
  readonly hash?: string | number
  readonly hex?: string
  readonly hex2?: string
  readonly hex5?: string
}

interface GoldenSnapshot {
  readonly name: string
  readonly v: KryoVersion
  readonly snapshot: string
  readonly hex?: string
  readonly json?: string
}

const GOLDEN = JSON.parse(readFileSync('test/serializer/kryo-golden.json', 'utf8')) as {
  values: GoldenValue[]
  snapshots: GoldenSnapshot[]
  /** Flink 1.20.3 with flink-scala and Scala 2.12: chill's serializers and ids. */
  scala: GoldenValue[]
}

const STRING = 'java.lang.String'
const LIST = 'java.util.List'

const FIELDS: FieldDescriptions = {
  'fx.K$Plain': { p: 'int', q: STRING, next: 'fx.K$Plain' },
  'fx.K$Color': ['RED', 'GREEN', 'BLUE'],
  'fx.K$Shape': ['CIRCLE{}', 'SQUARE{}'],
  'fx.K$Sub': { a: 'int', b: STRING, v: STRING, 'fx.K$Base.v': STRING },
  'fx.K$Fin': { final: 'true', x: 'long', other: 'fx.K$Fin' },
  'fx.K$Prims': {
    z: 'boolean',
    b: 'byte',
    s: 'short',
    c: 'char',
    i: 'int',
    l: 'long',
    f: 'float',
    d: 'double',
    bz: 'java.lang.Boolean',
    bb: 'java.lang.Byte',
    bs: 'java.lang.Short',
    bc: 'java.lang.Character',
    bi: 'java.lang.Integer',
    bl: 'java.lang.Long',
    bf: 'java.lang.Float',
    bd: 'java.lang.Double',
    none: 'java.lang.Integer',
  },
  'fx.K$Box': { item: '#0', items: `${LIST}<#0>` },
  'fx.K$Boxes': {
    s: `fx.K$Box<${STRING}>`,
    i: 'fx.K$Box<java.lang.Integer>',
    o: 'fx.K$Box<java.lang.Object>',
    raw: 'fx.K$Box',
  },
  'fx.K$Node': { id: 'int', self: 'fx.K$Node', other: 'java.lang.Object', kids: `${LIST}<fx.K$Node>` },
  'fx.Rec': {
    final: 'true',
    n: 'int',
    s: STRING,
    l: LIST,
    boxed: 'java.lang.Integer',
    any: 'java.lang.Object',
    c: 'fx.K$Color',
    a: 'long[]',
  },
  'fx.K$Mixed': {
    names: `${LIST}<${STRING}>`,
    counts: `java.util.Map<${STRING}, java.lang.Integer>`,
    nested: `${LIST}<${LIST}<${STRING}>>`,
    lists: `java.util.Map<${STRING}, ${LIST}<java.lang.Long>>`,
    plains: `${LIST}<fx.K$Plain>`,
    raw: LIST,
    wild: `${LIST}<?>`,
    empty: 'java.util.Set<java.lang.Integer>',
    nil: `${LIST}<java.lang.Integer>`,
    any: 'java.lang.Object',
    num: 'java.lang.Number',
    cmp: `java.lang.Comparable<${STRING}>`,
    color: 'fx.K$Color',
    shape: 'fx.K$Shape',
    anyColor: 'java.lang.Object',
    id: 'java.util.UUID',
    dec: 'java.math.BigDecimal',
    ints: 'int[]',
    strs: `${STRING}[]`,
    ps: 'fx.K$Plain[]',
    fins: 'fx.K$Fin[]',
    cols: 'fx.K$Color[]',
    objs: 'java.lang.Object[]',
    grid: 'int[][]',
    opt: `java.util.Optional<${STRING}>`,
    date: 'java.util.Date',
    ld: 'java.time.LocalDate',
    colors: `${LIST}<fx.K$Color>`,
    tree: `java.util.TreeMap<${STRING}, java.lang.Long>`,
    odd: 'java.util.Map<fx.K$Plain, int[]>',
    boxedArr: 'java.lang.Integer[]',
    arrs: `${LIST}<int[]>`,
  },
}

const AVRO: Readonly<Record<KryoVersion, string>> = {
  2: 'org.apache.flink.api.java.typeutils.runtime.kryo.Serializers$SpecificInstanceCollectionSerializerForArrayList',
  5: 'org.apache.flink.formats.avro.utils.AvroKryoSerializerUtils$AvroGenericDataArraySerializer',
}

/** Class by name: java.util.ArrayList. */
const ARRAY_LIST = '01006a6176612e7574696c2e41727261794c6973f4'

function codecOf(version: KryoVersion, golden: Partial<GoldenValue> = {}, fields: FieldDescriptions = FIELDS): Codec {
  const type = golden.type ?? 'java.lang.Object'
  const registrations = [type, ...(golden.reg === undefined ? [] : [golden.reg])].map((className) => ({
    className,
    serializer: undefined,
  }))
  const classes = kryoClasses({
    version,
    registrations: [
      ...registrations,
      { className: 'org.apache.avro.generic.GenericData$Array', serializer: AVRO[version] },
    ],
    defaults: new Map(),
    options: { fields },
  })
  return kryoCodec(classes, golden.cls ?? type)
}

const CASES = GOLDEN.values.flatMap((golden) =>
  ([2, 5] as const).flatMap((version) => {
    const hex = golden.hex ?? golden[`hex${version}`]
    return hex === undefined ? [] : [{ golden, version, hex }]
  }),
)

/** What Java prints is not in the bytes, or kobel shows more. */
const SHOWN_OTHERWISE: Readonly<Record<string, string>> = {
  'zdt5"2024-07-01T12:00+02:00[Europe/Berlin]"': '"2024-07-01T12:00[Europe/Berlin]"',
  'sub2{"class":"fx.K$Sub","fields":{"a":3,"b":"b","v":"sub"}}':
    '{"class":"fx.K$Sub","fields":{"a":3,"b":"b","fx.K$Base.v":"base","v":"sub"}}',
  'sub5{"class":"fx.K$Sub","fields":{"a":3,"b":"b","v":"sub"}}':
    '{"class":"fx.K$Sub","fields":{"a":3,"b":"b","fx.K$Base.v":"base","v":"sub"}}',
}

/** Where a written value differs: what is shown does not say everything, or a string was shared. */
const NOT_WRITTEN =
  /^(url|locales?|zdt|calendar|enums list|enums null|mixed enums|EnumMap|TreeMap natural|asList|nCopies|enum body|Shape\[\]|BigInteger\[\]|optional|optionalInt|bytebuffer|mixed|box|boxes|row named|shared string|shared dec|throwables?|avro array)$/

const NO_JSON = /^(cycle|self list|throwables?)$/

describe('kryo', () => {
  it('reads what Kryo 2.24 and 5.6 wrote', () => {
    for (const { golden, version, hex } of CASES) {
      if (NO_JSON.test(golden.name)) continue
      const codec = codecOf(version, golden)
      // Bytes that follow must be left alone.
      const bytes = fromHex(`${hex}010203`)
      const reader = new Reader(bytes)
      const json = codec.toJson(codec.read(reader, -1))
      const where = `${golden.name}, Kryo ${version}`
      assert.equal(json, SHOWN_OTHERWISE[golden.name + version + golden.json] ?? golden.json, where)
      assert.equal(reader.offset, bytes.length - 3, where)
      reader.offset = 0
      codec.skip(reader, -1)
      assert.equal(reader.offset, bytes.length - 3, where)
    }
    assert.ok(CASES.length > 500)
  })

  it('reads what chill wrote of Scala', () => {
    const codec = codecOf(2)
    for (const { name, hex, json } of GOLDEN.scala) {
      const reader = new Reader(fromHex(`${hex}0102`))
      assert.equal(codec.toJson(codec.read(reader, -1)), json, name)
      assert.equal(reader.remaining, 2, name)
    }
    assert.ok(GOLDEN.scala.length > 30)
  })

  it('writes what it read', () => {
    let written = 0
    for (const { golden, version, hex } of CASES) {
      const codec = codecOf(version, golden)
      const value = codec.read(new Reader(fromHex(hex)), 0)
      const writer = new Writer(4)
      try {
        codec.write(writer, value)
      } catch (error) {
        assert.ok(error instanceof KobelError && error.code === 'USAGE')
        assert.match(golden.name, NOT_WRITTEN)
        continue
      }
      if (toHex(writer.toBytes()) === hex) written++
      else assert.match(golden.name, NOT_WRITTEN, `Kryo ${version} ${toHex(writer.toBytes())}`)
    }
    assert.ok(written > 480, `${written} written`)
  })

  it('hashes as Java does', () => {
    let hashed = 0
    for (const { golden, version, hex } of CASES) {
      const codec = codecOf(version, golden)
      if (golden.hash === undefined || codec.hash === undefined) continue
      assert.equal(codec.hash(new Reader(fromHex(hex))), Number(golden.hash), golden.name)
      hashed++
    }
    assert.ok(hashed > 100)
    assert.equal(codecOf(5).hash, undefined)
  })

  it('keeps the bytes of an object whose fields are not known', () => {
    const plain = CASES.find(({ golden, version }) => golden.name === 'plain' && version === 5)!
    const codec = codecOf(5, plain.golden, {})
    const bytes = fromHex(plain.hex)
    const value = codec.read(new Reader(bytes), 0)
    assert.ok(value instanceof TypedBytes)
    assert.equal(value.class, 'fx.K$Plain')
    assert.equal(toHex(value.bytes), plain.hex)
    const writer = new Writer()
    codec.write(writer, value)
    assert.equal(toHex(writer.toBytes()), plain.hex)
    // Without an end nothing can be said.
    assert.throws(() => codec.read(new Reader(bytes), -1), { code: 'UNKNOWN_SERIALIZER' })
    const tailed = new Reader(fromHex(`${plain.hex}ffff`))
    assert.equal(toHex((codec.read(tailed, 2) as TypedBytes).bytes), plain.hex)
    assert.equal(tailed.remaining, 2)
  })

  it('reads what comes before an unknown object that is the last', () => {
    const shared = CASES.find(({ golden, version }) => golden.name === 'shared in map' && version === 2)!
    // Something follows the first of two values: then the whole is bytes.
    const whole = codecOf(2, shared.golden, {}).read(new Reader(fromHex(shared.hex)), 0)
    assert.ok(whole instanceof TypedBytes)
    // ["a", a.B …]
    const last = fromHex(`${ARRAY_LIST}0102030182610101612ec2010402`)
    const value = codecOf(2).read(new Reader(last), 0) as ValueArray
    assert.equal(value[0], 'a')
    assert.deepEqual(value[1], new TypedBytes('a.B', fromHex('010402')))
    const writer = new Writer()
    codecOf(2).write(writer, value)
    assert.equal(toHex(writer.toBytes()), toHex(last))
  })

  it('shows cycles as references, and writes them', () => {
    for (const { golden, version, hex } of CASES) {
      if (golden.name !== 'cycle' && golden.name !== 'self list') continue
      const codec = codecOf(version, golden)
      const value = codec.read(new Reader(fromHex(hex)), 0)
      const expected = golden.name === 'cycle' ? /"self":\{"ref":0\}/ : /^\[\{"ref":0\}\]$/
      assert.match(codec.toJson(value), expected)
      const writer = new Writer()
      codec.write(writer, value)
      assert.equal(toHex(writer.toBytes()), hex)
    }
  })

  it('reads Java objects, also two of one stream', () => {
    for (const { golden, version, hex } of CASES) {
      if (golden.name !== 'throwables') continue
      const [a, b] = codecOf(version, golden).read(new Reader(fromHex(hex)), 0) as readonly ValueObject[]
      assert.deepEqual([a![CLASS], a!.detailMessage, a!.code, a!.cause], ['fx.K$Fail', 'a', 7, null])
      assert.deepEqual([b![CLASS], b!.detailMessage], ['fx.K$Fail', 'b'])
    }
  })

  it('does not grow without bounds where objects are shared', () => {
    // ["a", ["a", "a"], then 38 lists that have the one before twice]: 2^39 strings. The list k is the object k + 2.
    let hex = `${ARRAY_LIST}01280301826101000102${'0303'.repeat(2)}`
    for (let k = 1; k < 39; k++) hex += `01000102${`0100${(k + 3).toString(16).padStart(2, '0')}`.repeat(2)}`
    const codec = codecOf(2)
    const started = Date.now()
    assert.ok(codec.toJson(codec.read(new Reader(fromHex(hex)), 0)).length < 64_000_000)
    assert.ok(Date.now() - started < 20_000)
  })

  it('refuses to write what would become another class', () => {
    const decimal = codecOf(5, { cls: 'java.nio.ByteBuffer' })
    assert.throws(() => decimal.write(new Writer(), 'AQ=='), { code: 'USAGE' })
    assert.throws(() => codecOf(5).write(new Writer(), [1, 2]), { code: 'USAGE' })
    assert.throws(() => codecOf(5, { cls: 'java.util.UUID' }).write(new Writer(), 'x'), { code: 'USAGE' })
    assert.throws(() => codecOf(5, { cls: 'fx.K$Color' }).write(new Writer(), 'PINK'), { code: 'USAGE' })
  })

  it('writes values from JSON', () => {
    const json = '{"class":"fx.K$Plain","fields":{"next":null,"p":1,"q":"a"}}'
    for (const version of [2, 5] as const) {
      const golden = CASES.find((each) => each.golden.name === 'plain typed' && each.version === version)!
      const codec = codecOf(version, golden.golden)
      const writer = new Writer()
      codec.write(writer, codec.fromJson(JSON.parse(json)))
      assert.equal(toHex(writer.toBytes()), golden.hex)
      const list = new Writer()
      codecOf(version, { cls: 'java.util.List' }).write(list, ['a', null])
      assert.equal(toHex(list.toBytes()), ARRAY_LIST + { 2: '01020301826100', 5: '0183030101826100' }[version])
    }
  })
})

function snapshotOf(golden: GoldenSnapshot, options: SerializerOptions = {}): SerializerSnapshot {
  return readVersionedSnapshot({
    reader: new Reader(fromHex(golden.snapshot)),
    table: SERIALIZER_TABLE,
    extents: new Map(),
    depth: 0,
    options,
  })
}

describe('kryo snapshots', () => {
  it('are written back, and tell the version of Kryo', () => {
    assert.equal(GOLDEN.snapshots.length, 8)
    for (const golden of GOLDEN.snapshots) {
      const snapshot = snapshotOf(golden)
      assert.equal(toHex(snapshot.raw), golden.snapshot)
      assert.equal(kryoVersionOf(snapshot.body as KryoBody), golden.v)
      const row = SERIALIZER_TABLE.get(snapshot.className)!
      assert.equal(toHex(createSnapshot(row, snapshot.body).raw), golden.snapshot)
      if (golden.hex === undefined || snapshot.layout.op !== 'codec') continue
      const value = snapshot.layout.codec.read(new Reader(fromHex(golden.hex)), 0)
      assert.equal(snapshot.layout.codec.toJson(value), golden.json)
    }
  })

  it('take the version from the options where nothing tells', () => {
    const body = { className: 'a.B', registrations: [], instances: [], serializers: [], options: { kryoVersion: 2 } }
    assert.equal(kryoVersionOf(body as KryoBody), 2)
    assert.equal(kryoVersionOf({ ...body, options: {} } as KryoBody), 5)
  })

  it('read values of a described class by its id', () => {
    const golden = GOLDEN.snapshots.find((each) => each.name === 'golden 44')!
    const { layout, type } = snapshotOf(golden, { fields: { G$Generic: { n: STRING, x: 'int' } } })
    assert.deepEqual(
      type.fields?.map((field) => field.name),
      ['n', 'x'],
    )
    assert.ok(layout.op === 'codec')
    const value = layout.codec.read(new Reader(fromHex('570101826e0a')), 0)
    assert.equal(layout.codec.toJson(value), '{"class":"G$Generic","fields":{"n":"n","x":5}}')
    assert.equal(layout.codec.read(new Reader(fromHex('00')), 0), null)
  })
})

describe('kryo with damaged bytes', () => {
  it('gives a value or a KobelError, quickly', () => {
    const numbers = randomNumbers(20_261_122)
    const random = () => numbers.next().value >> 8
    const started = Date.now()
    let runs = 0
    for (const { golden, version, hex } of CASES) {
      const codec = codecOf(version, golden)
      const original = fromHex(hex)
      for (let round = 0; round < 30; round++) {
        const bytes = mutate(original, random)
        for (const tail of [0, -1]) {
          const reader = new Reader(bytes)
          try {
            const value: Value = codec.read(reader, tail)
            codec.toJson(value)
            codec.write(new Writer(), value)
          } catch (error) {
            assert.ok(
              error instanceof KobelError,
              `${golden.name} ${version} ${toHex(bytes)}: ${(error as Error).stack}`,
            )
          }
          runs++
        }
      }
    }
    assert.ok(Date.now() - started < 60_000, `${runs} runs`)
  })
})

function mutate(original: Uint8Array, random: () => number): Uint8Array {
  const bytes = original.slice(0, random() % 4 === 0 ? random() % (original.length + 1) : original.length)
  for (let i = random() % 4; i >= 0 && bytes.length > 0; i--) {
    bytes[random() % bytes.length] = random() % 3 === 0 ? [0, 1, 2, 0x7f, 0x80, 0xff][random() % 6]! : random() & 0xff
  }
  return bytes
}
