import type { Reader } from '../bytes/reader.ts'
import type { Writer } from '../bytes/writer.ts'
import { KobelError } from '../error.ts'

/** Points in time as the ISO texts of java.time, in the proleptic Gregorian calendar. */

const LONG_MIN = -(2n ** 63n)
const INT_MIN = -(2 ** 31)
const DAY_SECONDS = 86_400n

// --- civil calendar ------------------------------------------------------------------------------------------------

export interface CivilDate {
  readonly year: number
  readonly month: number
  readonly day: number
}

/** Days since 1970-01-01 to a date; the years counted from March so that the leap day comes last. */
export function civilFromDays(days: number): CivilDate {
  const shifted = days + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153)
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day }
}

export function daysFromCivil({ year, month, day }: CivilDate): number {
  const marchYear = month <= 2 ? year - 1 : year
  const era = Math.floor(marchYear / 400)
  const yearOfEra = marchYear - era * 400
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}

const two = (value: number): string => String(value).padStart(2, '0')

/** `LocalDate.toString()`. */
export function dateText({ year, month, day }: CivilDate): string {
  const digits = String(Math.abs(year)).padStart(4, '0')
  const sign = year < 0 ? '-' : year > 9999 ? '+' : ''
  return `${sign}${digits}-${two(month)}-${two(day)}`
}

/** `LocalTime.toString()`; with `seconds` they are printed even where zero, as in an instant. */
export function timeText(hour: number, minute: number, second: number, nano: number, seconds = false): string {
  const short = `${two(hour)}:${two(minute)}`
  if (!seconds && second === 0 && nano === 0) return short
  return `${short}:${two(second)}${fractionText(nano)}`
}

function fractionText(nano: number): string {
  if (nano === 0) return ''
  const digits = String(nano).padStart(9, '0')
  if (nano % 1_000_000 === 0) return `.${digits.slice(0, 3)}`
  if (nano % 1000 === 0) return `.${digits.slice(0, 6)}`
  return `.${digits}`
}

/** `Instant.toString()` of seconds since 1970 and nanoseconds of the second. */
export function instantText(seconds: bigint, nano: number): string {
  const days = (seconds - modulo(seconds, DAY_SECONDS)) / DAY_SECONDS
  const ofDay = Number(modulo(seconds, DAY_SECONDS))
  const time = timeText(Math.floor(ofDay / 3600), Math.floor(ofDay / 60) % 60, ofDay % 60, nano, true)
  return `${dateText(civilFromDays(Number(days)))}T${time}Z`
}

function modulo(value: bigint, by: bigint): bigint {
  const rest = value % by
  return rest < 0n ? rest + by : rest
}

/** The instant of milliseconds since 1970. */
export function millisText(millis: bigint): string {
  const ofSecond = modulo(millis, 1000n)
  return instantText((millis - ofSecond) / 1000n, Number(ofSecond) * 1_000_000)
}

