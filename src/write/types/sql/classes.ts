import { descriptor, type JavaClassInfo } from './java.ts'

/** Classes of Flink whose objects stand in the serializer snapshots of SQL arrays and maps, and what they call. */

const TYPEUTILS = 'org.apache.flink.table.runtime.typeutils'
const BASE = 'org.apache.flink.api.common.typeutils.base'
export const ROW_DATA = 'org.apache.flink.table.data.RowData'
export const ARRAY_DATA = 'org.apache.flink.table.data.ArrayData'
export const LOGICAL_TYPE = 'org.apache.flink.table.types.logical.LogicalType'

export const SERIALIZER: JavaClassInfo = { name: 'org.apache.flink.api.common.typeutils.TypeSerializer' }
const SINGLETON: JavaClassInfo = {
  name: `${BASE}.TypeSerializerSingleton`,
  id: 8766687317209282373n,
  above: SERIALIZER,
}
const PAGED: JavaClassInfo = { name: `${TYPEUTILS}.PagedTypeSerializer`, above: SERIALIZER }
const ABSTRACT_ROW: JavaClassInfo = { name: `${TYPEUTILS}.AbstractRowDataSerializer`, above: PAGED }

const singleton = (name: string, id = 1n): JavaClassInfo => ({ name, id, above: SINGLETON })

/** Serializers without parameters, by the root of the type. */
export const SINGLETONS: Readonly<Record<string, JavaClassInfo>> = {
  STRING: singleton(`${TYPEUTILS}.StringDataSerializer`),
  BOOLEAN: singleton(`${BASE}.BooleanSerializer`),
  BYTES: singleton(`${BASE}.array.BytePrimitiveArraySerializer`),
  TINYINT: singleton(`${BASE}.ByteSerializer`),
  SMALLINT: singleton(`${BASE}.ShortSerializer`),
  INT: singleton(`${BASE}.IntSerializer`),
  BIGINT: singleton(`${BASE}.LongSerializer`),
  FLOAT: singleton(`${BASE}.FloatSerializer`),
  DOUBLE: singleton(`${BASE}.DoubleSerializer`),
  VARIANT: singleton(`${BASE}.VariantSerializer`, 5163454885762653491n),
  BITMAP: singleton(`${BASE}.BitmapSerializer`, 7562101549559034581n),
}

/** How a root is stored: several roots share a serializer and the methods that read it. */
export const FORMS: Readonly<Record<string, string>> = {
  CHAR: 'STRING',
  VARCHAR: 'STRING',
  BOOLEAN: 'BOOLEAN',
  BINARY: 'BYTES',
  VARBINARY: 'BYTES',
  DECIMAL: 'DECIMAL',
  TINYINT: 'TINYINT',
  SMALLINT: 'SMALLINT',
  INTEGER: 'INT',
  DATE: 'INT',
  TIME_WITHOUT_TIME_ZONE: 'INT',
  INTERVAL_YEAR_MONTH: 'INT',
  BIGINT: 'BIGINT',
  INTERVAL_DAY_TIME: 'BIGINT',
  FLOAT: 'FLOAT',
  DOUBLE: 'DOUBLE',
  TIMESTAMP_WITHOUT_TIME_ZONE: 'TIMESTAMP',
  TIMESTAMP_WITH_LOCAL_TIME_ZONE: 'TIMESTAMP',
  ARRAY: 'ARRAY',
  MULTISET: 'MAP',
  MAP: 'MAP',
  ROW: 'ROW',
  VARIANT: 'VARIANT',
  BITMAP: 'BITMAP',
}

export const DECIMAL: JavaClassInfo = {
  name: `${TYPEUTILS}.DecimalDataSerializer`,
  fields: [
    ['precision', 'I'],
    ['scale', 'I'],
  ],
  above: SERIALIZER,
}

export const TIMESTAMP: JavaClassInfo = {
  name: `${TYPEUTILS}.TimestampDataSerializer`,
  fields: [['precision', 'I']],
  above: SERIALIZER,
}

export const ELEMENT_GETTER: string = `${ARRAY_DATA}$ElementGetter`
export const FIELD_GETTER: string = `${ROW_DATA}$FieldGetter`

export const ARRAY: JavaClassInfo = {
  name: `${TYPEUTILS}.ArrayDataSerializer`,
  fields: [
    ['eleSer', descriptor(SERIALIZER.name)],
    ['eleType', descriptor(LOGICAL_TYPE)],
    ['elementGetter', descriptor(ELEMENT_GETTER)],
  ],
  above: SERIALIZER,
}

