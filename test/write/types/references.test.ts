import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toBase64 } from '../../../src/bytes/encoding.ts'
import { Writer } from '../../../src/bytes/writer.ts'
import { KobelError } from '../../../src/error.ts'
import { openSnapshot } from '../../../src/node/index.ts'
import { writeSerializerSnapshot } from '../../../src/serializer/snapshot.ts'
import { serializerSnapshotOf } from '../../../src/write/types/build.ts'
import { type } from '../../../src/write/types/constructors.ts'
import type { StateReference, TypeDescription } from '../../../src/write/types/description.ts'
import { resolveTypes } from '../../../src/write/types/references.ts'

const KINDS = 'fixtures/2.3.0/hashmap/kinds/snapshot'
const WINDOWS = 'fixtures/2.3.0/hashmap/windows/snapshot'
const OPSTATE = 'fixtures/2.3.0/hashmap/opstate/snapshot'

function base64Of(described: TypeDescription): string {
  const writer = new Writer()
  writeSerializerSnapshot(writer, serializerSnapshotOf(described, '2.3'))
  return toBase64(writer.toBytes())
}

const tuple = { snapshot: KINDS, operator: 'kinds-tuple' } as const

const CASES: readonly (readonly [reference: StateReference, same: TypeDescription])[] = [
  [{ ...tuple, part: 'key' }, { tuple: ['string', 'int'] }],
  [{ ...tuple, state: 'value' }, 'string'],
  [{ ...tuple, state: 'list' }, 'long'],
  [{ ...tuple, state: 'ttl-list' }, 'long'],
  [{ ...tuple, state: 'ttl-value' }, 'string'],
  [{ ...tuple, state: 'ttl-map' }, { tuple: ['int', 'string'] }],
  [{ ...tuple, state: 'map-by-tuple', part: 'mapKey' }, { tuple: ['string', 'boolean'] }],
  [{ ...tuple, state: 'aggregating' }, { tuple: ['long', 'int'] }],
  [{ ...tuple, state: '_timer_state/event_user-timers', part: 'key' }, { tuple: ['string', 'int'] }],
  [{ snapshot: WINDOWS, operator: 'windows-session', state: 'window-contents', part: 'namespace' }, 'timeWindow'],
  [{ snapshot: OPSTATE, operator: 'opstate-one', state: 'pairs' }, { tuple: ['string', 'string'] }],
  [{ snapshot: OPSTATE, operator: 'opstate-one', state: 'rules', part: 'mapKey' }, 'string'],
  [{ snapshot: OPSTATE, operator: 'opstate-one', state: 'lists' }, { list: 'string' }],
]

for (const [reference, same] of CASES) {
  test(`${reference.part ?? 'value'} of ${reference.operator} ${reference.state ?? ''} is looked up`, async () => {
    const found = await resolveTypes({ list: type.of(reference) }, openSnapshot)
    assert.deepEqual(found, { list: { snapshot: base64Of(same) } })
    assert.equal(base64Of(found as TypeDescription), base64Of({ list: same }))
  })
}

test('a savepoint is opened once, and what is no reference stays', async () => {
  let count = 0
  const avro = { type: 'record', name: 'R', fields: [{ name: 'of', type: 'int' }] }
  const described = { map: [type.of({ ...tuple, part: 'key' }), type.of({ ...tuple, state: 'list' })], avro, n: 1 }
  const found = await resolveTypes(described, (location) => {
    count++
    return openSnapshot(location)
  })
  assert.equal(count, 1)
  assert.equal(found.avro, avro)
  assert.equal(found.n, 1)
})

test('what is not there is named', async () => {
  const fails = async (reference: StateReference, message: RegExp): Promise<void> => {
    await assert.rejects(resolveTypes(type.of(reference), openSnapshot), (error) => {
      return error instanceof KobelError && error.code === 'NOT_FOUND' && message.test(error.message)
    })
  }
  await fails({ ...tuple, state: 'ttl-lst' }, /there is no state "ttl-lst": did you mean "ttl-list"/)
  await fails({ ...tuple, operator: 'kinds-tupel', state: 'list' }, /there is no operator "kinds-tupel"/)
  await fails({ ...tuple, state: 'value', part: 'mapKey' }, /there is no mapKey here/)
  assert.throws(() => serializerSnapshotOf(type.of({ ...tuple, state: 'value' }), '2.3'), /call resolveTypes first/)
})
