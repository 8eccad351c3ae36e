import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromHex } from '../../src/bytes/encoding.ts'
import { Reader } from '../../src/bytes/reader.ts'
import { Writer } from '../../src/bytes/writer.ts'
import { KobelError } from '../../src/error.ts'
import {
  civilFromDays,
  dateText,
  daysFromCivil,
  instantText,
  millisText,
  nanoOfDay,
  parseDate,
  parseInstant,
  parseMillis,
  parseTime,
  readInstant,
  readLocalDate,
  readLocalDateTime,
  readLocalTime,
  readSqlTimestamp,
  timeText,
  writeInstant,
  writeLocalDate,
  writeLocalDateTime,
  writeLocalTime,
  writeMillis,
  writeSqlTimestamp,
} from '../../src/serializer/time.ts'

/** Texts as `toString()` of java.time printed them in Java 17. */

const INSTANTS: readonly (readonly [bigint, number, string])[] = [
  [-31557014167219200n, 0, '-1000000000-01-01T00:00:00Z'],
  [31556889864403199n, 999999999, '+1000000000-12-31T23:59:59.999999999Z'],
  [0n, 0, '1970-01-01T00:00:00Z'],
  [-1n, 999999999, '1969-12-31T23:59:59.999999999Z'],
  [1n, 5, '1970-01-01T00:00:01.000000005Z'],
  [253402300799n, 0, '9999-12-31T23:59:59Z'],
  [253402300800n, 0, '+10000-01-01T00:00:00Z'],
  [-62167219200n, 0, '0000-01-01T00:00:00Z'],
  [-62167219201n, 0, '-0001-12-31T23:59:59Z'],
  [-62135596801n, 1000, '0000-12-31T23:59:59.000001Z'],
  [-377705116800n, 0, '-9999-01-01T00:00:00Z'],
  [-377705116801n, 120000000, '-10000-12-31T23:59:59.120Z'],
  [-693242841600n, 0, '-19998-01-04T00:00:00Z'],
  [1769860800n, 123000000, '2026-01-31T12:00:00.123Z'],
  [1769860800n, 123456000, '2026-01-31T12:00:00.123456Z'],
  [1769860861n, 100, '2026-01-31T12:01:01.000000100Z'],
  [951782400n, 0, '2000-02-29T00:00:00Z'],
  [951868799n, 0, '2000-02-29T23:59:59Z'],
  [-2203891200n, 0, '1900-03-01T00:00:00Z'],
  [-31561920000000n, 7, '-998188-07-28T00:00:00.000000007Z'],
]

const DATES: readonly (readonly [number, number, number, string, number])[] = [
  [-999999999, 1, 1, '-999999999-01-01', -365243219162],
  [999999999, 12, 31, '+999999999-12-31', 365241780471],
  [0, 1, 1, '0000-01-01', -719528],
  [-1, 12, 31, '-0001-12-31', -719529],
  [-1234, 5, 6, '-1234-05-06', -1170112],
  [-10000, 1, 1, '-10000-01-01', -4371953],
  [9999, 12, 31, '9999-12-31', 2932896],
  [10000, 1, 1, '+10000-01-01', 2932897],
  [12345, 6, 7, '+12345-06-07', 3789548],
  [1970, 1, 1, '1970-01-01', 0],
  [2000, 2, 29, '2000-02-29', 11016],
  [1900, 2, 28, '1900-02-28', -25509],
  [1600, 2, 29, '1600-02-29', -135081],
  [999, 9, 9, '0999-09-09', -354399],
  [5, 5, 5, '0005-05-05', -717577],
]

const TIMES: readonly (readonly [number, number, number, number, string, bigint])[] = [
  [0, 0, 0, 0, '00:00', 0n],
  [23, 59, 59, 999999999, '23:59:59.999999999', 86399999999999n],
  [1, 2, 0, 0, '01:02', 3720000000000n],
  [1, 2, 3, 0, '01:02:03', 3723000000000n],
  [1, 2, 3, 4, '01:02:03.000000004', 3723000000004n],
  [1, 2, 3, 4000, '01:02:03.000004', 3723000004000n],
  [1, 2, 3, 4000000, '01:02:03.004', 3723004000000n],
  [1, 2, 0, 100000000, '01:02:00.100', 3720100000000n],
  [12, 0, 0, 1, '12:00:00.000000001', 43200000000001n],
  [0, 0, 1, 0, '00:00:01', 1000000000n],
]

function failsWith(code: string, run: () => unknown, what?: string): void {
  assert.throws(run, (error: unknown) => error instanceof KobelError && error.code === code, what)
}

test('instants', () => {
  for (const [seconds, nano, text] of INSTANTS) {
    assert.equal(instantText(seconds, nano), text)
    assert.deepEqual(parseInstant(text), { seconds, nano })
    const writer = new Writer()
    writeInstant(writer, text)
    assert.equal(readInstant(new Reader(writer.toBytes())), text)
  }
})

