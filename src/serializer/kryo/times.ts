import type { Reader } from '../../bytes/reader.ts'
import type { Writer } from '../../bytes/writer.ts'
import { KobelError } from '../../error.ts'
import {
  dateText,
  instantText,
  millisText,
  parseDate,
  parseInstant,
  parseMillis,
  parseTime,
  timeText,
} from '../time.ts'
import type { Value } from '../value.ts'
import type { ObjectCodec } from './classes.ts'
import { mappedCodec } from './fields.ts'
import {
  FIXED,
  type KryoVersion,
  readKryoString,
  readVarInt,
  readVarLong,
  writeKryoString,
  writeVarInt,
  writeVarLong,
} from './primitives.ts'
import { text } from './scalars.ts'
import { unfit } from './sink.ts'

/** Dates and times as the texts that their `toString()` gives; java.util.Date and java.sql.* as instants. */

const two = (value: number): string => String(Math.abs(value)).padStart(2, '0')

interface Parts {
  readonly [name: string]: Value
}

// --- texts ---------------------------------------------------------------------------------------------------------

/** `Duration.toString()`. */
export function durationText(seconds: bigint, nano: number): string {
  if (seconds === 0n && nano === 0) return 'PT0S'
  const whole = seconds < 0n && nano > 0 ? seconds + 1n : seconds
  const hours = whole / 3600n
  const minutes = (whole % 3600n) / 60n
  const rest = whole % 60n
  let out = `PT${hours === 0n ? '' : `${hours}H`}${minutes === 0n ? '' : `${minutes}M`}`
  if (rest === 0n && nano === 0 && out.length > 2) return out
  out += seconds < 0n && nano > 0 && rest === 0n ? '-0' : `${rest}`
  if (nano > 0) {
    const fraction = seconds < 0n ? 1_000_000_000 - nano : nano
    out += `.${String(fraction).padStart(9, '0').replace(/0+$/, '')}`
  }
  return `${out}S`
}

