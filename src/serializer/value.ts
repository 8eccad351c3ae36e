/**
 * What a Java value becomes in JavaScript:
 *
 * | Java | JavaScript |
 * |---|---|
 * | null, VoidNamespace | `null` |
 * | Boolean; Byte, Short, Integer, Float, Double | boolean; number |
 * | Long, BigInteger | bigint |
 * | Character, String, char[]; Enum | string; the constant's name |
 * | BigDecimal | string (`toString()`, keeps the scale) |
 * | dates and times | string (ISO text as Java prints it; java.util.Date and java.sql.* as an instant) |
 * | byte[] | Uint8Array |
 * | other arrays, List, Set | array |
 * | Map | array of `[key, value]` (JavaScript's Map would merge 0.0 and -0.0) |
 * | Tuple | array |
 * | Row | `{ kind, fields }` |
 * | POJO, case class | object of its fields; a subclass is named by {@link CLASS} |
 * | Either | `{ left }` or `{ right }` |
 * | TimeWindow, GlobalWindow | `{ start, end }`, `'GlobalWindow'` |
 * | a class kobel cannot decode | {@link TypedBytes} |
 */
export type Value = null | boolean | number | bigint | string | Uint8Array | ValueArray | ValueObject | TypedBytes

export type ValueArray = readonly Value[]

export interface ValueObject {
  readonly [name: string]: Value
  readonly [CLASS]?: string
}

/** Symbol under which an object names its Java class where it is not the declared one. */
export const CLASS: unique symbol = Symbol.for('kobel.class')

/** A value that could not be decoded: its class (of the serializer snapshot, or of the object) and its bytes. */
export class TypedBytes {
  readonly class: string
  readonly bytes: Uint8Array

  constructor(className: string, bytes: Uint8Array) {
    this.class = className
    this.bytes = bytes
  }
}

/** An object to be filled with fields named by strangers: it has no prototype, so `__proto__` is a field like others. */
export function emptyObject(): { [name: string]: Value; [CLASS]?: string } {
  return Object.create(null)
}
