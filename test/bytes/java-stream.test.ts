import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fromBase64, fromHex, toHex } from '../../src/bytes/encoding.ts'
import {
  type JavaArray,
  type JavaClassDesc,
  type JavaFieldValue,
  type JavaObject,
  type JavaValue,
  javaField,
  readJavaObject,
} from '../../src/bytes/java-stream/index.ts'
import { Reader } from '../../src/bytes/reader.ts'
import { Writer } from '../../src/bytes/writer.ts'
import { KobelError } from '../../src/error.ts'

/**
 * Written by `ObjectOutputStream` of JDK 17 from JDK classes, from classes of its own, and from those of Flink 2.3.0.
 * `classes` (name, serialVersionUID, fields with their types) and `leaves` (strings and enum constants) are what
 * `ObjectInputStream` met while it read the stream back.
 */
interface Golden {
  readonly stream: string
  readonly classes: readonly string[]
  readonly leaves: readonly string[]
}

const GOLDEN = JSON.parse(readFileSync(join(process.cwd(), 'test/bytes/java-stream.json'), 'utf8')) as Record<
  string,
  Golden
>

function bytesOf(name: string): Uint8Array {
  return fromBase64(GOLDEN[name]!.stream)
}

function parsed(name: string): JavaValue {
  return readJavaObject(new Reader(bytesOf(name)))
}

function object(value: JavaFieldValue | undefined): JavaObject {
  assert.ok(typeof value === 'object' && value !== null && value.kind === 'object', `an object, not ${String(value)}`)
  return value
}

function array(value: JavaFieldValue | undefined): JavaArray {
  assert.ok(typeof value === 'object' && value !== null && value.kind === 'array', `an array, not ${String(value)}`)
  return value
}

function field(value: JavaFieldValue | undefined, ...path: readonly string[]): JavaFieldValue | undefined {
  return path.reduce<JavaFieldValue | undefined>((at, name) => javaField(object(at), name), value)
}

function constant(value: JavaFieldValue | undefined): string {
  assert.ok(typeof value === 'object' && value !== null && value.kind === 'enum')
  return value.name
}

interface Met {
  readonly descriptions: Set<string>
  readonly names: Set<string>
  readonly leaves: Set<string>
}

/** Everything that can be reached from a value. */
function meet(root: JavaValue): Met {
  const met: Met = { descriptions: new Set(), names: new Set(), leaves: new Set() }
  const seen = new Set<unknown>()
  const meetClass = (classDesc: JavaClassDesc): void => {
    const fields = classDesc.fields.map((one) => ` ${one.name}:${one.type}`).join('')
    if (classDesc.interfaces !== undefined) met.descriptions.add(`proxy ${classDesc.interfaces.join(',')}`)
    else met.descriptions.add(`${classDesc.className} ${classDesc.serialVersionUID}${fields}`)
    met.names.add(classDesc.className)
    if (classDesc.superClass !== null) meetClass(classDesc.superClass)
  }
  const visit = (value: JavaFieldValue): void => {
    if (typeof value === 'string') met.leaves.add(value)
    if (typeof value !== 'object' || value === null || seen.has(value)) return
    seen.add(value)
    if (value.kind === 'class-desc') meetClass(value)
    else if (value.kind === 'class') meetClass(value.classDesc)
    else if (value.kind === 'bytes') met.names.add('[B')
    else if (value.kind === 'enum') {
      met.names.add(value.className)
      met.leaves.add(value.name)
    } else if (value.kind === 'array') {
      met.names.add(value.className)
      if (value.className !== '[C') value.elements.forEach(visit)
    } else if (value.kind === 'object') {
      meetClass(value.classDesc)
      for (const part of value.parts) {
        const types = descOf(value.classDesc, part.className).fields
        for (const one of types) if (one.type.length > 1) visit(part.fields.get(one.name) ?? null)
        part.annotations.forEach(visit)
      }
    }
  }
  visit(root)
  return met
}

