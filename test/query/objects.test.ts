import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openSnapshot } from '../../src/node/index.ts'
import { type ObjectRow, scanObjects } from '../../src/query/objects.ts'
import { findTable, tablesOf } from '../../src/query/table.ts'

/** Columns hold UTF-8, which has no place for half of a surrogate pair. */
const wellFormed = (text: string): string => new TextDecoder().decode(new TextEncoder().encode(text))

async function rowsOf(fixture: string, operator: string, state: string, compile: boolean): Promise<ObjectRow[]> {
  const snapshot = await openSnapshot(`fixtures/2.3.0/${fixture}/snapshot`)
  try {
    const rows: ObjectRow[] = []
    for await (const some of scanObjects(findTable(tablesOf(snapshot), operator, state), { compile }))
      rows.push(...some)
    return rows
  } finally {
    await snapshot.close()
  }
}

for (const compile of [true, false]) {
  test(`rows as objects are the entries of the state (${compile ? 'compiled' : 'interpreted'})`, async () => {
    const snapshot = await openSnapshot('fixtures/2.3.0/rocksdb/kinds/snapshot')
    const operator = snapshot.operator('kinds-tuple')
    const rows = await rowsOf('rocksdb/kinds', 'kinds-tuple', 'map', compile)
    let i = 0
    for await (const { keyGroup, key, mapKey, value } of operator.state('map').entries()) {
      const [name, number] = key as [string, number]
      const [count, text] = value as [number, string | null]
      const row = rows[i++]!
      assert.deepEqual(
        { ...row, subtask: 0 },
        {
          key: { f0: wellFormed(name), f1: number },
          map_key: mapKey,
          value: { f0: count, f1: text },
          key_group: keyGroup,
          subtask: 0,
        },
      )
    }
    assert.equal(i, rows.length)
    assert.equal(i, 31)
    let lists = 0
    const listRows = await rowsOf('rocksdb/kinds', 'kinds-tuple', 'list', compile)
    for await (const { value } of operator.state('list').entries()) assert.deepEqual(listRows[lists++]!.value, value)
    assert.equal(lists, 13)
    await snapshot.close()
  })
}

test('texts beyond ASCII are cut at the right places', async () => {
  const snapshot = await openSnapshot('fixtures/2.3.0/hashmap/kinds/snapshot')
  const rows = await rowsOf('hashmap/kinds', 'kinds-string', 'value', true)
  let i = 0
  for await (const { key, value } of snapshot.operator('kinds-string').state('value').entries()) {
    assert.equal(rows[i]!.key, wellFormed(key as string))
    assert.equal(rows[i++]!.value, value)
  }
  assert.equal(i, rows.length)
  assert.ok(rows.some(({ key }) => /[^ -~]/.test(String(key))))
  await snapshot.close()
})
