import { Reader } from '../../bytes/reader.ts'
import { KobelError } from '../../error.ts'
import type { ProtobufEnum, ProtobufField, ProtobufMessage, ProtobufTypes } from './types.ts'
import { SCALARS } from './types.ts'
import { LEN, MAX_DEPTH, readInt32, readLength, readTag, skipField, tooDeep, VARINT } from './wire.ts'

/**
 * A `FileDescriptorSet`, as `protoc --descriptor_set_out=FILE --include_imports` writes it (google/protobuf/descriptor.proto).
 * Java's names of classes are worked out as its compiler does.
 */
export function readDescriptorSet(bytes: Uint8Array): ProtobufTypes {
  const types = { messages: new Map(), enums: new Map(), byClass: new Map() } as Building
  try {
    const set = fieldsOf(bytes)
    for (const file of set.parts(1)) readFile(file, types)
  } catch (error) {
    if (!(error instanceof KobelError)) throw error
    throw new KobelError(
      'USAGE',
      `the file of Protobuf descriptors cannot be read: ${error.message}`,
      {},
      { cause: error },
    )
  }
  if (types.messages.size === 0) {
    throw new KobelError(
      'USAGE',
      'the file of Protobuf descriptors names no message; make it with protoc --include_imports --descriptor_set_out=FILE',
    )
  }
  return types
}

const KNOWN = new WeakMap<Uint8Array, ProtobufTypes>()

/** As {@link readDescriptorSet}, once for the same bytes. */
export function protobufTypes(bytes: Uint8Array): ProtobufTypes {
  const known = KNOWN.get(bytes)
  if (known) return known
  const types = readDescriptorSet(bytes)
  KNOWN.set(bytes, types)
  return types
}

interface Building extends ProtobufTypes {
  readonly messages: Map<string, ProtobufMessage>
  readonly enums: Map<string, ProtobufEnum>
  readonly byClass: Map<string, ProtobufMessage>
}

/** The fields of a descriptor by number: numbers, and parts with a length. */
class Fields {
  private readonly numbers = new Map<number, number>()
  private readonly bytes = new Map<number, Uint8Array[]>()

  constructor(bytes: Uint8Array) {
    const reader = new Reader(bytes)
    while (reader.remaining > 0) {
      const tag = readTag(reader)
      if (tag.wireType === VARINT) this.numbers.set(tag.number, readInt32(reader))
      else if (tag.wireType === LEN) {
        const part = reader.take(readLength(reader))
        const parts = this.bytes.get(tag.number)
        if (parts) parts.push(part)
        else this.bytes.set(tag.number, [part])
      } else skipField(reader, tag)
    }
  }

  number(field: number): number | undefined {
    return this.numbers.get(field)
  }

  parts(field: number): readonly Uint8Array[] {
    return this.bytes.get(field) ?? []
  }

  text(field: number): string {
    const part = this.parts(field).at(-1)
    return part === undefined ? '' : new TextDecoder().decode(part)
  }

  part(field: number): Fields {
    return fieldsOf(this.parts(field).at(-1) ?? new Uint8Array(0))
  }
}

function fieldsOf(bytes: Uint8Array): Fields {
  return new Fields(bytes)
}

/** What fields take from their file. */
interface Defaults {
  readonly proto3: boolean
  /** `FeatureSet` of editions: field presence (1 explicit, 2 implicit, 3 required), encoding (1 packed, 2 expanded), message encoding (2 delimited). */
  readonly features: Features | undefined
}

interface Features {
  readonly presence: number
  readonly encoding: number
  readonly message: number
}

function featuresOf(fields: Fields, above: Features): Features {
  return {
    presence: fields.number(1) ?? above.presence,
    encoding: fields.number(3) ?? above.encoding,
    message: fields.number(5) ?? above.message,
  }
}

const EDITION_2023: Features = { presence: 1, encoding: 1, message: 1 }

/** `FileDescriptorProto`: 1 name, 2 package, 4 messages, 5 enums, 6 services, 8 options, 12 syntax. */
function readFile(bytes: Uint8Array, types: Building): void {
  const file = fieldsOf(bytes)
  const options = file.part(8)
  const syntax = file.text(12)
  const defaults: Defaults = {
    proto3: syntax === 'proto3',
    features: syntax === 'editions' ? featuresOf(options.part(50), EDITION_2023) : undefined,
  }
  const packageName = file.text(2)
  const javaPackage = options.text(1) || packageName
  const multiple = options.number(10) === 1
  const prefix = javaPackage === '' ? '' : `${javaPackage}.`
  const outer = options.text(8) || outerClass(file)
  const scope = packageName === '' ? '' : `.${packageName}`
  const classPrefix = multiple ? prefix : `${prefix}${outer}$`
  for (const message of file.parts(4)) readMessage(message, scope, classPrefix, defaults, types, 0)
  for (const each of file.parts(5)) readEnum(each, scope, types)
}

