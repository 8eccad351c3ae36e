import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fromBase64, toBase64 } from '../../src/bytes/encoding.ts'
import { readJavaObject } from '../../src/bytes/java-stream/index.ts'
import { writeJavaObject } from '../../src/bytes/java-stream/write.ts'
import { Reader } from '../../src/bytes/reader.ts'
import { Writer } from '../../src/bytes/writer.ts'
import { KobelError } from '../../src/error.ts'

/** Streams of the JDK; see `java-stream.test.ts`. */
const GOLDEN = JSON.parse(readFileSync('test/bytes/java-stream.json', 'utf8')) as Record<string, { stream: string }>

test('streams of the JDK are written as they were read, or refused', () => {
  let written = 0
  const differing: string[] = []
  for (const [name, { stream }] of Object.entries(GOLDEN)) {
    const writer = new Writer()
    try {
      writeJavaObject(writer, readJavaObject(new Reader(fromBase64(stream))))
      written++
      if (toBase64(writer.toBytes()) !== stream) differing.push(name)
    } catch (error) {
      if (!(error instanceof KobelError) || error.code !== 'USAGE') throw error
    }
  }
  assert.deepEqual(differing, [])
  assert.ok(written >= 30, `${written} written`)
})
