import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fromHex, toHex } from '../../src/bytes/encoding.ts'
import { Reader } from '../../src/bytes/reader.ts'
import { jsonToValue, valueToJson } from '../../src/serializer/interpreter/json.ts'
import { readExactly } from '../../src/serializer/interpreter/read.ts'
import { bytesOfValue } from '../../src/serializer/interpreter/write.ts'
import { readVersionedSnapshot } from '../../src/serializer/snapshot.ts'
import { SERIALIZER_TABLE } from '../../src/serializer/table.ts'

/** Written by the serializers of flink-connector-kafka 3.4.0-1.20 and flink-streaming-java 1.20.3. */
const GOLDEN = JSON.parse(readFileSync('test/serializer/kafka-golden.json', 'utf8')) as readonly {
  readonly name: string
  readonly snapshot: string
  readonly values: readonly string[]
}[]

const FIRST = '{"transactionalId":"sink-0-7","producerId":4711,"epoch":3}'
const NONE = '{"transactionalId":null,"producerId":-1,"epoch":-1}'
const CONTEXT = '{"transactionalIds":["sink-0-1","sink-0-2"]}'

const EXPECTED: Readonly<Record<string, readonly string[]>> = {
  TransactionState: [FIRST, NONE],
  ContextState: [CONTEXT, '{"transactionalIds":[]}'],
  NextTransactionalIdHint: ['{"nextFreeTransactionalId":6,"lastParallelism":2}'],
  State: [
    `{"pendingTransaction":{"handle":${FIRST},"transactionStartTime":1000},"pendingCommitTransactions":[{"handle":${FIRST},"transactionStartTime":900},{"handle":${NONE},"transactionStartTime":800}],"context":${CONTEXT}}`,
  ],
}

for (const { name, snapshot, values } of GOLDEN) {
  test(`${name} of FlinkKafkaProducer`, () => {
    const reader = new Reader(fromHex(snapshot))
    const read = readVersionedSnapshot({ reader, table: SERIALIZER_TABLE, extents: new Map(), depth: 0 })
    assert.equal(reader.remaining, 0)
    for (const [i, hex] of values.entries()) {
      const value = readExactly(read.layout, new Reader(fromHex(hex)), hex.length / 2)
      const json = valueToJson(read.layout, value)
      assert.equal(json, EXPECTED[name]![i])
      assert.equal(toHex(bytesOfValue(read.layout, value)), hex)
      assert.equal(toHex(bytesOfValue(read.layout, jsonToValue(read.layout, JSON.parse(json)))), hex)
    }
  })
}
