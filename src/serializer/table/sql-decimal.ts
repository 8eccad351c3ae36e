import { KobelError } from '../../error.ts'
import { parseDecimal } from '../numbers.ts'

/** DECIMAL up to this precision is an i64 in memory (`DecimalData.isCompact`). */
export const COMPACT_DECIMAL = 18

const MAX_DECIMAL = 38

/** Refuses what `DecimalType` refuses: a damaged scale would make texts of any length. */
export function checkDecimal(precision: number, scale: number): void {
  if (precision >= 1 && precision <= MAX_DECIMAL && scale >= 0 && scale <= precision) return
  throw new KobelError('CORRUPT', `there is no DECIMAL(${precision}, ${scale})`)
}

/** `BigDecimal.toPlainString()`: SQL prints no exponents. */
export function plainDecimal(unscaled: bigint, scale: number): string {
  if (scale <= 0) return unscaled.toString() + (unscaled === 0n ? '' : '0'.repeat(-scale))
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0')
  return `${unscaled < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}

/** The unscaled value of a text for DECIMAL(precision, scale); `USAGE` where digits would be lost. */
export function unscaledOf(text: string, precision: number, scale: number): bigint {
  const parsed = parseDecimal(text)
  const shift = scale - parsed.scale
  const unfit = new KobelError('USAGE', `${text.slice(0, 60)} does not fit DECIMAL(${precision}, ${scale})`)
  if (Math.abs(shift) > MAX_SHIFT) throw unfit
  const by = 10n ** BigInt(Math.abs(shift))
  if (shift < 0 && parsed.unscaled % by !== 0n) throw unfit
  const unscaled = shift < 0 ? parsed.unscaled / by : parsed.unscaled * by
  const limit = 10n ** BigInt(precision)
  if (unscaled >= limit || unscaled <= -limit) throw unfit
  return unscaled
}

const MAX_SHIFT = 1000
