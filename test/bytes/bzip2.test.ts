import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bunzip2 } from '../../src/bytes/bzip2.ts'
import { fromBase64 } from '../../src/bytes/encoding.ts'
import { KobelError } from '../../src/error.ts'
import { randomNumbers } from './pseudo.ts'

/** From Python's bz2. */
const GOLDEN: readonly (readonly [string, string])[] = [
  ['QlpoMRdyRThQkAAAAAA=', ''],
  ['QlpoMTFBWSZTWRmTm2sAAAABACAAIAAhGEaC7kinChIDMnNtYA==', 'a'],
  ['QlpoMTFBWSZTWZ5iW/4AAAKRAEAAAkSgACEUYGaCke8jRwu5IpwoSE8xLf8A', 'hello hello hello'],
  ['QlpoMTFBWSZTWbKLSpgAAAHAAYCAAIAACCAAIKptQZi6g8XckU4UJCyi0qYA', '\x07'.repeat(1000)],
  ['QlpoMTFBWSZTWdtR7EIAArvEAEAAMAAgADDMBSmnBSMUjFI8XckU4UJDbUexCA==', 'AAAAB'.repeat(300)],
  ['QlpoMTFBWSZTWf7Ku64AAAXEgMgAIAAAEAAIIAAhJNpBmgS8R2Q8XckU4UJD+yruuA==', `${'z'.repeat(259)}zzzAzzzz`],
  ['QlpoMTFBWSZTWZK4UzYABweRAEAAEgygAFBgAUqGTCCtIK8QV4grCCtIK+LuSKcKEhJXCmbA', 'kobel '.repeat(900)],
  // Two streams.
  [
    'QlpoMTFBWSZTWbtwGxAAAAEBAAIBoAAhmBmBYXckU4UJC7cBsQBCWmg5MUFZJlNZzdyNmgAAAIGAAACEgCAAIZgZhGF3JFOFCQzdyNmg',
    'onetwo',
  ],
]

const LIMIT = 1 << 20

test('what bzip2 made, with and without its length', () => {
  for (const [compressed, text] of GOLDEN) {
    const bytes = fromBase64(compressed)
    for (const length of [text.length, undefined]) {
      const plain = bunzip2(bytes, 0, bytes.length, length, LIMIT)
      assert.equal(new TextDecoder('latin1').decode(plain), text)
    }
  }
})

test('other lengths than those promised or allowed', () => {
  for (const [compressed, text] of GOLDEN) {
    const bytes = fromBase64(compressed)
    const isKobelError = (error: unknown): boolean => error instanceof KobelError
    assert.throws(() => bunzip2(bytes, 0, bytes.length, text.length + 1, LIMIT), isKobelError)
    if (text === '') continue
    assert.throws(() => bunzip2(bytes, 0, bytes.length, text.length - 1, LIMIT), isKobelError)
    assert.throws(() => bunzip2(bytes, 0, bytes.length, undefined, text.length - 1), isKobelError)
    assert.throws(() => bunzip2(bytes, 0, bytes.length - 1, text.length, LIMIT), isKobelError)
  }
})

test('a changed byte is noticed', () => {
  const numbers = randomNumbers(17)
  for (let round = 0; round < 4000; round++) {
    const [compressed, text] = GOLDEN[round % GOLDEN.length]!
    const bytes = fromBase64(compressed)
    const changes = 1 + (round % 3)
    for (let i = 0; i < changes; i++) bytes[numbers.next().value % bytes.length] = numbers.next().value
    try {
      const plain = bunzip2(bytes, 0, bytes.length, round % 2 === 0 ? text.length : undefined, LIMIT)
      // Only what does not count can be different: the checksums hold.
      if (text.length > 6) assert.equal(new TextDecoder('latin1').decode(plain), text)
    } catch (error) {
      assert.ok(error instanceof KobelError, String(error))
    }
  }
})
