import { dateText, instantText, parseDate, parseInstant, parseTime, timeText } from '../time.ts'
import type { Value } from '../value.ts'
import type { ObjectCodec } from './classes.ts'
import { mappedCodec } from './fields.ts'
import { text } from './scalars.ts'
import {
  durationText,
  offsetText,
  parseDuration,
  parseOffset,
  parsePeriod,
  parseYearMonth,
  periodText,
  splitDateTime,
  splitOffset,
  two,
  yearMonthText,
} from './time-texts.ts'

/** Dates and times of Kryo 2.24: their fields (`FieldSerializer`). */

interface Parts {
  readonly [name: string]: Value
}

const numberIn = (parts: Parts, name: string): number => parts[name] as number
const textIn = (parts: Parts, name: string): string => String(parts[name])

export const TIMES_2: Readonly<Record<string, ObjectCodec>> = {
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