/** The name of the file in camel case; `OuterClass` behind it where something in the file is called so. */
function outerClass(file: Fields): string {
  const name = file.text(1)
  const base = name.slice(name.lastIndexOf('/') + 1).replace(/\.proto$/, '')
  let upper = true
  let camel = ''
  for (const char of base) {
    const letter = /[a-zA-Z]/.test(char)
    if (letter || /[0-9]/.test(char)) camel += letter && upper ? char.toUpperCase() : char
    upper = !letter
  }
  const names = [4, 5, 6].flatMap((field) => file.parts(field)).flatMap((part) => namesIn(part, 0))
  return names.includes(camel) ? `${camel}OuterClass` : camel
}

/** A message's own name and those nested in it; for enums and services just the first is asked for. */
function namesIn(part: Uint8Array, depth: number): string[] {
  if (depth > MAX_DEPTH) throw tooDeep(new Reader(part))
  const fields = fieldsOf(part)
  return [fields.text(1), ...fields.parts(3).flatMap((nested) => namesIn(nested, depth + 1))]
}

/** `DescriptorProto`: 1 name, 2 fields, 3 nested messages, 4 nested enums, 7 options. */
function readMessage(
  bytes: Uint8Array,
  scope: string,
  classPrefix: string,
  defaults: Defaults,
  types: Building,
  depth: number,
): void {
  if (depth > MAX_DEPTH) throw tooDeep(new Reader(bytes))
  const message = fieldsOf(bytes)
  const simple = message.text(1)
  const name = `${scope}.${simple}`
  const className = `${classPrefix}${simple}`
  const fields = message.parts(2).map((each) => readField(fieldsOf(each), defaults))
  fields.sort((a, b) => a.number - b.number)
  const read: ProtobufMessage = {
    name,
    className,
    fields,
    byNumber: new Map(fields.map((field) => [field.number, field])),
    mapEntry: message.part(7).number(7) === 1,
  }
  types.messages.set(name, read)
  types.byClass.set(className, read)
  for (const nested of message.parts(3)) readMessage(nested, name, `${className}$`, defaults, types, depth + 1)
  for (const each of message.parts(4)) readEnum(each, name, types)
}

/** `FieldDescriptorProto`: 1 name, 3 number, 4 label, 5 type, 6 type name, 8 options, 9 oneof, 17 proto3 optional. */
function readField(field: Fields, { proto3, features: above }: Defaults): ProtobufField {
  const number = field.number(3) ?? 0
  const code = field.number(5) ?? 0
  let type = SCALARS[code]
  if (type === undefined || number <= 0) {
    throw new KobelError('CORRUPT', `the field ${field.text(1)} has the number ${number} and the type ${code}`)
  }
  const options = field.part(8)
  const features = above && featuresOf(options.part(21), above)
  if (type === 'message' && features?.message === 2) type = 'group'
  const repeated = field.number(4) === 3
  const packable = !['string', 'bytes', 'message', 'group'].includes(type)
  const packedByDefault = features ? features.encoding === 1 : proto3
  const packed = options.number(2)
  const message = type === 'message' || type === 'group'
  const explicit = features ? features.presence !== 2 : !proto3
  return {
    name: field.text(1),
    number,
    type,
    repeated,
    packed: repeated && packable && (packed === undefined ? packedByDefault : packed === 1),
    presence: !repeated && (message || explicit || field.number(9) !== undefined || field.number(17) === 1),
    typeName: field.text(6),
  }
}

/** `EnumDescriptorProto`: 1 name, 2 values { 1 name, 2 number }. */
function readEnum(bytes: Uint8Array, scope: string, types: Building): void {
  const fields = fieldsOf(bytes)
  const values = fields.parts(2).map((part) => {
    const value = fieldsOf(part)
    return { name: value.text(1), number: value.number(2) ?? 0 }
  })
  types.enums.set(`${scope}.${fields.text(1)}`, {
    // Of several names for a number the first counts.
    byNumber: new Map([...values].reverse().map(({ name, number }) => [number, name])),
    byName: new Map(values.map(({ name, number }) => [name, number])),
  })
}