function descOf(classDesc: JavaClassDesc, className: string): JavaClassDesc {
  for (let at: JavaClassDesc | null = classDesc; at !== null; at = at.superClass) {
    if (at.className === className && at.interfaces === undefined) return at
  }
  throw new Error(className)
}

describe('streams of ObjectOutputStream', () => {
  for (const [name, golden] of Object.entries(GOLDEN)) {
    it(`reads ${name} to its end and no further`, () => {
      const stream = fromBase64(golden.stream)
      const followed = new Uint8Array(2 + stream.length + 3).fill(0x78)
      followed.set(stream, 2)
      const reader = new Reader(followed, 2)
      const value = readJavaObject(reader)
      assert.equal(reader.offset, 2 + stream.length)
      const met = meet(value)
      for (const description of met.descriptions) assert.ok(golden.classes.includes(description), description)
      for (const description of golden.classes) {
        const className = description.split(' ')[0]!
        const known = met.names.has(className) || met.descriptions.has(description) || className === 'java.lang.Enum'
        assert.ok(known, description)
      }
      assert.deepEqual([...met.leaves].sort(), [...golden.leaves].sort())
    })
  }

  it('gives plain values', () => {
    assert.equal(parsed('null'), null)
    assert.equal(parsed('string'), 'café\0😀')
    assert.equal(field(parsed('integer'), 'value'), 42)
    assert.equal(field(parsed('long'), 'value'), -1n)
    assert.equal(field(parsed('boolean'), 'value'), true)
    assert.equal(field(parsed('character'), 'value'), 'x')
    const all = object(parsed('primitives of every kind'))
    assert.equal(all.className, 'Golden$Prims')
    assert.equal(all.serialVersionUID, 7n)
    assert.deepEqual(Object.fromEntries(all.parts[0]!.fields), {
      b: -2,
      c: '\ud83d',
      d: -0.5,
      f: 1.5,
      i: -2147483648,
      j: 9223372036854775807n,
      s: -3,
      z: true,
      ints: { kind: 'array', className: '[I', elements: [1, -1] },
      none: null,
      text: 'café\0😀',
    })
  })

  it('keeps the fields of each class, and leaves out classes that store nothing', () => {
    const leaf = object(parsed('hierarchy'))
    assert.deepEqual(
      leaf.parts.map((part) => [part.className, Object.fromEntries(part.fields)]),
      [
        ['Golden$Base', { x: 1, same: 'base' }],
        ['Golden$Leaf', { y: 2, same: 'leaf' }],
      ],
    )
    assert.equal(javaField(leaf, 'same'), 'leaf')
    assert.equal(javaField(leaf, 'x'), 1)
    assert.equal(javaField(leaf, 'nothing'), undefined)
    assert.equal(leaf.classDesc.superClass?.className, 'Golden$Mid')
  })

  it('keeps what writeObject and writeExternal wrote', () => {
    const custom = object(parsed('custom writeObject')).parts[0]!
    assert.equal(custom.fields.get('kept'), 5)
    const [head, text, zeros, none, ...rest] = custom.annotations
    assert.deepEqual(head, { kind: 'block-data', bytes: fromHex('000565787472610000002a') })
    assert.equal(text, 'obj')
    assert.deepEqual(zeros, { kind: 'block-data', bytes: new Uint8Array(3000) })
    assert.equal(none, null)
    assert.deepEqual(rest, [])

    const bare = object(parsed('writeObject without fields')).parts[0]!
    assert.equal(bare.fields.size, 0)
    assert.deepEqual(bare.annotations, [{ kind: 'block-data', bytes: fromHex('0000004d') }, 'seen'])

    assert.deepEqual(Object.fromEntries(object(parsed('putFields')).parts[0]!.fields), { n: 4, virtual: 'v' })

    const external = object(parsed('Externalizable')).parts[0]!
    assert.deepEqual(external.annotations[0], { kind: 'block-data', bytes: fromHex('00000003') })
    assert.equal(object(external.annotations[1]).className, 'java.util.CollSer')
    assert.deepEqual(external.annotations[2], { kind: 'block-data', bytes: fromHex('01') })

    const localDate = object(array(parsed('java.time')).elements[1])
    assert.equal(localDate.className, 'java.time.Ser')
    assert.deepEqual(localDate.parts[0]!.annotations, [{ kind: 'block-data', bytes: fromHex('03000007ea0b16') }])
  })

  it('resolves references to the same objects', () => {
    const one = parsed('cycles')
    const two = field(one, 'next')
    assert.equal(field(two, 'name'), 'two')
    assert.equal(field(two, 'next'), one)
    const all = array(field(one, 'all'))
    assert.deepEqual([all.elements[0] === one, all.elements[1] === two, all.elements[2] === all], [true, true, true])
    const shared = array(parsed('enums shared')).elements
    assert.equal(shared[0], shared[1])
    assert.deepEqual(shared[2], { kind: 'enum', className: 'Golden$Plain', name: 'B' })
  })

  it('reads arrays, enums, classes and proxies', () => {
    const shown = array(parsed('primitive arrays')).elements.map((one) => {
      if (typeof one === 'object' && one !== null && one.kind === 'bytes') return toHex(one.bytes)
      return [array(one).className, ...array(one).elements]
    })
    assert.deepEqual(shown, [
      '01ff',
      ['[C', 'a', '€'],
      ['[D', 0.1],
      ['[F', 0.5],
      ['[I', 7, -7],
      ['[J', 1099511627776n],
      ['[S', -5],
      ['[Z', true, false],
      ['[I'],
    ])
    assert.deepEqual(parsed('enum with body'), { kind: 'enum', className: 'Golden$Body', name: 'Y' })
    const classes = array(parsed('classes')).elements.map((one) => {
      assert.ok(typeof one === 'object' && one !== null && one.kind === 'class')
      return one.className
    })
    assert.deepEqual(classes.slice(0, 4), ['java.lang.String', 'int', '[I', '[[Ljava.lang.Object;'])
    assert.equal(classes[7], 'Golden$Ext')
    const proxy = object(parsed('proxy'))
    assert.deepEqual(proxy.classDesc.interfaces, ['java.lang.Runnable', 'java.lang.Comparable'])
    assert.equal(field(proxy, 'h', 'who'), 'handler')
  })

  it('reads what Flink stores', () => {
    const decimal = parsed('flink DecimalType')
    assert.deepEqual(
      [field(decimal, 'precision'), field(decimal, 'scale'), field(decimal, 'isNullable')],
      [38, 18, true],
    )
    assert.equal(constant(field(decimal, 'typeRoot')), 'DECIMAL')
    const names: unknown[] = []
    // An unmodifiable list around an ArrayList, which writes its capacity and then its elements.
    const [, ...rowFields] = object(field(parsed('flink RowType'), 'fields', 'list')).parts[0]!.annotations
    for (const one of rowFields) names.push([field(one, 'name'), object(field(one, 'type')).className.slice(37)])
    assert.deepEqual(names, [
      ['id', 'BigIntType'],
      ['s', 'VarCharType'],
      ['d', 'DecimalType'],
      ['ts', 'TimestampType'],
      ['ltz', 'LocalZonedTimestampType'],
      ['arr', 'ArrayType'],
      ['m', 'MapType'],
    ])
    const tuple = array(field(parsed('flink TupleSerializer'), 'fieldSerializers'))
    assert.deepEqual(
      tuple.elements.map((one) => object(one).className.split('.').at(-1)),
      ['StringSerializer', 'LongSerializer'],
    )
    const lambda = object(field(parsed('TreeMap lambda'), 'comparator'))
    assert.equal(lambda.className, 'java.lang.invoke.SerializedLambda')
    assert.equal(javaField(lambda, 'implClass'), 'Golden')
    assert.deepEqual([field(parsed('flink Tuple2'), 'f0'), field(parsed('flink Tuple2'), 'f1', 'value')], ['a', 1n])
  })

  it('reads strings of more than 65535 bytes', () => {
    const writer = new Writer()
    writer.raw(fromHex('aced00057c'))
    writer.i64(70_000n)
    writer.raw(new Uint8Array(70_000).fill(0x61))
    const reader = new Reader(writer.toBytes())
    assert.equal(readJavaObject(reader), 'a'.repeat(70_000))
    assert.equal(reader.remaining, 0)
  })

  it('reads a reset before the object and block data', () => {
    assert.equal(readJavaObject(new Reader(fromHex('aced0005797970'))), null)
    assert.deepEqual(readJavaObject(new Reader(fromHex('aced000577020102'))), {
      kind: 'block-data',
      bytes: fromHex('0102'),
    })
    assert.deepEqual(readJavaObject(new Reader(fromHex('aced00057a000000020102'))), {
      kind: 'block-data',
      bytes: fromHex('0102'),
    })
  })
})

