import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { TINY_ID, tinySavepoint } from '../support/tiny-savepoint.ts'
import { kobel, linesOf } from './run.ts'

test('dump prints the plan and a line for each entry', () => {
  const inline = kobel(['dump', tinySavepoint()])
  assert.equal(inline.status, 0)
  const [plan, ...lines] = linesOf(inline.stdout)
  assert.equal(JSON.parse(plan!).plan.checkpointId, 7)
  const head = `{"operator":"${TINY_ID}","state":"count","kind":"value"`
  assert.deepEqual(lines, [
    `${head},"keyGroup":15,"key":"carol","value":1}`,
    `${head},"keyGroup":21,"key":"dave, \\"d\\"","value":"9007199254740993"}`,
    `${head},"keyGroup":94,"key":"","value":-1}`,
    `${head},"keyGroup":116,"key":"alice","value":42}`,
    '{"end":{"rows":4}}',
  ])
  // Where the state lies is no part of it.
  assert.equal(kobel(['dump', tinySavepoint('state')]).stdout, inline.stdout)
})

test('dump --bytes adds the bytes', () => {
  const lines = linesOf(kobel(['dump', tinySavepoint(), '--bytes']).stdout)
  const { bytes } = JSON.parse(lines.at(-2)!)
  assert.equal(bytes.key, Buffer.from('\x06alice').toString('base64'))
  assert.equal(bytes.value, Buffer.from('000000000000002a', 'hex').toString('base64'))
})

test('dump ends quietly when its reader goes away', async () => {
  const main = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url))
  const child = spawn(process.execPath, [main, 'dump', 'fixtures/2.3.0/rocksdb/kinds/snapshot'])
  let stderr = ''
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  child.stdout.once('data', () => child.stdout.destroy())
  const status = await new Promise((resolve) => child.on('close', resolve))
  assert.equal(stderr, '')
  assert.equal(status, 0)
})
