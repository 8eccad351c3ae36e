import { Writer } from '../../bytes/writer.ts'
import type { KryoEntry } from '../../serializer/families/kryo.ts'
import { RUNTIME } from '../../serializer/families/rows.ts'
import { classOf, isObject, listOf, snapshotFor, type TypeForm, type TypePlace } from './form.ts'

const KRYO = `${RUNTIME}.kryo`
const UNSPECIFIED = 0
const CLASS = 1

/**
 * `{ "kryo": "com.acme.Thing" }`: what Flink has no serializer of its own for. `registered`: classes in the order in which
 * the job registers them with Kryo, with the class of their serializer where they have one.
 */
const KRYO_FORM: TypeForm = {
  member: 'kryo',
  others: ['registered'],
  build: ({ kryo, registered = [] }, at) => {
    const javaClass = binaryName(kryo, at, 'kryo')
    const entries = new Map<string, KryoEntry>([[javaClass, registration(javaClass, javaClass, undefined)]])
    for (const each of listOf(registered, at, 'registered')) {
      const { name, serializer } = registeredClass(each, at)
      entries.set(name, registration(name, name, serializer))
    }
    entries.set(AVRO_ARRAY.name, AVRO_ARRAY)
    const body = {
      className: javaClass,
      registrations: [...entries.values()],
      instances: [],
      serializers: [],
      options: { kryoVersion: at.target.major >= 2 ? 5 : 2, ...(at.fields && { fields: at.fields }) },
    }
    return { snapshot: snapshotFor(`${KRYO}.KryoSerializerSnapshot`, body), javaClass }
  },
}

export const KRYO_FORMS: readonly TypeForm[] = [KRYO_FORM]

/** A class, or an array as Java names it: `[Lcom.acme.Thing;`. */
function binaryName(json: unknown, at: TypePlace, name: string): string {
  return typeof json === 'string' && json.startsWith('[') ? json : classOf(json, at, name)
}

function registeredClass(json: unknown, at: TypePlace): { readonly name: string; readonly serializer?: string } {
  if (!isObject(json)) return { name: binaryName(json, at, 'registered') }
  const name = binaryName(json.class, at, 'registered.class')
  return json.serializer === undefined
    ? { name }
    : { name, serializer: classOf(json.serializer, at, 'registered.serializer') }
}

/** Key: utf name; value: utf class, i32 kind, utf class of the serializer if the kind says so. */
function registration(name: string, className: string, serializer: string | undefined): KryoEntry {
  const key = new Writer()
  key.utf(name)
  const value = new Writer()
  value.utf(className)
  value.i32(serializer === undefined ? UNSPECIFIED : CLASS)
  if (serializer !== undefined) value.utf(serializer)
  return { name, key: key.toBytes(), value: value.toBytes(), read: { className, serializer } }
}

/** Flink registers Avro's arrays always; a dummy where the job has no flink-avro, which it takes for the same. */
const AVRO_ARRAY: KryoEntry = registration(
  'org.apache.avro.generic.GenericData$Array',
  `${KRYO}.Serializers$DummyAvroRegisteredClass`,
  `${KRYO}.Serializers$DummyAvroKryoSerializerClass`,
)
