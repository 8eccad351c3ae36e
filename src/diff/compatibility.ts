import { equalBytes } from '../bytes/encoding.ts'
import type { AvroBody } from '../serializer/families/avro.ts'
import type { EnumBody } from '../serializer/families/enum.ts'
import type { PojoBody } from '../serializer/families/pojo.ts'
import type { CompositeBody } from '../serializer/families/rows.ts'
import type { RowDataBody } from '../serializer/families/table.ts'
import type { SerializerSnapshot } from '../serializer/snapshot.ts'
import { formatType, simpleClassName } from '../serializer/type.ts'
import { avroRefusal } from './avro-compatibility.ts'

/** What Flink does with a state whose serializer has changed, when a job is restored. */
export interface Verdict {
  /** `unknown`: only the job's own classes can tell. */
  readonly verdict: 'as is' | 'migrates' | 'refused' | 'unknown'
  /** Of all but `as is`. */
  readonly reason?: string
}

export const AS_IS: Verdict = { verdict: 'as is' }
const refused = (reason: string): Verdict => ({ verdict: 'refused', reason })
const migrates = (reason: string): Verdict => ({ verdict: 'migrates', reason })

const ORDER: readonly Verdict['verdict'][] = ['as is', 'migrates', 'unknown', 'refused']

/** The worst of them decides. */
export function worst(verdicts: readonly Verdict[]): Verdict {
  return verdicts.reduce(
    (most, each) => (ORDER.indexOf(each.verdict) > ORDER.indexOf(most.verdict) ? each : most),
    AS_IS,
  )
}

type Rule = (before: SerializerSnapshot, after: SerializerSnapshot) => Verdict

/**
 * What `TypeSerializerSnapshot.resolveSchemaCompatibility` says of the snapshot in a savepoint and that of the job which
 * is restored from it; a serializer that Flink reconfigures counts as `as is`.
 */
export function compatibilityOf(one: SerializerSnapshot, other: SerializerSnapshot): Verdict {
  const [before, after] = [withoutTtlAware(one), withoutTtlAware(other)]
  if (equalBytes(before.raw, after.raw)) return AS_IS
  for (const { layout, className } of [before, after]) {
    if (layout.op === 'unknown') return { verdict: 'unknown', reason: `kobel does not know ${className}` }
  }
  if (isTtl(before) !== isTtl(after)) return ttlChange(before, after)
  const rule = RULES.get(simpleClassName(after.className))
  if (rule) return rule(before, after)
  if (isComposite(after.body)) {
    // Flink's own check of composites looks at what is nested only, where a class does not look at more.
    return isComposite(before.body) ? nested(before.body.nested, after.body.nested) : otherType(before, after)
  }
  if (before.className !== after.className) return otherType(before, after)
  return { verdict: 'unknown', reason: `only Flink can compare two of ${simpleClassName(after.className)}` }
}

/** `TtlAwareSerializerSnapshot` is a wrapper that only tells whether there is TTL. */
function withoutTtlAware(snapshot: SerializerSnapshot): SerializerSnapshot {
  if (!snapshot.className.endsWith('.TtlAwareSerializerSnapshot')) return snapshot
  return (snapshot.body as { readonly inner: SerializerSnapshot }).inner
}

function isTtl({ className }: SerializerSnapshot): boolean {
  return className.endsWith('TtlSerializerSnapshot')
}

/** Since Flink 2.0 (`TtlAwareSerializerSnapshot`); before, the serializers are simply others. */
function ttlChange(before: SerializerSnapshot, after: SerializerSnapshot): Verdict {
  const [old, young] = [before, after].map((each) =>
    isTtl(each) && isComposite(each.body) ? each.body.nested.at(-1)! : each,
  )
  const inner = compatibilityOf(old!, young!)
  const what = isTtl(after) ? 'TTL was turned on' : 'TTL was turned off'
  return inner.verdict === 'refused' ? inner : worst([inner, migrates(`${what}, which Flink takes since 2.0`)])
}

function otherType(before: SerializerSnapshot, after: SerializerSnapshot): Verdict {
  const [old, young] = [formatType(before.type), formatType(after.type)]
  if (old !== young) return refused(`${old} is not ${young}`)
  return refused(`${simpleClassName(before.className)} is not ${simpleClassName(after.className)}`)
}

function isComposite(body: unknown): body is CompositeBody<unknown> {
  return typeof body === 'object' && body !== null && 'nested' in body && 'outerVersion' in body
}

function nested(before: readonly SerializerSnapshot[], after: readonly SerializerSnapshot[]): Verdict {
  if (before.length !== after.length) return refused(`${before.length} parts are not ${after.length}`)
  return worst(before.map((each, i) => compatibilityOf(each, after[i]!)))
}

/** A composite of the same class whose outer part is the same as well. */
function sameOuter(what: string): Rule {
  return (before, after) => {
    if (before.className !== after.className || !isComposite(before.body) || !isComposite(after.body)) {
      return otherType(before, after)
    }
    const [old, young] = [before.body, after.body]
    if (JSON.stringify(old.outer) !== JSON.stringify(young.outer)) {
      return refused(`the ${what} differs: ${JSON.stringify(old.outer)}, ${JSON.stringify(young.outer)}`)
    }
    return nested(old.nested, young.nested)
  }
}

