import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Writer } from '../../src/bytes/writer.ts'
import { KobelError } from '../../src/error.ts'
import { readKeyedHead } from '../../src/format/keyed-head.ts'
import { readOperatorHead } from '../../src/format/operator-state.ts'
import { SERIALIZER_TABLE } from '../../src/serializer/table.ts'
import { formatType } from '../../src/serializer/type.ts'

// Written down by hand after the sources of Flink 1.2 to 1.6 and the Java Object Serialization Specification.

const BASE = 'org.apache.flink.api.common.typeutils.base'
const SERIALIZER_FIELD = 'Lorg/apache/flink/api/common/typeutils/TypeSerializer;'

/** `TC_OBJECT` of a class with these serializers as fields; `values` writes them. */
function object(writer: Writer, className: string, fields: readonly string[], values: () => void): void {
  writer.u8(0x73)
  writer.u8(0x72)
  writer.utf(className)
  writer.i64(1n)
  writer.u8(2)
  writer.i16(fields.length)
  for (const field of fields) {
    writer.u8('L'.charCodeAt(0))
    writer.utf(field)
    writer.u8(0x74)
    writer.utf(SERIALIZER_FIELD)
  }
  writer.u8(0x78)
  writer.u8(0x70)
  values()
}

function stream(write: (writer: Writer) => void): Uint8Array {
  const writer = new Writer()
  writer.raw(Uint8Array.of(0xac, 0xed, 0, 5))
  write(writer)
  return writer.toBytes()
}

const simple = (className: string) => stream((writer) => object(writer, className, [], () => {}))

/** i32 1, i32 length, the Java object. */
function framed(writer: Writer, bytes: Uint8Array): void {
  writer.i32(1)
  writer.i32(bytes.length)
  writer.raw(bytes)
}

/** A head of Flink 1.2: version, key serializer, one state { type, name, namespace, value }. */
function headOf12(value: Uint8Array): Uint8Array {
  const writer = new Writer()
  writer.i32(1)
  framed(writer, simple(`${BASE}.IntSerializer`))
  writer.i16(1)
  writer.i32(1)
  writer.utf('count')
  framed(writer, simple('org.apache.flink.runtime.state.VoidNamespaceSerializer'))
  framed(writer, value)
  return writer.toBytes()
}

function valueTypeOf(value: Uint8Array): string {
  const bytes = headOf12(value)
  const head = readKeyedHead(bytes, bytes.length, SERIALIZER_TABLE, {})
  assert.equal(formatType(head.keySerializer.type), 'int')
  assert.equal(head.states[0]!.name, 'count')
  return formatType(head.states[0]!.serializers[1]![1].type)
}

test('a serializer of Flink 1.2 without a configuration', () => {
  assert.equal(valueTypeOf(simple(`${BASE}.LongSerializer`)), 'long')
  const list = stream((writer) =>
    object(writer, `${BASE}.ListSerializer`, ['elementSerializer'], () =>
      object(writer, `${BASE}.StringSerializer`, [], () => {}),
    ),
  )
  assert.equal(valueTypeOf(list), 'list<string>')
  assert.equal(valueTypeOf(simple('com.acme.OwnSerializer')), 'unknown<com.acme.OwnSerializer>')
  // A composite serializer without its fields is no simple one.
  assert.equal(
    valueTypeOf(simple('org.apache.flink.streaming.api.operators.TimerSerializer')),
    'timer<unknown<unknown>, unknown<unknown>>',
  )
  assert.match(valueTypeOf(Uint8Array.of(1, 2, 3)), /^unknown/)
})

/** A map serializer whose key and value are itself: without a limit it would double without end. */
test('a serializer that holds itself is refused, quickly', () => {
  const loop = stream((writer) =>
    object(writer, `${BASE}.MapSerializer`, ['keySerializer', 'valueSerializer'], () => {
      for (let i = 0; i < 2; i++) {
        writer.u8(0x71)
        // Handles: the class, the two types of the fields, the object.
        writer.i32(0x7e0003)
      }
    }),
  )
  const started = performance.now()
  assert.throws(
    () => valueTypeOf(loop),
    (error) => error instanceof KobelError && error.code === 'LIMIT',
  )
  assert.ok(performance.now() - started < 1000)
})

/** i32 n, offsets, i32 length, block: each the serializer and i32 1, utf class, i32 version, body. */
function withConfigs(writer: Writer, members: readonly (readonly [serializer: Uint8Array, config: string])[]): void {
  const block = new Writer()
  const offsets: number[] = []
  for (const [serializer, config] of members) {
    offsets.push(block.offset)
    framed(block, serializer)
    offsets.push(block.offset)
    block.i32(1)
    block.utf(config)
    block.i32(7)
    block.raw(Uint8Array.of(1, 2, 3))
  }
  writer.i32(members.length)
  for (const offset of offsets) writer.i32(offset)
  writer.i32(block.offset)
  writer.raw(block.toBytes())
}

test('an unknown configuration hides nothing: its serializer tells', () => {
  const writer = new Writer()
  writer.i32(2)
  writer.i16(2)
  for (const name of ['a', 'b']) {
    writer.utf(name)
    writer.u8(1)
    const serializer = name === 'a' ? simple('com.acme.Own') : simple(`${BASE}.LongSerializer`)
    withConfigs(writer, [[serializer, 'com.acme.Config']])
  }
  writer.i32(2)
  const bytes = writer.toBytes()
  const head = readOperatorHead(bytes, bytes.length, SERIALIZER_TABLE, {})
  const types = head.operatorStates.map(({ name, options, serializers }) => [
    name,
    options[0]![1],
    formatType(serializers[0]![1].type),
  ])
  assert.deepEqual(types, [
    ['a', 'UNION', 'unknown<com.acme.Own>'],
    ['b', 'UNION', 'long'],
  ])
})

test('offsets and lengths that nothing justifies are refused', () => {
  for (const change of [0x7fffffff, -1, 1 << 20]) {
    const bytes = headOf12(simple(`${BASE}.LongSerializer`))
    new DataView(bytes.buffer).setInt32(8, change)
    assert.throws(() => readKeyedHead(bytes, bytes.length, SERIALIZER_TABLE, {}), KobelError)
  }
})
