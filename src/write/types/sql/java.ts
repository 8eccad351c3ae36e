import type { JavaClassDesc, JavaFieldValue, JavaObject, JavaValue } from '../../../bytes/java-stream/types.ts'
import { writeJavaObject } from '../../../bytes/java-stream/write.ts'
import { Writer } from '../../../bytes/writer.ts'

/** Java objects to be written, below one stream: what Java holds once is one object here too. */

export interface JavaClassInfo {
  readonly name: string
  readonly id?: bigint
  /** Name and JVM descriptor, in the order of Java: primitive ones first, each kind by name. */
  readonly fields?: readonly (readonly [name: string, type: string])[]
  readonly above?: JavaClassInfo
  /** Has a `writeObject` method. */
  readonly writes?: true
}

const DESCS = new WeakMap<JavaClassInfo, JavaClassDesc>()

export function classDescOf(info: JavaClassInfo): JavaClassDesc {
  const known = DESCS.get(info)
  if (known) return known
  const made: JavaClassDesc = {
    kind: 'class-desc',
    className: info.name,
    serialVersionUID: info.id ?? 1n,
    enumClass: false,
    externalizable: false,
    writesObject: info.writes ?? false,
    fields: (info.fields ?? []).map(([name, type]) => ({ name, type })),
    superClass: info.above ? classDescOf(info.above) : null,
  }
  DESCS.set(info, made)
  return made
}

/** An object whose classes have no two fields of one name. */
export function javaObject(
  info: JavaClassInfo,
  values: Readonly<Record<string, JavaFieldValue>> = {},
  annotations: readonly JavaValue[] = [],
): JavaObject {
  const parts: JavaObject['parts'][number][] = []
  for (let at: JavaClassInfo | undefined = info; at; at = at.above) {
    const fields = new Map((at.fields ?? []).map(([name]) => [name, values[name]!] as const))
    parts.unshift({ className: at.name, fields, annotations: at === info ? annotations : [] })
  }
  return { kind: 'object', className: info.name, serialVersionUID: info.id ?? 1n, classDesc: classDescOf(info), parts }
}

export function javaEnum(className: string, name: string): JavaValue {
  return { kind: 'enum', className, name }
}

export function javaArray(component: string, elements: readonly JavaFieldValue[]): JavaValue {
  return { kind: 'array', className: `[L${component};`, elements }
}

/** The descriptor of a class: `Ljava/util/List;`. */
export function descriptor(className: string): string {
  const name = className.replaceAll('.', '/')
  return className.startsWith('[') ? name : `L${name};`
}

/** The default `serialVersionUID` of the arrays in serializers. */
const ARRAY_IDS: ReadonlyMap<string, bigint> = new Map([
  ['[Ljava.lang.Object;', -8012369246846506644n],
  ['[Lorg.apache.flink.table.data.RowData$FieldGetter;', -7646304539732967285n],
  ['[Lorg.apache.flink.api.common.typeutils.TypeSerializer;', 4143624638847974296n],
  ['[Lorg.apache.flink.table.types.logical.LogicalType;', 1744097763440828726n],
])

/** Names of fields come from the user's text, each a String of its own. */
const OWN_STRINGS: ReadonlySet<string> = new Set(['org.apache.flink.table.types.logical.RowType$RowField'])

export function javaStream(value: JavaValue): Uint8Array {
  const writer = new Writer(512)
  writeJavaObject(writer, value, { ownStrings: OWN_STRINGS, arrayIds: ARRAY_IDS })
  return writer.toBytes()
}
