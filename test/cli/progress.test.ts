import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { startProgress } from '../../src/cli/render/progress.ts'

function shownAfter(seconds: number, share?: () => number): string[] {
  mock.timers.enable({ apis: ['Date'], now: 1_000_000 })
  try {
    const shown: string[] = []
    const progress = startProgress('entries read', { isTTY: true, write: (text: string) => shown.push(text) }, share)
    mock.timers.tick(seconds * 1000)
    progress.add(50_000)
    progress.end()
    return shown.map((text) => text.replace('\r\x1b[K', ''))
  } finally {
    mock.timers.reset()
  }
}

test('progress tells rate, share and time left, and takes its line away', () => {
  assert.deepEqual(shownAfter(2), ['entries read: 50,000 (25,000 a second)', ''])
  assert.deepEqual(
    shownAfter(10, () => 0.25),
    ['entries read: 50,000 (5,000 a second, 25 %, 30 s left)', ''],
  )
  assert.deepEqual(
    shownAfter(600, () => 0.5),
    ['entries read: 50,000 (83 a second, 50 %, 10 min left)', ''],
  )
  assert.deepEqual(
    shownAfter(36_000, () => 0.5),
    ['entries read: 50,000 (1 a second, 50 %, 10.0 h left)', ''],
  )
  assert.deepEqual(
    shownAfter(10, () => 1),
    ['entries read: 50,000 (5,000 a second)', ''],
  )
})

test('what ends within a second shows none, and neither does a pipe', () => {
  assert.deepEqual(shownAfter(0.5), [])
  const shown: string[] = []
  const progress = startProgress('entries', { write: (text: string) => shown.push(text) })
  progress.add(1)
  progress.end()
  assert.deepEqual(shown, [])
})
