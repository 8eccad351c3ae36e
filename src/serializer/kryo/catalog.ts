import type { ClassDescription, SerializerOptions } from '../options.ts'
import { protobufTypes } from '../protobuf/descriptors.ts'
import { arrayCodec } from './arrays.ts'
import { AVRO_CODECS, AVRO_SERIALIZERS } from './avro.ts'
import type { KryoClasses, ObjectCodec } from './classes.ts'
import { collectionCodecs, enumSetCodec } from './collections.ts'
import { enumCodec, KNOWN_ENUMS } from './enums.ts'
import { describedCodec, FINAL_MARK } from './fields.ts'
import { javaCodec } from './java.ts'
import { KNOWN_FIELDS, objectCodecs } from './objects.ts'
import type { KryoVersion } from './primitives.ts'
import { PROTOBUF_BASES, PROTOBUF_SERIALIZER, protobufCodec } from './protobuf.ts'
import { classIds, type Registered } from './registrations.ts'
import { scalaCodec } from './scala.ts'
import { PRIMITIVES, scalarCodecs, textCodec, WRAPPERS } from './scalars.ts'
import { timeCodecs } from './times.ts'
import { componentOf, type DeclaredType } from './types.ts'

/** Which codec a class has, in the order in which Kryo and Flink look for its serializer. */

function builtIn(version: KryoVersion): ReadonlyMap<string, ObjectCodec> {
  return new Map(
    Object.entries({
      ...scalarCodecs(version),
      ...timeCodecs(version),
      ...collectionCodecs(version),
      ...objectCodecs(version),
      ...AVRO_CODECS,
      ...Object.fromEntries(Object.entries(KNOWN_FIELDS).map(([name, fields]) => [name, describedCodec(fields)])),
      ...Object.fromEntries(
        Object.entries(KNOWN_ENUMS).map(([name, constants]) => [name, enumCodec(version, constants)]),
      ),
      'java.text.SimpleDateFormat': javaCodec('java.text.SimpleDateFormat'),
      'sun.util.calendar.ZoneInfo': textCodec(),
    }),
  )
}

const BUILT_IN: Readonly<Record<KryoVersion, ReadonlyMap<string, ObjectCodec>>> = { 2: builtIn(2), 5: builtIn(5) }

/** Classes of the JDK and of Flink that are final: a field of them names no class. */
const FINAL: ReadonlySet<string> = new Set([
  ...Object.keys(PRIMITIVES),
  ...Object.keys(WRAPPERS),
  ...Object.keys(KNOWN_ENUMS),
  ...'String StringBuilder StringBuffer Class Void Math'.split(' ').map((name) => `java.lang.${name}`),
  ...'UUID Optional OptionalInt OptionalLong OptionalDouble Locale Currency StringJoiner'
    .split(' ')
    .map((name) => `java.util.${name}`),
  ...'LocalDate LocalTime LocalDateTime Instant Duration OffsetDateTime OffsetTime ZonedDateTime ZoneOffset Period Year YearMonth MonthDay'
    .split(' ')
    .map((name) => `java.time.${name}`),
  'java.net.URI',
  'java.net.URL',
  'java.net.Inet4Address',
  'java.net.Inet6Address',
  'java.util.regex.Pattern',
  'java.math.MathContext',
  'org.apache.flink.types.Row',
])

export interface CatalogInput {
  readonly version: KryoVersion
  readonly registrations: readonly Registered[]
  /** Serializer classes by class (`addDefaultKryoSerializer`). */
  readonly defaults: ReadonlyMap<string, string>
  readonly options: SerializerOptions
}

export function kryoClasses({ version, registrations, defaults, options }: CatalogInput): KryoClasses {
  const { classes, ids } = classIds(registrations)
  const serializers = new Map(defaults)
  for (const { className, serializer } of registrations) {
    if (serializer !== undefined) serializers.set(className, serializer)
  }
  const described = (className: string): ClassDescription | undefined => {
    const { fields } = options
    return fields !== undefined && Object.hasOwn(fields, className) ? fields[className] : undefined
  }
  const constantsOf = (className: string): readonly string[] | undefined => {
    const description = described(className)
    if (description !== undefined) return isEnum(description) ? namesOf(description) : undefined
    if (Object.hasOwn(KNOWN_ENUMS, className)) return KNOWN_ENUMS[className]
    const outer = enclosingClass(className)
    return outer === undefined ? undefined : constantsOf(outer)
  }
  const found = new Map<string, ObjectCodec | undefined>()
  const protobuf = protobufCodecs(serializers, options)
  const undescribed = (className: string): ObjectCodec | undefined => {
    if (found.has(className)) return found.get(className)
    const serializer = serializers.get(className)
    const codec =
      protobuf(className, serializer) ??
      (serializer === undefined
        ? defaultCodec(className, version, constantsOf)
        : serializerCodec(serializer, className, version))
    if (found.size < 10_000) found.set(className, codec)
    return codec
  }
  return {
    version,
    classOf: (id) => classes.get(id),
    idOf: (className) => ids.get(className),
    codecOf: (className) => {
      const description = described(className)
      if (description !== undefined) {
        return isEnum(description) ? enumOf(version, description) : describedCodec(description)
      }
      const codec = undescribed(className)
      if (codec !== undefined) return codec
      const constants = constantsOf(className)
      return constants === undefined ? undefined : enumOf(version, constants)
    },
    isFinal: (type) => isFinal(type, described),
  }
}

