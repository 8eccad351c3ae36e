import fc from 'fast-check'
import type { Layout } from '../../src/serializer/layout.ts'
import type { BinaryType } from '../../src/serializer/table/binary-type.ts'
import type { BinaryCodec } from '../../src/serializer/table/codecs.ts'
import type { Value } from '../../src/serializer/value.ts'
import { anyText, entriesOf, millis, nearInstants, orNull, valuesOf } from './layouts.ts'

/** Random values of the codecs that kobel has; some may be too large for the codec, which then does not write them. */
export function valuesOfCodec({ codec }: Layout & { op: 'codec' }): fc.Arbitrary<Value> {
  if ('type' in codec) return valuesOfBinary((codec as BinaryCodec).type)
  switch (codec.name) {
    case 'DecimalData':
      return decimals(3, 1)
    case 'TimestampData':
      return timestamps(9, codec.shape?.op === 'localDateTime')
    case 'DATE':
      return dates()
    case 'TIME':
      return clocks()
    case 'Hadoop Text':
      return fc.string({ unit: 'binary', maxLength: 10 })
    case 'Java serialization':
      return fc.oneof(anyText, fc.boolean(), fc.integer(), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }))
    default:
      if (codec.shape !== undefined) return valuesOf(codec.shape)
      throw new Error(`no values of ${codec.name}`)
  }
}

/** SQL writes texts as UTF-8, which has no lone surrogates. */
const text = fc.string({ unit: 'binary', maxLength: 12 })

function dates(): fc.Arbitrary<Value> {
  return millis.filter((each) => /^\d/.test(each)).map((each) => each.slice(0, each.indexOf('T')))
}

function clocks(): fc.Arbitrary<Value> {
  return fc
    .tuple(fc.nat(23), fc.nat(59), fc.nat(59), fc.oneof(fc.constant(0), fc.nat(999)))
    .map(([hour, minute, second, milli]) => {
      const [h, m, s] = [hour, minute, second].map((each) => String(each).padStart(2, '0'))
      if (milli !== 0) return `${h}:${m}:${s}.${String(milli).padStart(3, '0')}`
      return second === 0 ? `${h}:${m}` : `${h}:${m}:${s}`
    })
}

function timestamps(precision: number, local: boolean): fc.Arbitrary<Value> {
  return (precision <= 3 ? millis : nearInstants).map((each) => {
    const cut = each.slice(0, -1).replace(/\.\d+$/, (fraction) => {
      const digits = fraction.slice(1, 1 + precision).padEnd(9, '0')
      const groups = digits.replace(/(000)+$/, '')
      return groups === '' ? '' : `.${groups}`
    })
    return local ? cut.replace(/(T\d\d:\d\d):00$/, '$1') : `${cut}Z`
  })
}

function decimals(precision: number, scale: number): fc.Arbitrary<Value> {
  const largest = 10n ** BigInt(precision) - 1n
  return fc.bigInt({ min: -largest, max: largest }).map((unscaled) => {
    const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0')
    const whole = digits.slice(0, digits.length - scale)
    return `${unscaled < 0n ? '-' : ''}${whole}${scale > 0 ? `.${digits.slice(-scale)}` : ''}`
  })
}

function valuesOfBinary(type: BinaryType): fc.Arbitrary<Value> {
  switch (type.form) {
    case 'boolean':
    case 'i8':
    case 'i16':
    case 'i32':
    case 'i64':
    case 'f32':
    case 'f64':
      return valuesOf({ op: type.form })
    case 'string':
      return text
    case 'binary':
      return valuesOf({ op: 'bytes' })
    case 'decimal':
      return decimals(type.precision, type.scale)
    case 'date':
      return dates()
    case 'time':
      return clocks()
    case 'timestamp':
      return timestamps(type.precision, type.local)
    case 'array':
      return fc.array(orNull(valuesOfBinary(type.element)), { maxLength: 5 })
    case 'map':
      return entriesOf(valuesOfBinary(type.key), orNull(valuesOfBinary(type.value)))
    case 'row':
      return fc
        .tuple(
          fc.constantFrom('+I', '-U', '+U', '-D'),
          fc.tuple(...type.fields.map((each) => orNull(valuesOfBinary(each)))),
        )
        .map(([kind, fields]) => ({ kind, fields }))
    default:
      throw new Error(`no values of ${type.form}`)
  }
}
