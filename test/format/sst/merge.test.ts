import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { KobelError } from '../../../src/error.ts'
import { type Block, BlockCursor, EntryTypes, openBlock } from '../../../src/format/sst/block.ts'
import { createMergedEntries, MERGE_DONE, MERGE_FULL, SstMerge } from '../../../src/format/sst/merge.ts'
import { RangeDeletionSweep } from '../../../src/format/sst/range-deletion.ts'
import { pseudoNoise } from '../../bytes/pseudo.ts'

const { value, merge, deletion, singleDeletion } = EntryTypes

/** A block without shared prefixes: user key, sequence number, type, value. Keys and values are ASCII. */
function blockOf(...entries: readonly (readonly [string, number, number, string])[]): Block {
  const bytes: number[] = []
  for (const [key, sequence, type, text] of entries) {
    bytes.push(0, key.length + 8, text.length, ...new TextEncoder().encode(key))
    bytes.push(type, sequence & 255, (sequence >> 8) & 255, 0, 0, 0, 0, 0, ...new TextEncoder().encode(text))
  }
  return openBlock(Uint8Array.from([...bytes, 0, 0, 0, 0, 1, 0, 0, 0]))
}

function merged(sources: readonly (readonly Block[])[], prepare: (merge: SstMerge) => void = () => {}): string[] {
  const run = new SstMerge(sources.length)
  prepare(run)
  const next = sources.map(() => 0)
  const out = createMergedEntries(8, 2)
  const entries: string[] = []
  for (;;) {
    const wanted = run.run(out)
    if (wanted >= 0) {
      const block = sources[wanted]![next[wanted]!++]
      if (block === undefined) run.end(wanted)
      else run.supply(wanted, block)
      continue
    }
    assert.ok(wanted === MERGE_DONE || (wanted === MERGE_FULL && out.count > 0))
    for (let i = 0; i < out.count; i++) {
      const slice = (pairs: Uint32Array): string =>
        new TextDecoder().decode(out.buffer.subarray(pairs[2 * i], pairs[2 * i + 1]))
      entries.push(`${slice(out.keys)}=${slice(out.values)}`)
    }
    out.count = 0
    out.used = 0
    if (wanted === MERGE_DONE) return entries
  }
}

test('merge operands are joined as RocksDB joins them, also over blocks and sources', () => {
  // As measured with frocksdbjni: "a", "b" and "" give "a,b,".
  const newer = [blockOf(['k', 9, merge, '']), blockOf(['k', 8, merge, 'b'], ['l', 5, merge, 'x'])]
  assert.deepEqual(merged([newer, [blockOf(['k', 3, merge, 'a'])]]), ['k=a,b,', 'l=x'])
  assert.deepEqual(merged([newer, [blockOf(['k', 3, value, ''], ['k', 2, value, 'old'])]]), ['k=,b,', 'l=x'])
  assert.deepEqual(merged([newer, [blockOf(['k', 3, deletion, ''], ['k', 2, value, 'old'])]]), ['k=b,', 'l=x'])
  assert.deepEqual(merged([newer, [blockOf(['k', 3, singleDeletion, ''], ['k', 2, merge, 'old'])]]), ['k=b,', 'l=x'])
})

test('the newest entry decides, at equal sequence numbers the newer source', () => {
  const older = [blockOf(['a', 0, value, 'old'], ['b', 2, value, 'b'], ['c', 7, value, 'c'])]
  assert.deepEqual(merged([[blockOf(['a', 0, value, 'new'])], older]), ['a=new', 'b=b', 'c=c'])
  assert.deepEqual(merged([[blockOf(['b', 3, deletion, ''], ['c', 6, deletion, ''])], older]), ['a=old', 'c=c'])
})

test('range deletions hide what is older, operands above them stay', () => {
  const table = [blockOf(['a', 1, value, '1'], ['b', 9, merge, 'n'], ['b', 3, merge, 'o'], ['c', 4, value, '3'])]
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
  const entries = merged([table], (run) => {
    run.addRangeDeletions([{ start: bytes('b'), end: bytes('c'), sequence: 5 }])
  })
  assert.deepEqual(entries, ['a=1', 'b=n', 'c=3'])
})

test('the sweep finds the newest deletion that covers a key', () => {
  const letter = fc.integer({ min: 97, max: 110 })
  const one = fc.record({ start: letter, end: letter, sequence: fc.nat({ max: 50 }) })
  fc.assert(
    fc.property(fc.array(one, { maxLength: 12 }), (records) => {
      const deletions = records.map(({ start, end, sequence }) => ({
        start: Uint8Array.of(start),
        end: Uint8Array.of(end),
        sequence,
      }))
      const sweep = new RangeDeletionSweep()
      sweep.add(deletions)
      for (let key = 96; key < 112; key++) {
        const covering = records.filter(({ start, end }) => start <= key && key < end)
        const expected = Math.max(-1, ...covering.map(({ sequence }) => sequence))
        assert.equal(sweep.advance(Uint8Array.of(key), 1), expected)
      }
    }),
  )
})

test('unknown types and keys out of order', () => {
  assert.throws(() => merged([[blockOf(['a', 1, 17, 'blob'])]]), /type 17/)
  assert.throws(() => merged([[blockOf(['b', 1, value, '']), blockOf(['a', 1, value, ''])]]), KobelError)
})

test('any bytes are a block or a KobelError', () => {
  for (let seed = 0; seed < 4000; seed++) {
    const bytes = pseudoNoise(4 + (seed % 60), seed)
    // Small numbers make entries that hold together for a while.
    for (let i = 0; i < bytes.length; i++) bytes[i] = bytes[i]! & (seed % 3 === 0 ? 255 : 7)
    try {
      const cursor = new BlockCursor(openBlock(bytes))
      while (cursor.next()) assert.ok(cursor.valueEnd <= bytes.length && cursor.keyLength <= bytes.length)
      cursor.seekRestart(Uint8Array.of(3), 0)
    } catch (error) {
      if (!(error instanceof KobelError)) throw error
    }
  }
})