/** What is written by `chill-protobuf`: it may be the serializer of a class, or the default of all messages. */
function protobufCodecs(
  serializers: ReadonlyMap<string, string>,
  { protobuf }: SerializerOptions,
): (className: string, serializer: string | undefined) => ObjectCodec | undefined {
  const types = protobuf && protobufTypes(protobuf)
  const byDefault = PROTOBUF_BASES.some((base) => serializers.get(base) === PROTOBUF_SERIALIZER)
  return (className, serializer) => {
    const message = types?.byClass.get(className)
    if (types && message) {
      // One of the user's own that is named so writes the same, or the message does not end where it should.
      const writes = serializer === undefined ? byDefault : /Proto(buf)?\w*Serializer$/.test(serializer)
      return writes ? protobufCodec({ types, message }) : undefined
    }
    return serializer === PROTOBUF_SERIALIZER ? protobufCodec() : undefined
  }
}

function isEnum(description: ClassDescription): description is readonly string[] {
  return Array.isArray(description)
}

function namesOf(constants: readonly string[]): readonly string[] {
  return constants.map((constant) => String(constant).replace(/\s*\{\}$/, ''))
}

const ENUMS: Readonly<Record<KryoVersion, WeakMap<readonly string[], ObjectCodec>>> = {
  2: new WeakMap(),
  5: new WeakMap(),
}

function enumOf(version: KryoVersion, constants: readonly string[]): ObjectCodec {
  const known = ENUMS[version].get(constants)
  if (known) return known
  const codec = enumCodec(version, namesOf(constants))
  ENUMS[version].set(constants, codec)
  return codec
}

/** A constant with a body has a class of its own: `Shape$1` of `Shape`. */
function enclosingClass(className: string): string | undefined {
  return /^(.+)\$\d+$/.exec(className)?.[1]
}

function defaultCodec(
  className: string,
  version: KryoVersion,
  constantsOf: (className: string) => readonly string[] | undefined,
): ObjectCodec | undefined {
  const known = BUILT_IN[version].get(className)
  if (known) return known
  if (className.startsWith('[')) return arrayCodec(className)
  if (/^java\.util\.(Regular|Jumbo)?EnumSet$/.test(className)) return enumSetCodec(constantsOf)
  if (className.startsWith('org.apache.avro.Schema$')) return textCodec()
  if (className === 'org.apache.avro.generic.GenericData$Array') return BUILT_IN[version].get('java.util.ArrayList')
  return scalaCodec(className, version)
}

/** The codec where a serializer was registered: one that is known by its name, else none. */
function serializerCodec(serializer: string, className: string, version: KryoVersion): ObjectCodec | undefined {
  const name = serializer.slice(Math.max(serializer.lastIndexOf('.'), serializer.lastIndexOf('$')) + 1)
  if (/^SpecificInstanceCollectionSerializer/.test(name)) return BUILT_IN[version].get('java.util.ArrayList')
  if (serializer.startsWith('org.apache.flink.formats.avro.') && Object.hasOwn(AVRO_SERIALIZERS, name)) {
    return AVRO_SERIALIZERS[name]
  }
  if (name === 'JavaSerializer') return javaCodec(className)
  if (/^com\.(esotericsoftware\.kryo|twitter\.chill)\./.test(serializer)) return BUILT_IN[version].get(className)
  return undefined
}

/** As `Kryo.isFinal`: an array is as final as its elements. */
function isFinal(type: DeclaredType, described: (className: string) => ClassDescription | undefined): boolean {
  let { name } = type
  for (let component = componentOf(name); component !== undefined; component = componentOf(name)) name = component
  const description = described(name)
  if (description === undefined) return FINAL.has(name)
  return isEnum(description) ? !description.some(hasBody) : Object.hasOwn(description, FINAL_MARK)
}

/** `SQUARE{}`: a constant with a body, whose class is a subclass of the enum's. */
function hasBody(constant: string): boolean {
  return constant.endsWith('{}')
}
