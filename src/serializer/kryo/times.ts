import { instantText, millisText, parseInstant, parseMillis } from '../time.ts'
import type { ObjectCodec } from './classes.ts'
import { type KryoVersion, readKryoString, readVarInt, readVarLong, writeVarInt, writeVarLong } from './primitives.ts'
import { text } from './scalars.ts'
import { readNano } from './time-texts.ts'
import { TIMES_2 } from './times-2.ts'
import { TIMES_5 } from './times-5.ts'

/** Dates and times: `java.util.Date` and `java.sql.*` as instants, those of `java.time` as texts. */

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
