import type { Reader } from '../../bytes/reader.ts'
import type { Writer } from '../../bytes/writer.ts'
import { dateText, instantText, parseDate, parseInstant, parseTime, timeText } from '../time.ts'
import type { Value } from '../value.ts'
import type { ObjectCodec } from './classes.ts'
import {
  FIXED,
  readKryoString,
  readVarInt,
  readVarLong,
  writeKryoString,
  writeVarInt,
  writeVarLong,
} from './primitives.ts'
import { text } from './scalars.ts'
import {
  durationText,
  inRange,
  offsetText,
  parseDuration,
  parseOffset,
  parsePeriod,
  parseYearMonth,
  periodText,
  readNano,
  splitDateTime,
  splitOffset,
  two,
  yearMonthText,
} from './time-texts.ts'

/** Dates and times of Kryo 5 (`TimeSerializers`). */

function readDate(reader: Reader): string {
  const year = readVarInt(reader)
  const month = inRange(reader.i8(), 1, 12, 'a month', reader)
  return dateText({ year, month, day: inRange(reader.i8(), 1, 31, 'a day', reader) })
}

function writeDate(writer: Writer, value: string): void {
  const { year, month, day } = parseDate(value)
  writeVarInt(writer, year)
  writer.u8(month)
  writer.u8(day)
}

/** u8 hour, minute, second, varint nanoseconds; the last part that is not zero is complemented and ends it. */
function readTime(reader: Reader): string {
  const parts: number[] = []
  for (const most of [23, 59, 59]) {
    const part = reader.i8()
    parts.push(inRange(part < 0 ? ~part : part, 0, most, 'a part of a time', reader))
    if (part < 0) break
    if (parts.length === 3) parts.push(readNano(reader))
  }
  const [hour = 0, minute = 0, second = 0, nano = 0] = parts
  return timeText(hour, minute, second, nano)
}

function writeTime(writer: Writer, value: string): void {
  const { hour, minute, second, nano } = parseTime(value)
  const parts = [hour, minute, second]
  if (nano === 0) {
    while (parts.length > 1 && parts.at(-1) === 0) parts.pop()
    parts.push(~parts.pop()!)
  }
  for (const part of parts) writer.u8(part & 0xff)
  if (nano !== 0) writeVarInt(writer, nano)
}

/** i8 quarters of an hour, or 127 and i32 seconds. */
function readOffset(reader: Reader): string {
  const quarters = reader.i8()
  return offsetText(quarters === 127 ? FIXED[5].i32(reader) : quarters * 900)
}

function writeOffset(writer: Writer, value: string): void {
  const seconds = parseOffset(value)
  if (seconds % 900 === 0) return writer.u8((seconds / 900) & 0xff)
  writer.u8(127)
  FIXED[5].writeI32(writer, seconds)
}

function codec5(read: (reader: Reader) => Value, write: (writer: Writer, value: string) => void): ObjectCodec {
  return { read: ({ reader }) => read(reader), write: ({ writer }, value) => write(writer, text(value)) }
}

const DATE_TIME_5 = codec5(
  (reader) => `${readDate(reader)}T${readTime(reader)}`,
  (writer, value) => {
    const { date, time } = splitDateTime(value)
    writeDate(writer, date)
    writeTime(writer, time)
  },
)

const ZONE_5 = codec5(readKryoString, (writer, value) => writeKryoString(writer, value, 5))

export const TIMES_5: Readonly<Record<string, ObjectCodec>> = {
  'java.time.LocalDate': codec5(readDate, writeDate),
  'java.time.LocalTime': codec5(readTime, writeTime),
  'java.time.LocalDateTime': DATE_TIME_5,
  'java.time.Instant': codec5(
    (reader) => instantText(readVarLong(reader), readNano(reader)),
    (writer, value) => {
      const { seconds, nano } = parseInstant(value)
      writeVarLong(writer, seconds)
      writeVarInt(writer, nano)
    },
  ),
  'java.time.Duration': codec5(
    (reader) => durationText(FIXED[5].i64(reader), readNano(reader)),
    (writer, value) => {
      const { seconds, nano } = parseDuration(value)
      FIXED[5].writeI64(writer, seconds)
      writeVarInt(writer, nano)
    },
  ),
  'java.time.Period': codec5(
    (reader) => periodText(readVarInt(reader), readVarInt(reader), readVarInt(reader)),
    (writer, value) => {
      const { years, months, days } = parsePeriod(value)
      for (const part of [years, months, days]) writeVarInt(writer, part)
    },
  ),
  'java.time.Year': codec5(
    (reader) => String(readVarInt(reader)),
    (writer, value) => writeVarInt(writer, Number(value) | 0),
  ),
  'java.time.YearMonth': codec5(
    (reader) => yearMonthText(readVarInt(reader), reader.i8()),
    (writer, value) => {
      const { year, month } = parseYearMonth(value)
      writeVarInt(writer, year)
      writer.u8(month)
    },
  ),
  'java.time.MonthDay': codec5(
    (reader) => `--${two(reader.i8())}-${two(reader.i8())}`,
    (writer, value) => {
      const { month, day } = parseDate(`2000${value.slice(1)}`)
      writer.u8(month)
      writer.u8(day)
    },
  ),
  'java.time.ZoneOffset': codec5(readOffset, writeOffset),
  'java.time.ZoneRegion': ZONE_5,
  'java.time.OffsetTime': codec5(
    (reader) => readTime(reader) + readOffset(reader),
    (writer, value) => {
      const { local, offset } = splitOffset(value)
      writeTime(writer, local)
      writeOffset(writer, offset)
    },
  ),
  'java.time.OffsetDateTime': codec5(
    (reader) => `${readDate(reader)}T${readTime(reader)}${readOffset(reader)}`,
    (writer, value) => {
      const { local, offset } = splitOffset(value)
      const { date, time } = splitDateTime(local)
      writeDate(writer, date)
      writeTime(writer, time)
      writeOffset(writer, offset)
    },
  ),
  // The offset is not stored; to know it needs the rules of the time zone.
  'java.time.ZonedDateTime': codec5(
    (reader) => {
      const local = `${readDate(reader)}T${readTime(reader)}`
      const zone = readKryoString(reader) ?? ''
      return /^(Z|[+-])/.test(zone) ? local + zone : `${local}[${zone}]`
    },
    (writer, value) => {
      const region = /^([^[]+)\[(.+)\]$/.exec(value)
      const { local, offset } = region ? { local: region[1]!, offset: region[2]! } : splitOffset(value)
      const { date, time } = splitDateTime(local)
      writeDate(writer, date)
      writeTime(writer, time)
      writeKryoString(writer, offset, 5)
    },
  ),
}
