import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { type KeyedState, openSnapshotIn } from '../../src/index.ts'
import { CountingStore } from '../../src/store/counting.ts'
import { FileStore } from '../../src/store/file.ts'

const savepoint = resolve('fixtures/2.3.0/rocksdb/kinds/snapshot')

test('a key is found with four requests, of the bytes of a head and its key group', async () => {
  const files = new FileStore()
  const whole = await openSnapshotIn(files, savepoint)
  const operator = whole.operators.find((each) => each.keyedStates.some((state) => state.name === 'list'))!
  const [source] = await operator.keyedSources()
  const name = operator.keyedStates.find((state) => state.kind === 'value' && state.name === 'value')!.name
  const entries = []
  for await (const entry of (operator.state(name) as KeyedState).entries()) entries.push(entry)
  assert.ok(entries.length > 10)
  const heads = (await operator.keyedSources()).map((each) => each.head.length)
  for (const entry of entries.slice(0, 20)) {
    const store = new CountingStore(files)
    const snapshot = await openSnapshotIn(store, savepoint, { heads: 'lazy' })
    store.bytes = 0
    const found = await snapshot.operator(operator.label).state(name).get(entry.key)
    assert.deepEqual(found, entry.value)
    // _metadata, the head that tells the type of keys, the head of the handle that holds the key, its key group.
    assert.ok(store.requests <= 4, `${store.requests} requests`)
    const keyGroupBytes = await bytesOfKeyGroup(operator.metadata, entry.keyGroup)
    assert.ok(store.bytes <= Math.max(...heads) * 2 + keyGroupBytes, `${store.bytes} bytes`)
  }
  assert.ok(source)
  await files.close()
})

async function bytesOfKeyGroup(
  metadata: import('../../src/format/metadata/index.ts').OperatorMetadata,
  keyGroup: number,
): Promise<number> {
  for (const subtask of metadata.subtasks) {
    const handle = subtask.managedKeyedState
    if (handle?.kind !== 'savepoint-key-groups') continue
    const { keyGroupFirst, keyGroupLast } = handle.keyGroupRange
    if (keyGroup < keyGroupFirst || keyGroup > keyGroupLast || !('size' in handle.stream)) continue
    const start = handle.offsets[keyGroup - keyGroupFirst]!
    const next = handle.offsets.filter((offset) => offset > start)
    return (next.length > 0 ? Math.min(...next) : handle.stream.size) - start
  }
  throw new Error(`no handle holds key group ${keyGroup}`)
}

test('every key of every key type with a known hash is found again in its key group', async () => {
  const files = new FileStore()
  const snapshot = await openSnapshotIn(files, savepoint)
  let keys = 0
  for (const operator of snapshot.operators) {
    for (const state of operator.keyedStates) {
      if (state.kind !== 'value' || state.ttl) continue
      const seen: { key: unknown; value: unknown }[] = []
      for await (const entry of state.entries()) if (seen.length < 5) seen.push(entry)
      for (const { key, value } of seen) {
        keys++
        assert.deepEqual(await state.get(key as never), value, `${operator.label}/${state.name}`)
      }
    }
  }
  assert.ok(keys > 50, `${keys} keys`)
  assert.equal(
    await snapshot.operators
      .find((each) => each.keyedStates.length > 0)!
      .keyedStates[0]!.get(undefined as never)
      .catch((error) => error.code),
    'USAGE',
  )
  await files.close()
})