/** Rules by the simple name of the snapshot class of the job that is restored. */
const RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ['PojoSerializerSnapshot', pojo],
  ['EnumSerializer$EnumSerializerSnapshot', enumeration],
  ['EnumSerializerSnapshot', enumeration],
  ['AvroSerializerSnapshot', avro],
  ['RowDataSerializer$RowDataSerializerSnapshot', rowData],
  ['RowDataSerializerSnapshot', rowData],
  ['RowSerializer$RowSerializerSnapshot', row],
  ['RowSerializerSnapshot', row],
  ['TupleSerializerSnapshot', sameOuter('class of the tuple')],
  ['GenericArraySerializerSnapshot', sameOuter('class of the elements')],
  ['NullableSerializer$NullableSerializerSnapshot', sameOuter('padding of nulls')],
  ['NullableSerializerSnapshot', sameOuter('padding of nulls')],
])

function pojo(before: SerializerSnapshot, after: SerializerSnapshot): Verdict {
  if (before.className !== after.className) return otherType(before, after)
  const [old, young] = [before.body as PojoBody, after.body as PojoBody]
  if (old.className !== young.className) return refused(`the class ${old.className} is now ${young.className}`)
  const names = (body: PojoBody): Set<string> => new Set(body.fields.map((field) => field.name))
  const fields = matched(old.fields, young.fields, (name, verdict) => `the field ${name}: ${verdict}`)
  if (fields.verdict === 'refused') return fields
  const subclasses = matched(old.registered, young.registered, (name, verdict) => `the subclass ${name}: ${verdict}`)
  if (subclasses.verdict === 'refused') return subclasses
  const added = [...names(young)].filter((name) => !names(old).has(name))
  const removed = [...names(old)].filter((name) => !names(young).has(name))
  const changes = [
    added.length > 0 ? `fields added: ${added.join(', ')}` : '',
    removed.length > 0 ? `fields removed: ${removed.join(', ')}` : '',
  ].filter((change) => change !== '')
  return worst([fields, subclasses, ...(changes.length > 0 ? [migrates(changes.join('; '))] : [])])
}

type Entries = PojoBody['fields']

/** Verdicts of entries that are in both. */
function matched(before: Entries, after: Entries, text: (name: string, reason: string) => string): Verdict {
  const known = new Map(before.map((entry) => [entry.name, entry.read]))
  const verdicts = after.flatMap(({ name, read }) => {
    const old = known.get(name)
    if (!old || !read) return []
    const { verdict, reason } = compatibilityOf(old, read)
    return [reason === undefined ? { verdict } : { verdict, reason: text(name, reason) }]
  })
  return worst(verdicts)
}

function enumeration(before: SerializerSnapshot, after: SerializerSnapshot): Verdict {
  if (before.className !== after.className) return otherType(before, after)
  const [old, young] = [before.body as EnumBody, after.body as EnumBody]
  if (old.className !== young.className) return refused(`the class ${old.className} is now ${young.className}`)
  const gone = old.constants.filter((constant) => !young.constants.includes(constant))
  return gone.length > 0 ? refused(`constants removed: ${gone.join(', ')}`) : AS_IS
}

function avro(before: SerializerSnapshot, after: SerializerSnapshot): Verdict {
  if (before.className !== after.className) return otherType(before, after)
  const [old, young] = [before.body as AvroBody, after.body as AvroBody]
  if (JSON.stringify(JSON.parse(old.schema)) === JSON.stringify(JSON.parse(young.schema))) return AS_IS
  const refusal = avroRefusal(young.schema, old.schema)
  return refusal === undefined ? migrates('the Avro schema has changed') : refused(refusal)
}

/** Columns have no names; all else of their types counts, also whether they can be null. */
function rowData(before: SerializerSnapshot, after: SerializerSnapshot): Verdict {
  if (before.className !== after.className) return otherType(before, after)
  const [old, young] = [before.body as RowDataBody, after.body as RowDataBody]
  if (old.types.length !== young.types.length) {
    return refused(`${old.types.length} columns are not ${young.types.length}`)
  }
  const differing = old.types.findIndex(
    ({ logical }, i) => JSON.stringify(logical) !== JSON.stringify(young.types[i]!.logical),
  )
  if (differing >= 0) return refused(`the type of column ${differing + 1} has changed, be it only NOT NULL or a length`)
  return nested(old.columns, young.columns)
}

function row(before: SerializerSnapshot, after: SerializerSnapshot): Verdict {
  if (before.className !== after.className) return otherType(before, after)
  type Body = CompositeBody<{ readonly supportsRowKind: boolean }>
  const [old, young] = [before.body as Body, after.body as Body]
  const inner = nested(old.nested, young.nested)
  if (old.outer.supportsRowKind === young.outer.supportsRowKind) return inner
  return worst([inner, migrates('rows have a kind now, or had one')])
}
