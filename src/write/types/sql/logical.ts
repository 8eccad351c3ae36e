import type { JavaFieldValue, JavaObject, JavaValue } from '../../../bytes/java-stream/types.ts'
import { Writer } from '../../../bytes/writer.ts'
import type { LogicalField, LogicalType } from '../../../serializer/table/logical-type.ts'
import { descriptor, type JavaClassInfo, javaEnum, javaObject } from './java.ts'

/** Objects of `org.apache.flink.table.types.logical`, as Java serializes them: the same from Flink 1.16 to 2.3. */

const LOGICAL = 'org.apache.flink.table.types.logical'
const ROOT = `${LOGICAL}.LogicalTypeRoot`
const LOGICAL_TYPE = `${LOGICAL}.LogicalType`

const BASE: JavaClassInfo = {
  name: LOGICAL_TYPE,
  fields: [
    ['isNullable', 'Z'],
    ['typeRoot', descriptor(ROOT)],
  ],
}

/** Fields beside those of `LogicalType`: their type in Java, and what they hold. */
const FIELDS: Readonly<
  Record<
    string,
    readonly (readonly [name: string, type: string, value: (type: LogicalType, types: JavaTypes) => JavaFieldValue])[]
  >
> = {
  CharType: [['length', 'I', (type) => type.length!]],
  VarCharType: [['length', 'I', (type) => type.length!]],
  BinaryType: [['length', 'I', (type) => type.length!]],
  VarBinaryType: [['length', 'I', (type) => type.length!]],
  DecimalType: [
    ['precision', 'I', (type) => type.precision!],
    ['scale', 'I', (type) => type.scale!],
  ],
  TimeType: [['precision', 'I', (type) => type.precision!]],
  TimestampType: [
    ['precision', 'I', (type) => type.precision!],
    ['kind', descriptor(`${LOGICAL}.TimestampKind`), (type) => javaEnum(`${LOGICAL}.TimestampKind`, type.kind!)],
  ],
  LocalZonedTimestampType: [
    ['precision', 'I', (type) => type.precision!],
    ['kind', descriptor(`${LOGICAL}.TimestampKind`), (type) => javaEnum(`${LOGICAL}.TimestampKind`, type.kind!)],
  ],
  YearMonthIntervalType: [['yearPrecision', 'I', (type) => type.precision!], resolution('YearMonth')],
  DayTimeIntervalType: [
    ['dayPrecision', 'I', (type) => type.precision!],
    ['fractionalPrecision', 'I', (type) => type.fractionalPrecision!],
    resolution('DayTime'),
  ],
  ArrayType: [['elementType', descriptor(LOGICAL_TYPE), (type, types) => types.of(type.arguments![0]!)]],
  MultisetType: [['elementType', descriptor(LOGICAL_TYPE), (type, types) => types.of(type.arguments![0]!)]],
  MapType: [
    ['keyType', descriptor(LOGICAL_TYPE), (type, types) => types.of(type.arguments![0]!)],
    ['valueType', descriptor(LOGICAL_TYPE), (type, types) => types.of(type.arguments![1]!)],
  ],
  RowType: [['fields', descriptor('java.util.List'), (type, types) => fieldList(type.fields!, types)]],
}

function resolution(name: string): [string, string, (type: LogicalType) => JavaFieldValue] {
  const className = `${LOGICAL}.${name}IntervalType$${name}Resolution`
  return ['resolution', descriptor(className), (type) => javaEnum(className, type.resolution!)]
}

/** Classes that declare no serialVersionUID have the one that Java works out. */
const IDS: Readonly<Record<string, bigint>> = { VariantType: -7525210688776332292n }

const INFOS = new Map<string, JavaClassInfo>()

function infoOf(className: string): JavaClassInfo {
  const known = INFOS.get(className)
  if (known) return known
  const name = className.slice(LOGICAL.length + 1)
  const fields = (FIELDS[name] ?? []).map(([field, type]) => [field, type] as const)
  const made: JavaClassInfo = { name: className, id: IDS[name] ?? 1n, fields, above: BASE }
  INFOS.set(className, made)
  return made
}

const ROW_FIELD: JavaClassInfo = {
  name: `${LOGICAL}.RowType$RowField`,
  fields: [
    ['description', descriptor('java.lang.String')],
    ['name', descriptor('java.lang.String')],
    ['type', descriptor(LOGICAL_TYPE)],
  ],
}

const UNMODIFIABLE_LIST: JavaClassInfo = {
  name: 'java.util.Collections$UnmodifiableList',
  id: -283967356065247728n,
  fields: [['list', descriptor('java.util.List')]],
  above: {
    name: 'java.util.Collections$UnmodifiableCollection',
    id: 1820017752578914078n,
    fields: [['c', descriptor('java.util.Collection')]],
  },
}

const ARRAY_LIST: JavaClassInfo = {
  name: 'java.util.ArrayList',
  id: 8683452581122892189n,
  fields: [['size', 'I']],
  writes: true,
}

function fieldList(fields: readonly LogicalField[], types: JavaTypes): JavaValue {
  const capacity = new Writer(4)
  capacity.i32(fields.length)
  const elements = fields.map(({ name, type, description }) =>
    javaObject(ROW_FIELD, { name, type: types.of(type), description: description ?? null }),
  )
  const list = javaObject(ARRAY_LIST, { size: fields.length }, [
    { kind: 'block-data', bytes: capacity.toBytes() },
    ...elements,
  ])
  return javaObject(UNMODIFIABLE_LIST, { list, c: list })
}

/** The types of one stream: a type that is met again is the same object. */
export class JavaTypes {
  private readonly known = new Map<LogicalType, JavaObject>()

  of(type: LogicalType): JavaObject {
    const known = this.known.get(type)
    if (known) return known
    const values: Record<string, JavaFieldValue> = {
      isNullable: type.nullable,
      typeRoot: javaEnum(ROOT, type.root),
    }
    const name = type.className.slice(LOGICAL.length + 1)
    for (const [field, , read] of FIELDS[name] ?? []) values[field] = read(type, this)
    const made = javaObject(infoOf(type.className), values)
    this.known.set(type, made)
    return made
  }
}