function parseDuration(value: Value): { seconds: bigint; nano: number } {
  const match = /^PT(?:(-?\d{1,19})H)?(?:(-?\d{1,19})M)?(?:(-?)(\d{1,19})(?:\.(\d{1,9}))?S)?$/.exec(text(value))
  if (!match) throw unfit('a duration such as PT1H30M', value)
  const sign = match[3] === '-' ? -1n : 1n
  const whole = BigInt(match[1] ?? 0) * 3600n + BigInt(match[2] ?? 0) * 60n + sign * BigInt(match[4] ?? 0)
  const nanos = whole * 1_000_000_000n + sign * BigInt((match[5] ?? '').padEnd(9, '0'))
  const nano = ((nanos % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n
  return { seconds: (nanos - nano) / 1_000_000_000n, nano: Number(nano) }
}

/** `Period.toString()`. */
function periodText(years: number, months: number, days: number): string {
  const out = [years === 0 ? '' : `${years}Y`, months === 0 ? '' : `${months}M`, days === 0 ? '' : `${days}D`].join('')
  return `P${out || '0D'}`
}

function parsePeriod(value: Value): { years: number; months: number; days: number } {
  const match = /^P(?:(-?\d{1,10})Y)?(?:(-?\d{1,10})M)?(?:(-?\d{1,10})D)?$/.exec(text(value))
  if (!match) throw unfit('a period such as P1Y2M3D', value)
  return { years: Number(match[1] ?? 0), months: Number(match[2] ?? 0), days: Number(match[3] ?? 0) }
}

/** `ZoneOffset.toString()`. */
function offsetText(seconds: number): string {
  if (seconds === 0) return 'Z'
  const magnitude = Math.abs(seconds)
  const rest = magnitude % 60
  const sign = seconds < 0 ? '-' : '+'
  return `${sign}${two(Math.floor(magnitude / 3600))}:${two(Math.floor(magnitude / 60) % 60)}${rest === 0 ? '' : `:${two(rest)}`}`
}

function parseOffset(value: Value): number {
  const match = /^(?:Z|([+-])(\d{2}):(\d{2})(?::(\d{2}))?)$/.exec(text(value))
  if (!match) throw unfit('an offset such as +02:00', value)
  const seconds = Number(match[2] ?? 0) * 3600 + Number(match[3] ?? 0) * 60 + Number(match[4] ?? 0)
  return match[1] === '-' ? -seconds : seconds
}

function yearMonthText(year: number, month: number): string {
  return dateText({ year, month, day: 1 }).slice(0, -3)
}

function parseYearMonth(value: Value): { year: number; month: number } {
  const { year, month } = parseDate(`${text(value)}-01`)
  return { year, month }
}

function splitAt(value: Value, pattern: RegExp, what: string): [string, string] {
  const all = text(value)
  const at = all.search(pattern)
  if (at < 0) throw unfit(what, value)
  return [all.slice(0, at), all.slice(at)]
}

const splitDateTime = (value: Value): { date: string; time: string } => {
  const [date, time] = splitAt(value, /T/, 'an ISO date and time')
  return { date, time: time.slice(1) }
}

const splitOffset = (value: Value): { local: string; offset: string } => {
  const [local, offset] = splitAt(value, /(Z|[+-]\d{2}:\d{2}(:\d{2})?)$/, 'a time with an offset')
  return { local, offset }
}

// --- both versions -------------------------------------------------------------------------------------------------

/** Plain varlong of the milliseconds. */
const MILLIS: ObjectCodec = {
  read: ({ reader }) => millisText(readVarLong(reader)),
  write: ({ writer }, value) => writeVarLong(writer, parseMillis(text(value))),
}

const floorMod = (value: bigint, by: bigint): bigint => ((value % by) + by) % by

/** Varlong of the milliseconds, varint nanoseconds of the second. Kryo 5 takes the nanoseconds off the first. */
function timestampCodec(version: KryoVersion): ObjectCodec {
  return {
    read: ({ reader }) => {
      const millis = readVarLong(reader)
      return instantText((millis - floorMod(millis, 1000n)) / 1000n, readNano(reader))
    },
    write: ({ writer }, value) => {
      const { seconds, nano } = parseInstant(text(value))
      writeVarLong(writer, seconds * 1000n + (version === 5 ? 0n : BigInt(Math.floor(nano / 1_000_000))))
      writeVarInt(writer, nano)
    },
  }
}

/** `CalendarSerializer`: zone, varlong milliseconds, lenient, first day, minimal days, zig-zag varlong of the Gregorian change. */
const CALENDAR: ObjectCodec = {
  read: ({ reader }) => {
    readKryoString(reader)
    const millis = readVarLong(reader)
    reader.skip(1)
    readVarInt(reader)
    readVarInt(reader)
    readVarLong(reader, true)
    return millisText(millis)
  },
}

function readNano(reader: Reader): number {
  const nano = readVarInt(reader)
  return inRange(nano, 0, 999_999_999, 'a nanosecond', reader)
}

function inRange(value: number, least: number, most: number, what: string, reader: Reader): number {
  if (value >= least && value <= most) return value
  throw new KobelError('CORRUPT', `${what} is ${least} to ${most}, found ${value} in a Kryo value`, {
    offset: reader.offset,
  })
}

// --- Kryo 5: TimeSerializers ---------------------------------------------------------------------------------------

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

const TIMES_5: Readonly<Record<string, ObjectCodec>> = {
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

// --- Kryo 2.24: FieldSerializer ------------------------------------------------------------------------------------

const numberIn = (parts: Parts, name: string): number => parts[name] as number
const textIn = (parts: Parts, name: string): string => String(parts[name])

const TIMES_2: Readonly<Record<string, ObjectCodec>> = {
  'java.time.LocalDate': mappedCodec(
    { day: 'short', month: 'short', year: 'int' },
    (parts) =>
      dateText({ year: numberIn(parts, 'year'), month: numberIn(parts, 'month'), day: numberIn(parts, 'day') }),
    (value) => ({ ...parseDate(text(value)) }),
  ),
  'java.time.LocalTime': mappedCodec(
    { hour: 'byte', minute: 'byte', second: 'byte', nano: 'int' },
    (parts) =>
      timeText(numberIn(parts, 'hour'), numberIn(parts, 'minute'), numberIn(parts, 'second'), numberIn(parts, 'nano')),
    (value) => ({ ...parseTime(text(value)) }),
  ),
  'java.time.LocalDateTime': mappedCodec(
    { date: 'java.time.LocalDate', time: 'java.time.LocalTime' },
    (parts) => `${textIn(parts, 'date')}T${textIn(parts, 'time')}`,
    splitDateTime,
  ),
  'java.time.Instant': mappedCodec(
    { seconds: 'long', nanos: 'int' },
    (parts) => instantText(parts.seconds as bigint, numberIn(parts, 'nanos')),
    (value) => {
      const { seconds, nano } = parseInstant(text(value))
      return { seconds, nanos: nano }
    },
  ),
  'java.time.Duration': mappedCodec(
    { seconds: 'long', nanos: 'int' },
    (parts) => durationText(parts.seconds as bigint, numberIn(parts, 'nanos')),
    (value) => {
      const { seconds, nano } = parseDuration(value)
      return { seconds, nanos: nano }
    },
  ),
  'java.time.Period': mappedCodec(
    { years: 'int', months: 'int', days: 'int' },
    (parts) => periodText(numberIn(parts, 'years'), numberIn(parts, 'months'), numberIn(parts, 'days')),
    (value) => ({ ...parsePeriod(value) }),
  ),
  'java.time.Year': mappedCodec(
    { year: 'int' },
    (parts) => String(parts.year),
    (value) => ({ year: Number(text(value)) }),
  ),
  'java.time.YearMonth': mappedCodec(
    { year: 'int', month: 'int' },
    (parts) => yearMonthText(numberIn(parts, 'year'), numberIn(parts, 'month')),
    (value) => ({ ...parseYearMonth(value) }),
  ),
  'java.time.MonthDay': mappedCodec(
    { month: 'int', day: 'int' },
    (parts) => `--${two(numberIn(parts, 'month'))}-${two(numberIn(parts, 'day'))}`,
    (value) => ({ ...parseDate(`2000${text(value).slice(1)}`) }),
  ),
  'java.time.ZoneOffset': mappedCodec(
    { totalSeconds: 'int' },
    (parts) => offsetText(numberIn(parts, 'totalSeconds')),
    (value) => ({ totalSeconds: parseOffset(value) }),
  ),
  'java.time.ZoneRegion': mappedCodec(
    { id: 'java.lang.String' },
    (parts) => parts.id!,
    (value) => ({ id: value }),
  ),
  'java.time.OffsetTime': mappedCodec(
    { time: 'java.time.LocalTime', offset: 'java.time.ZoneOffset' },
    (parts) => textIn(parts, 'time') + textIn(parts, 'offset'),
    (value) => {
      const { local, offset } = splitOffset(value)
      return { time: local, offset }
    },
  ),
  'java.time.OffsetDateTime': mappedCodec(
    { dateTime: 'java.time.LocalDateTime', offset: 'java.time.ZoneOffset' },
    (parts) => textIn(parts, 'dateTime') + textIn(parts, 'offset'),
    (value) => {
      const { local, offset } = splitOffset(value)
      return { dateTime: local, offset }
    },
  ),
  'java.time.ZonedDateTime': mappedCodec(
    { dateTime: 'java.time.LocalDateTime', offset: 'java.time.ZoneOffset', zone: 'java.time.ZoneId' },
    (parts) => {
      const local = textIn(parts, 'dateTime') + textIn(parts, 'offset')
      return parts.zone === parts.offset ? local : `${local}[${textIn(parts, 'zone')}]`
    },
  ),
}

export function timeCodecs(version: KryoVersion): Record<string, ObjectCodec> {
  return {
    'java.util.Date': MILLIS,
    'java.sql.Date': MILLIS,
    'java.sql.Time': MILLIS,
    'java.sql.Timestamp': timestampCodec(version),
    'java.util.GregorianCalendar': CALENDAR,
    'java.util.JapaneseImperialCalendar': CALENDAR,
    'sun.util.BuddhistCalendar': CALENDAR,
    ...(version === 2 ? TIMES_2 : TIMES_5),
  }
}
