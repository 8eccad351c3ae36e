import { hashText } from '../serializer/interpreter/hash.ts'
import type { FieldStyle, RecordLayout } from '../serializer/interpreter/hash-fields.ts'
import { hashProduct } from '../serializer/interpreter/hash-scala.ts'
import { fixedLength } from '../serializer/layout.ts'
import { simpleClassName } from '../serializer/type.ts'

/** How classes usually make their `hashCode` of the hashes of their fields. */
export interface Convention {
  /** For people: who writes it so. */
  readonly name: string
  readonly style: FieldStyle
  /** Styles with the same text give the same hashes of fields. */
  readonly styleId: string
  /** Hash of the record from those of its fields, in the order of the convention. */
  readonly combine: (hashes: ArrayLike<number>, order: readonly number[], className: string) => number
  /** In which orders fields may go into it. */
  readonly orders: 'any' | 'whole' | 'stored' | 'ascending'
}

const BOOLEANS: readonly (readonly [whenTrue: number, whenFalse: number])[] = [
  [1231, 1237],
  [1, 0],
]

/** `h = start; for each field: h = h * factor + hash`. */
function chain(start: number, factor: number): Convention['combine'] {
  return (hashes, order) => {
    let hash = start
    for (const i of order) hash = (Math.imul(hash, factor) + hashes[i]!) | 0
    return hash
  }
}

/** AutoValue: `h *= 1000003; h ^= hash`. */
const AUTO_VALUE: Convention['combine'] = (hashes, order) => {
  let hash = 1
  for (const i of order) hash = Math.imul(hash, 1000003) ^ hashes[i]!
  return hash
}

const SUM: Convention['combine'] = (hashes, order) => order.reduce((sum, i) => (sum + hashes[i]!) | 0, 0)

const XOR: Convention['combine'] = (hashes, order) => order.reduce((all, i) => all ^ hashes[i]!, 0)

function product(prefixed: boolean): Convention['combine'] {
  return (hashes, order, className) => {
    const elements = order.map((i) => hashes[i]!)
    return prefixed ? hashProduct(elements, hashText(simpleClassName(className))) : hashProduct(elements)
  }
}

/** Starts and factors that NetBeans draws. */
const NETBEANS_STARTS = [3, 5, 7]
const NETBEANS_FACTORS = [11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97]

/** Fields beyond this many: NetBeans is not tried, so that there are not too many candidates. */
const FEW_FIELDS = 6

const STORED = (hashes: readonly number[]): number[] => hashes.map((_, i) => i)

/** A record that is a field of another one is taken to follow the same convention, its fields in the stored order. */
function convention(
  name: string,
  combine: Convention['combine'],
  orders: Convention['orders'],
  styled: Omit<FieldStyle, 'nested'>,
  combineId: string,
  hasNested: boolean,
): Convention {
  const style: FieldStyle = { ...styled, nested: (hashes, className) => combine(hashes, STORED(hashes), className) }
  return { name, combine, orders, style, styleId: JSON.stringify([styled, hasNested ? combineId : '']) }
}

