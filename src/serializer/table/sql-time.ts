import { KobelError } from '../../error.ts'
import {
  civilFromDays,
  dateText,
  daysFromCivil,
  instantText,
  parseDate,
  parseInstant,
  parseTime,
  timeText,
} from '../time.ts'

/** Dates and times of SQL, as numbers in memory and as the texts of java.time. */

const DAY_MILLIS = 86_400_000
const MILLI_NANOS = 1_000_000

/** DATE: days since 1970-01-01. */
export function dateFromDays(days: number): string {
  return dateText(civilFromDays(days))
}

export function daysFromDate(text: string): number {
  return daysFromCivil(parseDate(text))
}

/** TIME: milliseconds of the day, whatever the precision. */
export function timeFromMillis(millis: number): string {
  if (millis < 0 || millis >= DAY_MILLIS) {
    throw new KobelError('CORRUPT', `a time of day is from 0 to ${DAY_MILLIS - 1} milliseconds, found ${millis}`)
  }
  const seconds = Math.floor(millis / 1000)
  return clockText(seconds, (millis % 1000) * MILLI_NANOS)
}

export function millisFromTime(text: string): number {
  const { hour, minute, second, nano } = parseTime(text)
  return (hour * 3600 + minute * 60 + second) * 1000 + Math.floor(nano / MILLI_NANOS)
}

function clockText(secondsOfDay: number, nano: number): string {
  return timeText(Math.floor(secondsOfDay / 3600), Math.floor(secondsOfDay / 60) % 60, secondsOfDay % 60, nano)
}

/** `TimestampData`: milliseconds since 1970, and nanoseconds of the millisecond. */
export interface SqlTimestamp {
  readonly millis: bigint
  readonly nanoOfMilli: number
}

/** An instant for TIMESTAMP_LTZ, a local date and time for TIMESTAMP. */
export function timestampText({ millis, nanoOfMilli }: SqlTimestamp, local: boolean): string {
  if (nanoOfMilli < 0 || nanoOfMilli >= MILLI_NANOS) {
    throw new KobelError('CORRUPT', `nanoseconds of a millisecond are from 0 to 999999, found ${nanoOfMilli}`)
  }
  const milliOfSecond = floorModulo(millis, 1000n)
  const seconds = (millis - milliOfSecond) / 1000n
  const nano = Number(milliOfSecond) * MILLI_NANOS + nanoOfMilli
  if (!local) return instantText(seconds, nano)
  const secondOfDay = floorModulo(seconds, 86_400n)
  const days = Number((seconds - secondOfDay) / 86_400n)
  return `${dateFromDays(days)}T${clockText(Number(secondOfDay), nano)}`
}

export function parseTimestamp(text: string, local: boolean): SqlTimestamp {
  if (local === text.endsWith('Z')) {
    const expected = local
      ? 'a local date and time such as 2026-01-31T12:00'
      : 'an instant such as 2026-01-31T12:00:00Z'
    throw new KobelError('USAGE', `${expected} was expected, found ${JSON.stringify(text.slice(0, 40))}`)
  }
  const { seconds, nano } = parseInstant(local ? `${text}Z` : text)
  return { millis: seconds * 1000n + BigInt(Math.floor(nano / MILLI_NANOS)), nanoOfMilli: nano % MILLI_NANOS }
}

function floorModulo(value: bigint, by: bigint): bigint {
  const rest = value % by
  return rest < 0n ? rest + by : rest
}
