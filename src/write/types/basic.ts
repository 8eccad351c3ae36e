import { BASE, RUNTIME, STATE } from '../../serializer/families/rows.ts'
import { type BuiltType, leftToKryo, needsFlink, snapshotFor, type TypePlace } from './form.ts'

/** The name of a type without parameters. */
export type BasicTypeName =
  | 'boolean'
  | 'byte'
  | 'short'
  | 'int'
  | 'long'
  | 'float'
  | 'double'
  | 'char'
  | 'string'
  | 'bigInteger'
  | 'bigDecimal'
  | 'date'
  | 'sqlDate'
  | 'sqlTime'
  | 'sqlTimestamp'
  | 'instant'
  | 'localDate'
  | 'localTime'
  | 'localDateTime'
  | 'void'
  | 'tuple0'
  | 'boolean[]'
  | 'byte[]'
  | 'short[]'
  | 'int[]'
  | 'long[]'
  | 'float[]'
  | 'double[]'
  | 'char[]'
  | 'String[]'
  | 'booleanValue'
  | 'byteValue'
  | 'shortValue'
  | 'intValue'
  | 'longValue'
  | 'floatValue'
  | 'doubleValue'
  | 'charValue'
  | 'stringValue'
  | 'nullValue'
  | 'variant'
  | 'bitmap'
  | 'voidNamespace'
  | 'timeWindow'
  | 'globalWindow'
  | 'sqlTimeWindow'
  | 'sqlCountWindow'
  | 'sqlGlobalWindow'

/** Types without parameters: a name, its Java class, and the class of its serializer's snapshot. */
interface BasicType {
  readonly snapshotClass: string
  readonly javaClass: string
  /** The first Flink that has it. */
  readonly since?: readonly [major: number, minor: number]
}

const simple = (pkg: string, name: string): string => `${pkg}.${name}Serializer$${name}SerializerSnapshot`

const basic = (serializer: string, javaClass: string): BasicType => ({
  snapshotClass: simple(BASE, serializer),
  javaClass,
})

const array = (name: string, javaClass: string): BasicType => ({
  snapshotClass: simple(`${BASE}.array`, `${name}Array`),
  javaClass,
})

const value = (name: string): BasicType => basic(`${name}Value`, `org.apache.flink.types.${name}Value`)

const WINDOWS = 'org.apache.flink.streaming.api.windowing.windows'
const SQL_WINDOWS = 'org.apache.flink.table.runtime.operators.window'

const window = (pkg: string, name: string): BasicType => ({
  snapshotClass: `${pkg}.${name}$Serializer$${name}SerializerSnapshot`,
  javaClass: `${pkg}.${name}`,
})

const BASIC_TYPES: Readonly<Record<BasicTypeName, BasicType>> = {
  boolean: basic('Boolean', 'java.lang.Boolean'),
  byte: basic('Byte', 'java.lang.Byte'),
  short: basic('Short', 'java.lang.Short'),
  int: basic('Int', 'java.lang.Integer'),
  long: basic('Long', 'java.lang.Long'),
  float: basic('Float', 'java.lang.Float'),
  double: basic('Double', 'java.lang.Double'),
  char: basic('Char', 'java.lang.Character'),
  string: basic('String', 'java.lang.String'),
  bigInteger: basic('BigInt', 'java.math.BigInteger'),
  bigDecimal: basic('BigDec', 'java.math.BigDecimal'),
  date: basic('Date', 'java.util.Date'),
  sqlDate: basic('SqlDate', 'java.sql.Date'),
  sqlTime: basic('SqlTime', 'java.sql.Time'),
  sqlTimestamp: basic('SqlTimestamp', 'java.sql.Timestamp'),
  instant: basic('Instant', 'java.time.Instant'),
  localDate: basic('LocalDate', 'java.time.LocalDate'),
  localTime: basic('LocalTime', 'java.time.LocalTime'),
  localDateTime: basic('LocalDateTime', 'java.time.LocalDateTime'),
  void: basic('Void', 'java.lang.Void'),
  tuple0: {
    snapshotClass: `${RUNTIME}.Tuple0SerializerSnapshot`,
    javaClass: 'org.apache.flink.api.java.tuple.Tuple0',
  },
  'boolean[]': array('BooleanPrimitive', '[Z'),
  'byte[]': array('BytePrimitive', '[B'),
  'short[]': array('ShortPrimitive', '[S'),
  'int[]': array('IntPrimitive', '[I'),
  'long[]': array('LongPrimitive', '[J'),
  'float[]': array('FloatPrimitive', '[F'),
  'double[]': array('DoublePrimitive', '[D'),
  'char[]': array('CharPrimitive', '[C'),
  'String[]': array('String', '[Ljava.lang.String;'),
  booleanValue: value('Boolean'),
  byteValue: value('Byte'),
  shortValue: value('Short'),
  intValue: value('Int'),
  longValue: value('Long'),
  floatValue: value('Float'),
  doubleValue: value('Double'),
  charValue: value('Char'),
  stringValue: value('String'),
  nullValue: value('Null'),
  variant: { ...basic('Variant', 'org.apache.flink.types.variant.Variant'), since: [2, 1] },
  bitmap: { ...basic('Bitmap', 'org.apache.flink.types.bitmap.Bitmap'), since: [2, 3] },
  voidNamespace: { snapshotClass: simple(STATE, 'VoidNamespace'), javaClass: `${STATE}.VoidNamespace` },
  timeWindow: window(WINDOWS, 'TimeWindow'),
  globalWindow: window(WINDOWS, 'GlobalWindow'),
  sqlTimeWindow: window(SQL_WINDOWS, 'TimeWindow'),
  sqlCountWindow: window(SQL_WINDOWS, 'CountWindow'),
  sqlGlobalWindow: { ...window(SQL_WINDOWS, 'GlobalWindow'), since: [2, 3] },
}

/** Java's own names, for types that have one: `java.lang.Long`, and `Long` or `Integer` for short. */
const JAVA_NAMES: ReadonlyMap<string, string> = new Map([
  ['string[]', 'String[]'],
  ...Object.entries(BASIC_TYPES).flatMap(([name, { javaClass }]) => {
    if (!javaClass.startsWith('java.')) return []
    const short = /^java\.(?:lang|math|time)\.(\w+)$/.exec(javaClass)?.[1]
    return [[javaClass, name], ...(short === undefined ? [] : [[short, name]])] as [string, string][]
  }),
])

export const BASIC_NAMES: readonly string[] = Object.keys(BASIC_TYPES)

/** TypeExtractor does not know them: Flink's own serializer has to be asked for. */
const LEFT_TO_KRYO: readonly string[] = ['localDate', 'localTime', 'localDateTime']

/** The type of that name, `undefined` for what is no name of a type. */
export function buildBasic(name: string, at: TypePlace): BuiltType | undefined {
  const known = Object.hasOwn(BASIC_TYPES, name) ? name : JAVA_NAMES.get(name)
  if (known === undefined) return undefined
  const { snapshotClass, javaClass, since }: BasicType = BASIC_TYPES[known as BasicTypeName]
  if (since) needsFlink(at, known, ...since)
  if (at.inPojo && LEFT_TO_KRYO.includes(known)) throw leftToKryo(at, javaClass, 'though it has a serializer for it')
  return { snapshot: snapshotFor(snapshotClass), javaClass }
}