const DATE = /^([+-]?\d{4,10})-(\d{2})-(\d{2})$/
const TIME = /^(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?$/

export function parseDate(text: string): CivilDate {
  const match = DATE.exec(text)
  const date = match && { year: Number(match[1]), month: Number(match[2]), day: Number(match[3]) }
  if (date && isDate(date)) return date
  throw new KobelError('USAGE', `an ISO date was expected, found ${JSON.stringify(text.slice(0, 40))}`)
}

/** Java's years go to ±999999999, an instant's one further on both sides. */
const MAX_YEAR = 1_000_000_000

function isDate(date: CivilDate): boolean {
  const { year, month, day } = date
  if (!(Math.abs(year) <= MAX_YEAR && month >= 1 && month <= 12 && day >= 1)) return false
  if (day <= 28) return true
  const next = month === 12 ? { year: year + 1, month: 1, day: 1 } : { year, month: month + 1, day: 1 }
  return day <= daysFromCivil(next) - daysFromCivil({ year, month, day: 1 })
}

export interface ClockTime {
  readonly hour: number
  readonly minute: number
  readonly second: number
  readonly nano: number
}

export function parseTime(text: string): ClockTime {
  const match = TIME.exec(text)
  const nano = Number((match?.[4] ?? '').padEnd(9, '0'))
  const time = match && { hour: Number(match[1]), minute: Number(match[2]), second: Number(match[3] ?? 0), nano }
  if (time && isTime(time)) return time
  throw new KobelError('USAGE', `an ISO time was expected, found ${JSON.stringify(text.slice(0, 40))}`)
}

function isTime({ hour, minute, second, nano }: ClockTime): boolean {
  return hour < 24 && minute < 60 && second < 60 && isNano(nano)
}

function isNano(nano: number): boolean {
  return nano >= 0 && nano < 1_000_000_000
}

/** The inverse of {@link instantText}. */
export function parseInstant(text: string): { seconds: bigint; nano: number } {
  const split = text.indexOf('T')
  if (split < 0 || !text.endsWith('Z')) {
    throw new KobelError(
      'USAGE',
      `an instant such as 2026-01-31T12:00:00Z was expected, found ${JSON.stringify(text.slice(0, 40))}`,
    )
  }
  const time = parseTime(text.slice(split + 1, -1))
  const days = BigInt(daysFromCivil(parseDate(text.slice(0, split))))
  return { seconds: days * DAY_SECONDS + BigInt(time.hour * 3600 + time.minute * 60 + time.second), nano: time.nano }
}

export function parseMillis(text: string): bigint {
  return millisOf(parseInstant(text), text)
}

function millisOf({ seconds, nano }: { seconds: bigint; nano: number }, text: string): bigint {
  const millis = seconds * 1000n + BigInt(Math.floor(nano / 1_000_000))
  if (BigInt.asIntN(64, millis) === millis) return millis
  throw new KobelError('USAGE', `the milliseconds of ${text} do not fit 64 bits`)
}

// --- Flink's bytes -------------------------------------------------------------------------------------------------

/** `DateSerializer`, `SqlDateSerializer`, `SqlTimeSerializer`: i64 milliseconds, Long.MIN_VALUE = null. */
export function readMillis(reader: Reader): string | null {
  const millis = reader.i64()
  return millis === LONG_MIN ? null : millisText(millis)
}

export function writeMillis(writer: Writer, text: string | null): void {
  writer.i64(text === null ? LONG_MIN : parseMillis(text))
}

/** `SqlTimestampSerializer`: i64 milliseconds (Long.MIN_VALUE = null), i32 nanoseconds of the second. */
export function readSqlTimestamp(reader: Reader): string | null {
  const millis = reader.i64()
  const nano = reader.i32()
  if (millis === LONG_MIN) return null
  if (!isNano(nano)) throw noTime(`${nano} nanoseconds of a second`, reader)
  return instantText((millis - modulo(millis, 1000n)) / 1000n, nano)
}

export function writeSqlTimestamp(writer: Writer, text: string | null): void {
  if (text === null) {
    writer.i64(LONG_MIN)
    writer.i32(0)
    return
  }
  const instant = parseInstant(text)
  writer.i64(millisOf(instant, text))
  writer.i32(instant.nano)
}

function noTime(found: string, reader: Reader): KobelError {
  return new KobelError('CORRUPT', `a point in time cannot have ${found}`, { offset: reader.offset })
}

/** `Instant.MIN` and `Instant.MAX`. */
const MIN_SECONDS = -31_557_014_167_219_200n
const MAX_SECONDS = 31_556_889_864_403_199n

/** `InstantSerializer`: i64 seconds, i32 nanoseconds; null = Long.MIN_VALUE, Integer.MIN_VALUE. */
export function readSecondsAndNano(reader: Reader): { seconds: bigint; nano: number } | null {
  const seconds = reader.i64()
  const nano = reader.i32()
  if (seconds === LONG_MIN && nano === INT_MIN) return null
  if (!isNano(nano)) throw noTime(`${nano} nanoseconds of a second`, reader)
  if (seconds < MIN_SECONDS || seconds > MAX_SECONDS) throw noTime(`${seconds} seconds since 1970`, reader)
  return { seconds, nano }
}

export function readInstant(reader: Reader): string | null {
  const instant = readSecondsAndNano(reader)
  return instant && instantText(instant.seconds, instant.nano)
}

export function writeInstant(writer: Writer, text: string | null): void {
  const { seconds, nano } = text === null ? { seconds: LONG_MIN, nano: INT_MIN } : parseInstant(text)
  writer.i64(seconds)
  writer.i32(nano)
}

/** `LocalDateSerializer`: i32 year, u8 month, u8 day; null = `80000000 8000`. */
export function readCivilDate(reader: Reader): CivilDate | null {
  const date = { year: reader.i32(), month: reader.u8(), day: reader.u8() }
  if (date.year === INT_MIN) return null
  if (!isDate(date)) throw noTime(`the date ${date.year}-${date.month}-${date.day}`, reader)
  return date
}

export function readLocalDate(reader: Reader): string | null {
  const date = readCivilDate(reader)
  return date && dateText(date)
}

export function writeLocalDate(writer: Writer, text: string | null): void {
  const { year, month, day } = text === null ? { year: INT_MIN, month: 0x80, day: 0 } : parseDate(text)
  writer.i32(year)
  writer.u8(month)
  writer.u8(day)
}

/** `LocalTimeSerializer`: u8 hour, minute, second, i32 nanoseconds; null = `80 8000 80000000`. */
export function readClockTime(reader: Reader): ClockTime | null {
  const time = { hour: reader.u8(), minute: reader.u8(), second: reader.u8(), nano: reader.i32() }
  if (time.hour === 0x80) return null
  if (!isTime(time)) throw noTime(`the time ${time.hour}:${time.minute}:${time.second} and ${time.nano} ns`, reader)
  return time
}

/** `LocalTime.toNanoOfDay()`. */
export function nanoOfDay({ hour, minute, second, nano }: ClockTime): bigint {
  return BigInt(hour * 3600 + minute * 60 + second) * 1_000_000_000n + BigInt(nano)
}

export function readLocalTime(reader: Reader): string | null {
  const time = readClockTime(reader)
  return time && timeText(time.hour, time.minute, time.second, time.nano)
}

export function writeLocalTime(writer: Writer, text: string | null): void {
  if (text === null) {
    writer.u8(0x80)
    writer.i16(-0x8000)
    writer.i32(INT_MIN)
    return
  }
  const { hour, minute, second, nano } = parseTime(text)
  writer.u8(hour)
  writer.u8(minute)
  writer.u8(second)
  writer.i32(nano)
}

/** `LocalDateTimeSerializer`: date, then time; null where both are. */
export function readLocalDateTime(reader: Reader): string | null {
  const date = readLocalDate(reader)
  const time = readLocalTime(reader)
  if ((date === null) !== (time === null)) throw noTime('a date without a time, or a time without a date', reader)
  return date === null ? null : `${date}T${time}`
}

export function writeLocalDateTime(writer: Writer, text: string | null): void {
  const split = text?.indexOf('T') ?? 0
  if (split < 0)
    throw new KobelError('USAGE', `an ISO date and time was expected, found ${JSON.stringify(text?.slice(0, 40))}`)
  writeLocalDate(writer, text === null ? null : text.slice(0, split))
  writeLocalTime(writer, text === null ? null : text.slice(split + 1))
}