/** All conventions that may fit records of this layout, those of its own kind only. */
export function conventionsFor(layout: RecordLayout, hasEnums: boolean, hasNested: boolean): Convention[] {
  const java = { whenNull: 0, enums: 'name' } as const
  if (layout.op === 'object' && layout.avro) {
    return ([1, 0] as const).map((avroText) => {
      const style = { ...java, whenTrue: 1231, whenFalse: 1237, enums: 'ordinal', avroText } as const
      const name = `Avro's SpecificData, texts of ${avroText === 1 ? '1.11 and later' : '1.10 and before'}`
      return convention(name, chain(1, 31), 'stored', style, 'avro', hasNested)
    })
  }
  const found: Convention[] = []
  const enums = hasEnums ? (['name', 'ordinal'] as const) : (['name'] as const)
  for (const each of enums) {
    const suffix = !hasEnums ? '' : each === 'name' ? ', enums by name().hashCode()' : ', enums by ordinal()'
    const add = (
      name: string,
      combine: Convention['combine'],
      orders: Convention['orders'],
      [whenTrue, whenFalse]: readonly [number, number] = BOOLEANS[0]!,
      more: Partial<FieldStyle> = {},
    ): void => {
      const style = { ...java, whenTrue, whenFalse, enums: each, ...more }
      found.push(convention(name + suffix, combine, orders, style, name, hasNested))
    }
    if (layout.op === 'object') {
      add('a Scala case class (2.11, 2.12)', product(false), 'stored', BOOLEANS[0], { scala: true })
      add('a Scala case class (2.13)', product(true), 'stored', BOOLEANS[0], { scala: true })
    }
    for (const [i, booleans] of BOOLEANS.entries()) {
      const how = i === 0 ? '' : ' (booleans as 1 and 0)'
      add(`31 * h + field from 1: Objects.hash, Arrays.hashCode${how}`, chain(1, 31), 'any', booleans)
      add(`31 * h + field from the first field: record, data class${how}`, chain(0, 31), 'any', booleans)
      add(`31 * h + field from 17: Effective Java${how}`, chain(17, 31), 'any', booleans)
      add(`37 * h + field from 17${how}`, chain(17, 37), 'any', booleans)
      add(`sum of the fields${how}`, SUM, 'ascending', booleans)
      add(`xor of the fields${how}`, XOR, 'ascending', booleans)
    }
    add('Lombok', chain(1, 59), 'any', [79, 97], { whenNull: 43 })
    add("Commons' HashCodeBuilder", chain(17, 37), 'any', [0, 1])
    add('AutoValue', AUTO_VALUE, 'any')
    if (layout.fields.length > FEW_FIELDS) continue
    for (const start of NETBEANS_STARTS) {
      for (const factor of NETBEANS_FACTORS) {
        add(`${factor} * h + field from ${start}: NetBeans`, chain(start, factor), 'whole', BOOLEANS[1])
      }
    }
  }
  return found
}

/** Up to this many fields are left out in every way, and up to that many put into every order. */
const ALL_SUBSETS = 6
const ALL_ORDERS = 8

/**
 * Orders of fields to try, as indices into the stored ones: the order of declaration is not stored (Flink sorts the
 * fields of POJOs by name), and code may leave fields out.
 *
 * @param usable the fields whose hash can be known.
 */
export function ordersOf(
  layout: RecordLayout,
  usable: readonly number[],
  kind: Convention['orders'],
): readonly (readonly number[])[] {
  const all = layout.fields.length
  const isWhole = usable.length === all
  if (kind === 'stored') return isWhole ? [usable] : []
  const ascending = kind === 'ascending'
  if (kind === 'whole') return isWhole ? [...arrangements(usable, all, all, false)] : []
  if (usable.length <= ALL_SUBSETS) return [...arrangements(usable, 1, usable.length, ascending)]
  const some = [...arrangements(usable, 1, 2, ascending)]
  if (ascending) return [...some, usable]
  if (usable.length <= ALL_ORDERS) return [...some, ...arrangements(usable, usable.length, usable.length, false)]
  // Lombok and some IDEs take numbers first.
  const isNumber = (i: number): boolean => fixedLength(layout.fields[i]!.layout) >= 0
  const numbersFirst = [...usable.filter(isNumber), ...usable.filter((i) => !isNumber(i))]
  return [...some, usable, [...usable].reverse(), numbersFirst]
}

/** Every arrangement of `least` to `most` of the items; `ascending`: only in their own order. */
function* arrangements(
  items: readonly number[],
  least: number,
  most: number,
  ascending: boolean,
): Generator<readonly number[]> {
  for (const [at, item] of items.entries()) {
    if (least <= 1) yield [item]
    if (most <= 1) continue
    const rest = ascending ? items.slice(at + 1) : items.filter((each) => each !== item)
    for (const tail of arrangements(rest, Math.max(1, least - 1), most - 1, ascending)) yield [item, ...tail]
  }
}