test('dates', () => {
  for (const [year, month, day, text, days] of DATES) {
    const date = { year, month, day }
    assert.equal(dateText(date), text)
    assert.deepEqual(parseDate(text), date)
    assert.equal(daysFromCivil(date), days)
    assert.deepEqual(civilFromDays(days), date)
    const writer = new Writer()
    writeLocalDate(writer, text)
    assert.equal(readLocalDate(new Reader(writer.toBytes())), text)
  }
})

test('times of the day', () => {
  for (const [hour, minute, second, nano, text, nanos] of TIMES) {
    assert.equal(timeText(hour, minute, second, nano), text)
    assert.deepEqual(parseTime(text), { hour, minute, second, nano })
    assert.equal(nanoOfDay({ hour, minute, second, nano }), nanos)
    const writer = new Writer()
    writeLocalTime(writer, text)
    assert.equal(readLocalTime(new Reader(writer.toBytes())), text)
  }
})

test('milliseconds', () => {
  const golden: readonly (readonly [bigint, string])[] = [
    [0n, '1970-01-01T00:00:00Z'],
    [-1n, '1969-12-31T23:59:59.999Z'],
    [2n ** 63n - 1n, '+292278994-08-17T07:12:55.807Z'],
    [-(2n ** 63n) + 1n, '-292275055-05-16T16:47:04.193Z'],
    [1234n, '1970-01-01T00:00:01.234Z'],
    [-62167219200001n, '-0001-12-31T23:59:59.999Z'],
    [253402300800000n, '+10000-01-01T00:00:00Z'],
  ]
  for (const [millis, text] of golden) {
    assert.equal(millisText(millis), text)
    assert.equal(parseMillis(text), millis)
  }
})

test('every day from 1500 to 2500 is the one after the day before', () => {
  const date = new Date(Date.UTC(1500, 0, 1))
  for (let days = date.getTime() / 86_400_000; date.getUTCFullYear() < 2500; days++) {
    const civil = { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() }
    assert.deepEqual(civilFromDays(days), civil)
    assert.equal(daysFromCivil(civil), days)
    date.setUTCDate(date.getUTCDate() + 1)
  }
})

test('a timestamp before 1970 keeps its nanoseconds', () => {
  const writer = new Writer()
  writeSqlTimestamp(writer, '1969-12-31T23:39:25.123456789Z')
  const reader = new Reader(writer.toBytes())
  assert.equal(reader.i64(), -1234877n)
  assert.equal(reader.i32(), 123456789)
  assert.equal(readSqlTimestamp(new Reader(writer.toBytes())), '1969-12-31T23:39:25.123456789Z')
})

test('bytes that are no point in time are refused', () => {
  const bytes: readonly (readonly [string, (reader: Reader) => unknown])[] = [
    ['000007ea0d01', readLocalDate],
    ['000007ea0001', readLocalDate],
    ['000007ea021d', readLocalDate],
    ['000007ea0100', readLocalDate],
    ['7fffffff0101', readLocalDate],
    ['18000000000000', readLocalTime],
    ['003c0000000000', readLocalTime],
    ['00003c00000000', readLocalTime],
    ['0000003b9aca00', readLocalTime],
    ['000000ffffffff', readLocalTime],
    ['7fffffffffffffff00000000', readInstant],
    ['80000000000000000000000a', readInstant],
    ['00000000000000003b9aca00', readInstant],
    ['0000000000000000ffffffff', readSqlTimestamp],
    // A date without a time, a time without a date.
    ['000007ea0b1680800080000000', readLocalDateTime],
    ['80000000800001020300000004', readLocalDateTime],
  ]
  for (const [hex, read] of bytes) failsWith('CORRUPT', () => read(new Reader(fromHex(hex))), hex)
})

test('texts that are no point in time are refused', () => {
  const texts: readonly (readonly [string, (writer: Writer, text: string) => void])[] = [
    ['2026-02-29', writeLocalDate],
    ['2026-13-01', writeLocalDate],
    ['2026-00-01', writeLocalDate],
    ['2026-01-01T00:00', writeLocalDate],
    ['26-01-01', writeLocalDate],
    ['24:00', writeLocalTime],
    ['00:60', writeLocalTime],
    ['00:00:60', writeLocalTime],
    ['00:00:00.1234567890', writeLocalTime],
    ['1:00', writeLocalTime],
    ['2026-01-01', writeLocalDateTime],
    ['2026-01-01T00:00', writeInstant],
    ['2026-01-01T00:00+01:00', writeInstant],
    ['+999999999-01-01T00:00:00Z', writeMillis],
    ['', writeInstant],
  ]
  for (const [text, write] of texts) failsWith('USAGE', () => write(new Writer(), text), text)
})
