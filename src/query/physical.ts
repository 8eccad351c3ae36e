import { KobelError } from '../error.ts'
import { type BytesColumn, isNullAt, type LongColumn } from '../serializer/columns.ts'
import { daysFromCivil, parseDate, parseInstant, parseTime } from '../serializer/time.ts'

/**
 * Columns of text and of milliseconds as the numbers that SQL types are made of. Rows `start` to before `start + count`
 * are written from the beginning of `out`; null ones are zeros.
 */

const MAX_LONG = 2n ** 63n - 1n
const DAY_SECONDS = 86_400n

/** DuckDB's infinities: a point in time that does not fit becomes one. */
function bounded(value: bigint): bigint {
  if (value > MAX_LONG) return MAX_LONG
  return value < -MAX_LONG ? -MAX_LONG : value
}

/** |ms| below which microseconds are exact as a double. */
const EXACT_MILLIS = 2 ** 53 / 1000

/** Milliseconds to microseconds. */
export function microsOfMillis(column: LongColumn, start: number, count: number, out: BigInt64Array): void {
  const { values } = column
  const from = new Int32Array(values.buffer, values.byteOffset + start * 8, count * 2)
  const to = new Int32Array(out.buffer, out.byteOffset, count * 2)
  for (let i = 0; i < count; i++) {
    const millis = from[2 * i + 1]! * 2 ** 32 + (from[2 * i]! >>> 0)
    if (millis < EXACT_MILLIS && millis > -EXACT_MILLIS) {
      const micros = millis * 1000
      const high = Math.floor(micros / 2 ** 32)
      to[2 * i + 1] = high
      to[2 * i] = micros - high * 2 ** 32
    } else out[i] = bounded(values[start + i]! * 1000n)
  }
}

/** Nanoseconds of the day to microseconds. */
export function microsOfNanos(column: LongColumn, start: number, count: number, out: BigInt64Array): void {
  for (let i = 0; i < count; i++) out[i] = column.values[start + i]! / 1000n
}

const textDecoder = new TextDecoder()

function textAt({ values, offsets }: BytesColumn, row: number): string {
  return textDecoder.decode(values.subarray(offsets[row]!, offsets[row + 1]!))
}

/** How many of its units a second has. */
export type TimeUnit = 1_000_000n | 1_000_000_000n

/** ISO texts of instants (with a Z) and of local dates and times. What is finer than the unit is cut off. */
export function unitsOfText(
  column: BytesColumn,
  start: number,
  count: number,
  unit: TimeUnit,
  out: BigInt64Array,
): void {
  for (let i = 0; i < count; i++) {
    out[i] = isNullAt(column, start + i) ? 0n : timestampOf(textAt(column, start + i), unit)
  }
}

export function timestampOf(text: string, unit: TimeUnit): bigint {
  const { seconds, nano } = text.endsWith('Z') ? parseInstant(text) : parseLocal(text)
  return bounded(seconds * unit + BigInt(nano) / (1_000_000_000n / unit))
}

function parseLocal(text: string): { seconds: bigint; nano: number } {
  const at = text.indexOf('T')
  const { hour, minute, second, nano } = parseTime(text.slice(at + 1))
  const days = BigInt(daysFromCivil(parseDate(text.slice(0, at))))
  return { seconds: days * DAY_SECONDS + BigInt(hour * 3600 + minute * 60 + second), nano }
}

const DECIMAL = /^(-?)(\d+)(?:\.(\d+))?(?:E([+-]?\d{1,5}))?$/

/** Texts of `BigDecimal.toString()` as whole numbers of 10^-scale. @throws KobelError where one does not fit. */
export function unscaledOf(text: string, width: number, scale: number): bigint {
  const match = DECIMAL.exec(text)
  if (match) {
    const [, sign, whole, fraction = '', exponent = '0'] = match
    const shift = scale - fraction.length + Number(exponent)
    const digits = BigInt(whole + fraction)
    if (shift <= MAX_SHIFT && shift >= -MAX_SHIFT) {
      const power = 10n ** BigInt(Math.abs(shift))
      const unscaled = shift < 0 ? digits / power : digits * power
      const isExact = shift >= 0 || unscaled * power === digits
      if (isExact && unscaled < 10n ** BigInt(width)) return sign === '-' ? -unscaled : unscaled
    }
  }
  throw new KobelError('CORRUPT', `${JSON.stringify(text.slice(0, 60))} does not fit DECIMAL(${width}, ${scale})`)
}

const MAX_SHIFT = 100

/** As `unscaledOf`, each in `bytes` bytes, little-endian. */
export function unscaledOfText(
  column: BytesColumn,
  start: number,
  count: number,
  type: { readonly width: number; readonly scale: number },
  bytes: 2 | 4 | 8 | 16,
  out: ArrayBuffer,
): void {
  const view = new DataView(out)
  for (let i = 0; i < count; i++) {
    const row = start + i
    const value = isNullAt(column, row) ? 0n : unscaledOf(textAt(column, row), type.width, type.scale)
    if (bytes === 2) view.setInt16(i * 2, Number(value), true)
    else if (bytes === 4) view.setInt32(i * 4, Number(value), true)
    else view.setBigInt64(i * bytes, BigInt.asIntN(64, value), true)
    if (bytes === 16) view.setBigInt64(i * 16 + 8, value >> 64n, true)
  }
}

/** Bytes DuckDB keeps a decimal in. */
export function decimalBytes(width: number): 2 | 4 | 8 | 16 {
  if (width <= 4) return 2
  if (width <= 9) return 4
  return width <= 18 ? 8 : 16
}