/** It declares no serialVersionUID: what Java works out changes with the code. */
const mapInfo = (id: bigint): JavaClassInfo => ({
  name: `${TYPEUTILS}.MapDataSerializer`,
  id,
  fields: [
    ['keyGetter', descriptor(ELEMENT_GETTER)],
    ['keySerializer', descriptor(SERIALIZER.name)],
    ['keyType', descriptor(LOGICAL_TYPE)],
    ['valueGetter', descriptor(ELEMENT_GETTER)],
    ['valueSerializer', descriptor(SERIALIZER.name)],
    ['valueType', descriptor(LOGICAL_TYPE)],
  ],
  above: SERIALIZER,
})
export const MAP_BEFORE: JavaClassInfo = mapInfo(2533002123505507000n)
export const MAP: JavaClassInfo = mapInfo(4073842523628732956n)

export const BINARY_ROW: JavaClassInfo = {
  name: `${TYPEUTILS}.BinaryRowDataSerializer`,
  fields: [
    ['fixedLengthPartSize', 'I'],
    ['numFields', 'I'],
  ],
  above: ABSTRACT_ROW,
}

export const ROW: JavaClassInfo = {
  name: `${TYPEUTILS}.RowDataSerializer`,
  fields: [
    ['binarySerializer', descriptor(BINARY_ROW.name)],
    ['fieldGetters', descriptor(`[L${FIELD_GETTER};`)],
    ['fieldSerializers', descriptor(`[L${SERIALIZER.name};`)],
    ['types', descriptor(`[L${LOGICAL_TYPE};`)],
  ],
  above: ABSTRACT_ROW,
}

const STRING = descriptor('java.lang.String')

export const LAMBDA: JavaClassInfo = {
  name: 'java.lang.invoke.SerializedLambda',
  id: 8025925345765570181n,
  fields: [
    ['implMethodKind', 'I'],
    ['capturedArgs', '[Ljava/lang/Object;'],
    ['capturingClass', 'Ljava/lang/Class;'],
    ['functionalInterfaceClass', STRING],
    ['functionalInterfaceMethodName', STRING],
    ['functionalInterfaceMethodSignature', STRING],
    ['implClass', STRING],
    ['implMethodName', STRING],
    ['implMethodSignature', STRING],
    ['instantiatedMethodType', STRING],
  ],
}

export const INTEGER: JavaClassInfo = {
  name: 'java.lang.Integer',
  id: 1360826667806852920n,
  fields: [['value', 'I']],
  above: { name: 'java.lang.Number', id: -8742448824652078965n },
}

/** Methods that read a field or an element: `getInt` and its descriptor. */
export const GETTERS: Readonly<Record<string, readonly [name: string, result: string]>> = {
  STRING: ['getString', 'Lorg/apache/flink/table/data/StringData;'],
  BOOLEAN: ['getBoolean', 'Z'],
  BYTES: ['getBinary', '[B'],
  TINYINT: ['getByte', 'B'],
  SMALLINT: ['getShort', 'S'],
  INT: ['getInt', 'I'],
  BIGINT: ['getLong', 'J'],
  FLOAT: ['getFloat', 'F'],
  DOUBLE: ['getDouble', 'D'],
  ARRAY: ['getArray', 'Lorg/apache/flink/table/data/ArrayData;'],
  MAP: ['getMap', 'Lorg/apache/flink/table/data/MapData;'],
  VARIANT: ['getVariant', 'Lorg/apache/flink/types/variant/Variant;'],
  BITMAP: ['getBitmap', 'Lorg/apache/flink/types/bitmap/Bitmap;'],
}

/** Names that the Java compiler gave to lambdas of `RowData.createFieldGetter`, the same from 1.16 to 2.3. */
export const FIELD_LAMBDAS: Readonly<Record<string, string>> = {
  STRING: '245ca7d1$1',
  BOOLEAN: '245ca7d1$2',
  BYTES: '245ca7d1$3',
  DECIMAL: '89bd9445$1',
  TINYINT: '245ca7d1$4',
  SMALLINT: '245ca7d1$5',
  INT: '245ca7d1$6',
  BIGINT: '245ca7d1$7',
  FLOAT: '245ca7d1$8',
  DOUBLE: '245ca7d1$9',
  TIMESTAMP: '39385f9c$1',
  ARRAY: '245ca7d1$10',
  MAP: '245ca7d1$11',
  ROW: '1547cee5$1',
  VARIANT: '245ca7d1$13',
  BITMAP: '245ca7d1$14',
}

/** Those of `ArrayData.createElementGetter`, of types that need more than a method of `ArrayData`. */
export const ELEMENT_LAMBDAS: Readonly<Record<string, string>> = {
  DECIMAL: '55d7a3db$1',
  TIMESTAMP: '644eb446$1',
  ROW: '3705b7fb$1',
}
