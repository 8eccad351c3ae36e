import { KobelError } from '../../error.ts'
import type { FieldDescriptions } from '../../serializer/options.ts'
import type { SerializerSnapshot } from '../../serializer/snapshot.ts'
import { flinkTarget } from '../flink-target.ts'
import { AVRO_FORMS } from './avro.ts'
import { BASIC_NAMES, buildBasic } from './basic.ts'
import { COMPOSITE_FORMS } from './composite.ts'
import type { TypeDescription } from './description.ts'
import {
  type BuiltType,
  isObject,
  meant,
  shown,
  type TypeForm,
  type TypePlace,
  type TypeTarget,
  wrongType,
} from './form.ts'
import { GIVEN_FORMS } from './given.ts'
import { KRYO_FORMS } from './kryo.ts'
import { POJO_FORMS } from './pojo.ts'
import { SQL_FORMS } from './sql/form.ts'

const FORMS: readonly TypeForm[] = [
  ...COMPOSITE_FORMS,
  ...POJO_FORMS,
  ...AVRO_FORMS,
  ...KRYO_FORMS,
  ...SQL_FORMS,
  ...GIVEN_FORMS,
]

const MAX_DEPTH = 50

export interface TypeOptions {
  /** Where the type stands, for messages: `type`, where it is not given. */
  readonly path?: string
  /** Declared fields of classes that Kryo writes. */
  readonly fields?: FieldDescriptions
}

/**
 * The serializer snapshot that a job's own serializer of the type writes in that version of Flink.
 * @throws KobelError `USAGE`, naming the member that is wrong; `INCOMPATIBLE` where that Flink does not have the type.
 */
export function serializerSnapshotOf(
  type: TypeDescription,
  flink: string,
  options: TypeOptions = {},
): SerializerSnapshot {
  return buildType(type, targetOf(flink), options.path ?? 'type', options.fields)
}

/** Checks a described type that came as JSON, for a version of Flink. @throws KobelError as {@link serializerSnapshotOf}. */
export function readTypeDescription(json: unknown, flink = '2.3', options: TypeOptions = {}): TypeDescription {
  buildType(json, targetOf(flink), options.path ?? 'type', options.fields)
  return json as TypeDescription
}

export function targetOf(flink: string): TypeTarget {
  flinkTarget(flink)
  const [major, minor] = flink.split('.').map(Number)
  return { major: major!, minor: minor! }
}

export function buildType(
  json: unknown,
  target: TypeTarget,
  path: string,
  fields?: FieldDescriptions,
): SerializerSnapshot {
  return built(json, { target, path, fields, inPojo: false, depth: 0 }).snapshot
}

function built(json: unknown, place: Omit<TypePlace, 'nested'>): BuiltType {
  const { path, depth } = place
  if (depth > MAX_DEPTH) throw new KobelError('LIMIT', `${path}: types are nested deeper than ${MAX_DEPTH}`)
  const at: TypePlace = {
    ...place,
    nested: (inner, name, inPojo = false) =>
      built(inner, { ...place, path: `${path}.${name}`, inPojo, depth: depth + 1 }),
  }
  if (typeof json === 'string') {
    const basic = buildBasic(json, at)
    if (basic) return basic
    throw wrongType(at, `there is no type ${shown(json)}${meant(json, BASIC_NAMES)}`)
  }
  if (!isObject(json)) throw wrongType(at, `a type is a name or an object, found ${shown(json)}`)
  return formOf(json, at).build(json, at)
}

/** The form of an object: the first one whose member it has and which knows all others. */
function formOf(json: Readonly<Record<string, unknown>>, at: TypePlace): TypeForm {
  const names = Object.keys(json)
  const telling = FORMS.filter((form) => Object.hasOwn(json, form.member))
  const unknownTo = (form: TypeForm): string | undefined =>
    names.find((name) => name !== form.member && !form.others?.includes(name))
  const fits = telling.find((form) => unknownTo(form) === undefined)
  if (fits) return fits
  const known = FORMS.map((form) => form.member)
  const form = telling[0]
  if (!form) {
    const hint = names.map((name) => meant(name, known)).find((each) => each !== '')
    throw wrongType(at, `a type has one of the members ${known.join(', ')}, found ${shown(names)}${hint ?? ''}`)
  }
  const wrong = unknownTo(form)!
  const others = form.others ?? []
  throw wrongType(at, `a type with ${form.member} has no member ${shown(wrong)}${meant(wrong, others)}`)
}
