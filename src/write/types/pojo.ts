import { Writer } from '../../bytes/writer.ts'
import { BASE, RUNTIME } from '../../serializer/families/rows.ts'
import type { OptionalMapEntry, SerializerSnapshot } from '../../serializer/snapshot.ts'
import {
  classOf,
  isObject,
  listOf,
  membersOf,
  shown,
  snapshotFor,
  type TypeForm,
  type TypePlace,
  textOf,
  wrongType,
} from './form.ts'

/** POJOs and enums: what Flink makes of classes of the user's. */

type PojoEntry = OptionalMapEntry & { readonly read: SerializerSnapshot }

interface DescribedField {
  readonly name: string
  readonly type: unknown
  /** The class that declares it: a superclass for inherited fields. */
  readonly declaringClass: string
}

/**
 * `{ "pojo": "com.acme.Balance", "fields": { "amount": "long" } }`. `inherited`: fields by the superclass that declares
 * them; `registered` and `subclasses`: POJOs that extend this one (they need not name its fields again), those in
 * `registered` in the order in which the job registers them.
 */
const POJO: TypeForm = {
  member: 'pojo',
  others: ['fields', 'inherited', 'registered', 'subclasses'],
  build: (description, at) => {
    const javaClass = classOf(description.pojo, at, 'pojo')
    const fields = fieldsOf(description, javaClass, at)
    const sorted = [...fields].sort((a, b) => (a.name < b.name ? -1 : 1))
    const entries = sorted.map((field): PojoEntry => {
      const read = at.nested(field.type, `fields.${field.name}`, true).snapshot
      return { name: field.name, key: keyOf(field), value: read.raw, read }
    })
    const body = {
      className: javaClass,
      fields: entries,
      registered: subclassesOf(description, 'registered', fields, at),
      nonRegistered: subclassesOf(description, 'subclasses', fields, at),
    }
    return { snapshot: snapshotFor(`${RUNTIME}.PojoSerializerSnapshot`, body), javaClass }
  },
}

/** Flink refuses a class two of whose fields have one name, wherever they are declared. */
function fieldsOf(
  { fields = {}, inherited = {} }: Readonly<Record<string, unknown>>,
  className: string,
  at: TypePlace,
): DescribedField[] {
  const declared = (json: unknown, declaringClass: string, member: string): DescribedField[] =>
    membersOf(json, at, member).map(([name, type]) => ({ name, type, declaringClass }))
  const found = [
    ...declared(fields, className, 'fields'),
    ...membersOf(inherited, at, 'inherited').flatMap(([superclass, own]) =>
      declared(own, classOf(superclass, at, 'inherited'), `inherited.${superclass}`),
    ),
  ]
  const names = new Set<string>()
  for (const { name } of found) {
    if (names.has(name)) throw wrongType(at, `the field ${shown(name)} is described twice`)
    names.add(name)
  }
  if (found.length > 0) return found
  throw wrongType(at, 'a POJO has fields: a class without any is serialized by Kryo')
}

/** utf declaring class, utf name. */
function keyOf({ declaringClass, name }: DescribedField): Uint8Array {
  const writer = new Writer()
  writer.utf(declaringClass)
  writer.utf(name)
  return writer.toBytes()
}

/** Subclasses have the fields of this class too, declared where it declares them. */
function subclassesOf(
  description: Readonly<Record<string, unknown>>,
  member: 'registered' | 'subclasses',
  fields: readonly DescribedField[],
  at: TypePlace,
): PojoEntry[] {
  const given = description[member]
  if (given === undefined) return []
  return listOf(given, at, member).map((each, i): PojoEntry => {
    const whole = isObject(each) && 'pojo' in each ? withInherited(each, fields, at, `${member}.${i}`) : each
    const { snapshot, javaClass } = at.nested(whole, `${member}.${i}`)
    if (javaClass === undefined) throw wrongType(at, `${member} must be POJOs, found ${shown(each)}`)
    return { name: javaClass, key: new Uint8Array(0), value: snapshot.raw, read: snapshot }
  })
}

function withInherited(
  subclass: Readonly<Record<string, unknown>>,
  fields: readonly DescribedField[],
  at: TypePlace,
  place: string,
): Record<string, unknown> {
  const own = new Set(membersOf(subclass.fields ?? {}, at, `${place}.fields`).map(([name]) => name))
  const inherited: Record<string, Record<string, unknown>> = {}
  for (const [superclass, declared] of membersOf(subclass.inherited ?? {}, at, `${place}.inherited`)) {
    inherited[superclass] = Object.fromEntries(membersOf(declared, at, `${place}.inherited.${superclass}`))
    for (const name of Object.keys(inherited[superclass])) own.add(name)
  }
  for (const { name, type, declaringClass } of fields) {
    if (own.has(name)) continue
    inherited[declaringClass] = { ...inherited[declaringClass], [name]: type }
  }
  return { ...subclass, inherited }
}

/** `{ "enum": "com.acme.Color", "constants": ["RED", …] }`, in the order of their declaration. */
const ENUM: TypeForm = {
  member: 'enum',
  others: ['constants'],
  build: (description, at) => {
    const javaClass = classOf(description.enum, at, 'enum')
    const constants = listOf(description.constants, at, 'constants').map((each) => textOf(each, at, 'constants'))
    const twice = constants.find((each, i) => constants.indexOf(each) !== i)
    if (twice !== undefined) throw wrongType(at, `the constant ${twice} stands there twice`)
    return {
      snapshot: snapshotFor(`${BASE}.EnumSerializer$EnumSerializerSnapshot`, { className: javaClass, constants }),
      javaClass,
    }
  },
}

/** `{ "annotated": "localDate" }`: a field of a POJO whose type an annotation (@TypeInfo) gives, not its class. */
const ANNOTATED: TypeForm = {
  member: 'annotated',
  build: ({ annotated }, at) => at.nested(annotated, 'annotated'),
}

export const POJO_FORMS: readonly TypeForm[] = [POJO, ENUM, ANNOTATED]
