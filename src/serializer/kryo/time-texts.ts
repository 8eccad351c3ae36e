import type { Reader } from '../../bytes/reader.ts'
import { KobelError } from '../../error.ts'
import { dateText, parseDate } from '../time.ts'
import type { Value } from '../value.ts'
import { readVarInt } from './primitives.ts'
import { text } from './scalars.ts'
import { unfit } from './sink.ts'

/** Dates and times of `java.time` as the texts that their `toString()` gives, and back. */

export const two = (value: number): string => String(Math.abs(value)).padStart(2, '0')

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

export function parseDuration(value: Value): { seconds: bigint; nano: number } {
  const match = /^PT(?:(-?\d{1,19})H)?(?:(-?\d{1,19})M)?(?:(-?)(\d{1,19})(?:\.(\d{1,9}))?S)?$/.exec(text(value))
  if (!match) throw unfit('a duration such as PT1H30M', value)
  const sign = match[3] === '-' ? -1n : 1n
  const whole = BigInt(match[1] ?? 0) * 3600n + BigInt(match[2] ?? 0) * 60n + sign * BigInt(match[4] ?? 0)
  const nanos = whole * 1_000_000_000n + sign * BigInt((match[5] ?? '').padEnd(9, '0'))
  const nano = ((nanos % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n
  return { seconds: (nanos - nano) / 1_000_000_000n, nano: Number(nano) }
}

/** `Period.toString()`. */
export function periodText(years: number, months: number, days: number): string {
  const out = [years === 0 ? '' : `${years}Y`, months === 0 ? '' : `${months}M`, days === 0 ? '' : `${days}D`].join('')
  return `P${out || '0D'}`
}

export function parsePeriod(value: Value): { years: number; months: number; days: number } {
  const match = /^P(?:(-?\d{1,10})Y)?(?:(-?\d{1,10})M)?(?:(-?\d{1,10})D)?$/.exec(text(value))
  if (!match) throw unfit('a period such as P1Y2M3D', value)
  return { years: Number(match[1] ?? 0), months: Number(match[2] ?? 0), days: Number(match[3] ?? 0) }
}

/** `ZoneOffset.toString()`. */
export function offsetText(seconds: number): string {
  if (seconds === 0) return 'Z'
  const magnitude = Math.abs(seconds)
  const rest = magnitude % 60
  const sign = seconds < 0 ? '-' : '+'
  return `${sign}${two(Math.floor(magnitude / 3600))}:${two(Math.floor(magnitude / 60) % 60)}${rest === 0 ? '' : `:${two(rest)}`}`
}

export function parseOffset(value: Value): number {
  const match = /^(?:Z|([+-])(\d{2}):(\d{2})(?::(\d{2}))?)$/.exec(text(value))
  if (!match) throw unfit('an offset such as +02:00', value)
  const seconds = Number(match[2] ?? 0) * 3600 + Number(match[3] ?? 0) * 60 + Number(match[4] ?? 0)
  return match[1] === '-' ? -seconds : seconds
}

export function yearMonthText(year: number, month: number): string {
  return dateText({ year, month, day: 1 }).slice(0, -3)
}

export function parseYearMonth(value: Value): { year: number; month: number } {
  const { year, month } = parseDate(`${text(value)}-01`)
  return { year, month }
}

export function splitAt(value: Value, pattern: RegExp, what: string): [string, string] {
  const all = text(value)
  const at = all.search(pattern)
  if (at < 0) throw unfit(what, value)
  return [all.slice(0, at), all.slice(at)]
}

export const splitDateTime = (value: Value): { date: string; time: string } => {
  const [date, time] = splitAt(value, /T/, 'an ISO date and time')
  return { date, time: time.slice(1) }
}

export const splitOffset = (value: Value): { local: string; offset: string } => {
  const [local, offset] = splitAt(value, /(Z|[+-]\d{2}:\d{2}(:\d{2})?)$/, 'a time with an offset')
  return { local, offset }
}

export function readNano(reader: Reader): number {
  const nano = readVarInt(reader)
  return inRange(nano, 0, 999_999_999, 'a nanosecond', reader)
}

export function inRange(value: number, least: number, most: number, what: string, reader: Reader): number {
  if (value >= least && value <= most) return value
  throw new KobelError('CORRUPT', `${what} is ${least} to ${most}, found ${value} in a Kryo value`, {
    offset: reader.offset,
  })
}
