import { BASE } from '../../../serializer/families/rows.ts'
import type { SerializerSnapshot } from '../../../serializer/snapshot.ts'
import type { LogicalType, StoredType } from '../../../serializer/table/logical-type.ts'
import { needsFlink, snapshotFor, type TypeForm, type TypePlace, textOf } from '../form.ts'
import { FORMS } from './classes.ts'
import { javaStream } from './java.ts'
import { JavaTypes } from './logical.ts'
import { parseSqlType } from './parse.ts'
import { JavaSerializers, keyAndValueOf } from './serializers.ts'

const TYPEUTILS = 'org.apache.flink.table.runtime.typeutils'

/** `{ "sql": "ROW<id INT NOT NULL, name STRING>" }`: what SQL keeps in state, with the names of nested fields. */
const SQL: TypeForm = {
  member: 'sql',
  build: ({ sql }, at) => ({ snapshot: internalSnapshot(parseSqlType(textOf(sql, at, 'sql'), at.path), at) }),
}

export const SQL_FORMS: readonly TypeForm[] = [SQL]

/** Serializers without parameters, by the form in which a type is stored. */
const SIMPLE: Readonly<Record<string, string>> = {
  STRING: `${TYPEUTILS}.StringDataSerializer$StringDataSerializerSnapshot`,
  BOOLEAN: `${BASE}.BooleanSerializer$BooleanSerializerSnapshot`,
  BYTES: `${BASE}.array.BytePrimitiveArraySerializer$BytePrimitiveArraySerializerSnapshot`,
  TINYINT: `${BASE}.ByteSerializer$ByteSerializerSnapshot`,
  SMALLINT: `${BASE}.ShortSerializer$ShortSerializerSnapshot`,
  INT: `${BASE}.IntSerializer$IntSerializerSnapshot`,
  BIGINT: `${BASE}.LongSerializer$LongSerializerSnapshot`,
  FLOAT: `${BASE}.FloatSerializer$FloatSerializerSnapshot`,
  DOUBLE: `${BASE}.DoubleSerializer$DoubleSerializerSnapshot`,
  VARIANT: `${BASE}.VariantSerializer$VariantSerializerSnapshot`,
  BITMAP: `${BASE}.BitmapSerializer$BitmapSerializerSnapshot`,
}

/** The snapshot of the serializer that `InternalSerializers` has for a type. */
function internalSnapshot(type: LogicalType, at: TypePlace): SerializerSnapshot {
  const form = FORMS[type.root]!
  if (form === 'VARIANT') needsFlink(at, 'VARIANT', 2, 1)
  if (form === 'BITMAP') needsFlink(at, 'BITMAP', 2, 3)
  switch (form) {
    case 'DECIMAL':
      return snapshotFor(`${TYPEUTILS}.DecimalDataSerializer$DecimalSerializerSnapshot`, {
        precision: type.precision,
        scale: type.scale,
      })
    case 'TIMESTAMP':
      return snapshotFor(`${TYPEUTILS}.TimestampDataSerializer$TimestampDataSerializerSnapshot`, type.precision)
    case 'ARRAY': {
      const element = type.arguments![0]!
      return snapshotFor(`${TYPEUTILS}.ArrayDataSerializer$ArrayDataSerializerSnapshot`, {
        element: storedType(element),
        serializer: storedSerializer(element, at),
      })
    }
    case 'MAP': {
      const [key, value] = keyAndValueOf(type)
      return snapshotFor(`${TYPEUTILS}.MapDataSerializer$MapDataSerializerSnapshot`, {
        key: storedType(key),
        value: storedType(value),
        serializers: [storedSerializer(key, at), storedSerializer(value, at)],
      })
    }
    case 'ROW': {
      const types = (type.fields ?? []).map((field) => field.type)
      return snapshotFor(`${TYPEUTILS}.RowDataSerializer$RowDataSerializerSnapshot`, {
        types: types.map(storedType),
        columns: types.map((each) => internalSnapshot(each, at)),
      })
    }
    default:
      return snapshotFor(SIMPLE[form]!)
  }
}

function storedType(logical: LogicalType): StoredType {
  return { raw: javaStream(new JavaTypes().of(logical)), logical }
}

function storedSerializer(type: LogicalType, at: TypePlace): Uint8Array {
  return javaStream(new JavaSerializers(at.target).of(type))
}
