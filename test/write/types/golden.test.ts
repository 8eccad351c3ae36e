import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { toBase64 } from '../../../src/bytes/encoding.ts'
import { Writer } from '../../../src/bytes/writer.ts'
import { jsonToValue } from '../../../src/serializer/interpreter/json.ts'
import { bytesOfValue } from '../../../src/serializer/interpreter/write.ts'
import { writeSerializerSnapshot } from '../../../src/serializer/snapshot.ts'
import { keyLayout } from '../../../src/serializer/table/codecs.ts'
import { serializerSnapshotOf } from '../../../src/write/types/build.ts'
import type { TypeDescription } from '../../../src/write/types/description.ts'

/** What the serializers of real jobs write, in the versions of Flink that write the same (`conformance/types`). */
interface Golden {
  readonly name: string
  readonly versions: readonly string[]
  /** JSON of the described type. */
  readonly type: string
  readonly snapshot: string
  /** JSON of values, and the bytes that Flink wrote for each. */
  readonly values: readonly string[]
  readonly bytes: readonly string[]
}

const GOLDEN = JSON.parse(gunzipSync(readFileSync('test/write/types/golden.json.gz')).toString()) as readonly Golden[]

/** What no serializer snapshot of Kryo tells. */
const FIELDS = {
  'kobel.conformance.described.KryoCases$Ticket': { number: 'int', note: 'java.lang.String', final: '' },
}

const VERSIONS = ['1.16.3', '1.17.2', '1.18.1', '1.19.3', '1.20.3', '2.0.0', '2.1.1', '2.2.0', '2.3.0']

test('Flink wrote the types in all versions that are written for', () => {
  assert.deepEqual([...new Set(GOLDEN.flatMap((each) => each.versions))].sort(), VERSIONS)
  assert.ok(new Set(GOLDEN.map((each) => each.name)).size >= 106)
})

for (const { name, versions, type, snapshot, values, bytes } of GOLDEN) {
  test(`${name} in ${versions.join(', ')} has the bytes of Flink`, () => {
    for (const version of versions) {
      const made = serializerSnapshotOf(JSON.parse(type) as TypeDescription, version, { fields: FIELDS })
      const writer = new Writer()
      writeSerializerSnapshot(writer, made)
      assert.equal(toBase64(writer.toBytes()), snapshot)
      const layout = name === 'sql, a key' ? keyLayout(made.layout) : made.layout
      for (const [i, value] of values.entries()) {
        assert.equal(toBase64(bytesOfValue(layout, jsonToValue(layout, JSON.parse(value)))), bytes[i])
      }
    }
  })
}
