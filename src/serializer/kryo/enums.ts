import { KobelError } from '../../error.ts'
import { CLASS, emptyObject, type Value } from '../value.ts'
import type { ObjectCodec } from './classes.ts'
import { type KryoVersion, readVarInt, writeVarInt } from './primitives.ts'
import { unfit } from './sink.ts'

/** Constants of enums: varint ordinal + 1, 0 = null. Kryo 5 has no reference marker before them. */

/** Where the constants are not known, `{ ordinal }` stands for one. */
export function constantAt(
  ordinal: number,
  className: string,
  constants: readonly string[] | undefined,
  offset: number,
): Value {
  if (constants === undefined) {
    const unnamed = emptyObject()
    unnamed.ordinal = ordinal
    return unnamed
  }
  const name = constants[ordinal]
  if (name !== undefined) return name
  throw new KobelError(
    'CORRUPT',
    `the enum ${className} has ${constants.length} constants, found the ordinal ${ordinal}`,
    {
      offset,
    },
  )
}

export function ordinalOf(value: Value, className: string, constants: readonly string[] | undefined): number {
  const index = typeof value === 'string' ? (constants?.indexOf(value) ?? -1) : -1
  if (index >= 0) return index
  const ordinal =
    typeof value === 'object' && value !== null && !(CLASS in value)
      ? (value as Record<string, Value>).ordinal
      : undefined
  if (typeof ordinal === 'number' && Number.isInteger(ordinal) && ordinal >= 0) return ordinal
  throw unfit(constants === undefined ? `{ ordinal } of ${className}` : `one of ${constants.join(', ')}`, value)
}

export function enumCodec(version: KryoVersion, constants: readonly string[] | undefined): ObjectCodec {
  return {
    ...(version === 5 && { referenced: false }),
    read: ({ reader }, className) => {
      const at = reader.offset
      const number = readVarInt(reader)
      return number === 0 ? null : constantAt(number - 1, className, constants, at)
    },
    write: ({ writer }, value, className) => writeVarInt(writer, ordinalOf(value, className, constants) + 1),
  }
}

/** Enums of the JDK and of Flink that turn up in state. */
export const KNOWN_ENUMS: Readonly<Record<string, readonly string[]>> = {
  'java.time.DayOfWeek': ['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY', 'SUNDAY'],
  'java.time.Month': [
    'JANUARY',
    'FEBRUARY',
    'MARCH',
    'APRIL',
    'MAY',
    'JUNE',
    'JULY',
    'AUGUST',
    'SEPTEMBER',
    'OCTOBER',
    'NOVEMBER',
    'DECEMBER',
  ],
  'java.util.concurrent.TimeUnit': [
    'NANOSECONDS',
    'MICROSECONDS',
    'MILLISECONDS',
    'SECONDS',
    'MINUTES',
    'HOURS',
    'DAYS',
  ],
  'java.time.temporal.ChronoUnit': [
    'NANOS',
    'MICROS',
    'MILLIS',
    'SECONDS',
    'MINUTES',
    'HOURS',
    'HALF_DAYS',
    'DAYS',
    'WEEKS',
    'MONTHS',
    'YEARS',
    'DECADES',
    'CENTURIES',
    'MILLENNIA',
    'ERAS',
    'FOREVER',
  ],
  'java.math.RoundingMode': ['UP', 'DOWN', 'CEILING', 'FLOOR', 'HALF_UP', 'HALF_DOWN', 'HALF_EVEN', 'UNNECESSARY'],
  'java.lang.Thread$State': ['NEW', 'RUNNABLE', 'BLOCKED', 'WAITING', 'TIMED_WAITING', 'TERMINATED'],
  'java.util.Comparators$NaturalOrderComparator': ['INSTANCE'],
  'org.apache.flink.types.RowKind': ['INSERT', 'UPDATE_BEFORE', 'UPDATE_AFTER', 'DELETE'],
}