describe('damaged streams', () => {
  const failsWith = (hex: string, code: string, message: RegExp): void => {
    assert.throws(
      () => readJavaObject(new Reader(fromHex(hex))),
      (error) => error instanceof KobelError && error.code === code && message.test(error.message),
      hex,
    )
  }

  it('are refused with what is wrong', () => {
    failsWith('cafebabe', 'CORRUPT', /AC ED 00 05/)
    failsWith('aced0005', 'TRUNCATED', /./)
    failsWith('aced00057b70', 'CORRUPT', /exception/)
    failsWith('aced000578', 'CORRUPT', /tag 0x78/)
    failsWith('aced000571007e0000', 'CORRUPT', /reference/)
    // An array of 2^31-1 references in three bytes.
    failsWith('aced00057572 00025b4c 0000000000000000 02 0000 78 70 7fffffff'.replaceAll(' ', ''), 'TRUNCATED', /./)
    // A class that is its own superclass.
    failsWith('aced00057372 000141 0000000000000000 02 0000 78 71007e0000'.replaceAll(' ', ''), 'CORRUPT', /itself/)
    // Externalizable of protocol version 1.
    failsWith('aced00057372 000141 0000000000000000 04 0000 78 70'.replaceAll(' ', ''), 'UNSUPPORTED_VERSION', /1/)
    // A reset inside an object.
    failsWith('aced00057372 000141 0000000000000000 03 0000 78 70 79'.replaceAll(' ', ''), 'CORRUPT', /tag 0x79/)
  })

  it('are refused when nested too deep, with the stack to spare', () => {
    // class A { A next; }, each holding the next.
    const head = 'aced00057372000141000000000000000002000 14c00046e657874740003 4c413b 7870'.replaceAll(' ', '')
    const deep = (levels: number): string => `${head}${'7371007e0000'.repeat(levels)}70`
    assert.equal(object(readJavaObject(new Reader(fromHex(deep(200))))).className, 'A')
    failsWith(deep(100_000), 'LIMIT', /nested/)
  })

  it('give a value or a KobelError, quickly, however they are cut or flipped', () => {
    let seed = 12345
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff
      return Math.floor((seed / 0x80000000) * below)
    }
    let slowest = 0
    for (const golden of Object.values(GOLDEN)) {
      const stream = fromBase64(golden.stream)
      for (let round = 0; round < 150; round++) {
        const bytes = stream.slice(0, round % 3 === 0 ? random(stream.length) : stream.length)
        for (let flips = random(4); flips > 0 && bytes.length > 0; flips--) bytes[random(bytes.length)] = random(256)
        const start = performance.now()
        try {
          readJavaObject(new Reader(bytes))
        } catch (error) {
          if (!(error instanceof KobelError)) throw error
        }
        slowest = Math.max(slowest, performance.now() - start)
      }
    }
    assert.ok(slowest < 2000, `the slowest took ${slowest} ms`)
  })
})
