import type { JavaClass, JavaFieldValue, JavaObject, JavaValue } from '../../../bytes/java-stream/types.ts'
import type { LogicalType } from '../../../serializer/table/logical-type.ts'
import type { TypeTarget } from '../form.ts'
import { classDescOf, descriptor, type JavaClassInfo, javaArray, javaObject } from './java.ts'
import { JavaTypes } from './logical.ts'

/**
 * The internal serializers of SQL as Java objects, which the snapshots of arrays and maps hold: their elements'
 * serializers, and in them the lambdas with which Flink takes fields and elements out of rows and arrays.
 */

const TYPEUTILS = 'org.apache.flink.table.runtime.typeutils'
const BASE = 'org.apache.flink.api.common.typeutils.base'
const ROW_DATA = 'org.apache.flink.table.data.RowData'
const ARRAY_DATA = 'org.apache.flink.table.data.ArrayData'
const LOGICAL_TYPE = 'org.apache.flink.table.types.logical.LogicalType'

const SERIALIZER: JavaClassInfo = { name: 'org.apache.flink.api.common.typeutils.TypeSerializer' }
const SINGLETON: JavaClassInfo = {
  name: `${BASE}.TypeSerializerSingleton`,
  id: 8766687317209282373n,
  above: SERIALIZER,
}
const PAGED: JavaClassInfo = { name: `${TYPEUTILS}.PagedTypeSerializer`, above: SERIALIZER }
const ABSTRACT_ROW: JavaClassInfo = { name: `${TYPEUTILS}.AbstractRowDataSerializer`, above: PAGED }

const singleton = (name: string, id = 1n): JavaClassInfo => ({ name, id, above: SINGLETON })

/** Serializers without parameters, by the root of the type. */
const SINGLETONS: Readonly<Record<string, JavaClassInfo>> = {
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

const DECIMAL: JavaClassInfo = {
  name: `${TYPEUTILS}.DecimalDataSerializer`,
  fields: [
    ['precision', 'I'],
    ['scale', 'I'],
  ],
  above: SERIALIZER,
}

const TIMESTAMP: JavaClassInfo = {
  name: `${TYPEUTILS}.TimestampDataSerializer`,
  fields: [['precision', 'I']],
  above: SERIALIZER,
}

const ELEMENT_GETTER = `${ARRAY_DATA}$ElementGetter`
const FIELD_GETTER = `${ROW_DATA}$FieldGetter`

const ARRAY: JavaClassInfo = {
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
const MAP_BEFORE = mapInfo(2533002123505507000n)
const MAP = mapInfo(4073842523628732956n)

const BINARY_ROW: JavaClassInfo = {
  name: `${TYPEUTILS}.BinaryRowDataSerializer`,
  fields: [
    ['fixedLengthPartSize', 'I'],
    ['numFields', 'I'],
  ],
  above: ABSTRACT_ROW,
}

const ROW: JavaClassInfo = {
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

const LAMBDA: JavaClassInfo = {
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

const INTEGER: JavaClassInfo = {
  name: 'java.lang.Integer',
  id: 1360826667806852920n,
  fields: [['value', 'I']],
  above: { name: 'java.lang.Number', id: -8742448824652078965n },
}

/** Methods that read a field or an element: `getInt` and its descriptor. */
const GETTERS: Readonly<Record<string, readonly [name: string, result: string]>> = {
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
const FIELD_LAMBDAS: Readonly<Record<string, string>> = {
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
const ELEMENT_LAMBDAS: Readonly<Record<string, string>> = {
  DECIMAL: '55d7a3db$1',
  TIMESTAMP: '644eb446$1',
  ROW: '3705b7fb$1',
}

const REF_INVOKE_STATIC = 6
const REF_INVOKE_INTERFACE = 9
const SHARED_INTEGERS = 128

/** The serializers of one stream. */
export class JavaSerializers {
  private readonly target: TypeTarget
  private readonly types = new JavaTypes()
  /** What Java holds once: singletons, small numbers, classes, references to methods. */
  private readonly shared = new Map<unknown, JavaValue>()

  constructor(target: TypeTarget) {
    this.target = target
  }

  of(type: LogicalType): JavaValue {
    const form = FORMS[type.root]!
    switch (form) {
      case 'DECIMAL':
        return javaObject(DECIMAL, { precision: type.precision!, scale: type.scale! })
      case 'TIMESTAMP':
        return javaObject(TIMESTAMP, { precision: type.precision! })
      case 'ARRAY':
        return this.array(type.arguments![0]!)
      case 'MAP':
        return this.map(...keyAndValueOf(type))
      case 'ROW':
        return this.row((type.fields ?? []).map((field) => field.type))
      default: {
        const info = SINGLETONS[form]!
        return this.once(info, () => javaObject(info))
      }
    }
  }

  private array(element: LogicalType): JavaObject {
    return javaObject(ARRAY, {
      eleSer: this.of(element),
      eleType: this.types.of(element),
      elementGetter: this.elementGetter(element),
    })
  }

  private map(key: LogicalType, value: LogicalType): JavaObject {
    const { major, minor } = this.target
    return javaObject(major === 1 && minor < MAP_CHANGED ? MAP_BEFORE : MAP, {
      keyGetter: this.elementGetter(key),
      keySerializer: this.of(key),
      keyType: this.types.of(key),
      valueGetter: this.elementGetter(value),
      valueSerializer: this.of(value),
      valueType: this.types.of(value),
    })
  }

  private row(fields: readonly LogicalType[]): JavaObject {
    return javaObject(ROW, {
      binarySerializer: javaObject(BINARY_ROW, {
        fixedLengthPartSize: fixedPartBytes(fields.length),
        numFields: fields.length,
      }),
      fieldGetters: javaArray(
        FIELD_GETTER,
        fields.map((field, i) => this.fieldGetter(field, i)),
      ),
      fieldSerializers: javaArray(
        SERIALIZER.name,
        fields.map((field) => this.of(field)),
      ),
      types: javaArray(
        LOGICAL_TYPE,
        fields.map((field) => this.types.of(field)),
      ),
    })
  }

  /** What is around the method that reads: null for what is null. Until 2.0 only where the type may be null. */
  private wraps(type: LogicalType): boolean {
    return type.nullable || this.target.major > 2 || (this.target.major === 2 && this.target.minor >= 1)
  }

  private fieldGetter(type: LogicalType, position: number): JavaValue {
    const form = FORMS[type.root]!
    const captured = [position, ...parametersOf(type)]
    const inner = this.lambda(ROW_DATA, {
      name: `lambda$createFieldGetter$${FIELD_LAMBDAS[form]}`,
      signature: `(${'I'.repeat(captured.length)}L${slashes(ROW_DATA)};)Ljava/lang/Object;`,
      captured: captured.map((each) => this.integer(each)),
    })
    if (!this.wraps(type)) return inner
    return this.lambda(ROW_DATA, {
      name: 'lambda$createFieldGetter$25774257$1',
      signature: `(IL${slashes(FIELD_GETTER)};L${slashes(ROW_DATA)};)Ljava/lang/Object;`,
      captured: [this.integer(position), inner],
    })
  }

  private elementGetter(type: LogicalType): JavaValue {
    const inner = this.plainElementGetter(type)
    if (!this.wraps(type)) return inner
    return this.lambda(ARRAY_DATA, {
      name: 'lambda$createElementGetter$95d74a6c$1',
      signature: `(L${slashes(ELEMENT_GETTER)};L${slashes(ARRAY_DATA)};I)Ljava/lang/Object;`,
      captured: [inner],
    })
  }

  /** A reference to a method captures nothing, so Java has one object for all. */
  private plainElementGetter(type: LogicalType): JavaValue {
    const form = FORMS[type.root]!
    const getter = GETTERS[form]
    if (getter) {
      const [name, result] = getter
      return this.once(name, () =>
        this.lambda(ARRAY_DATA, { name, signature: `(I)${result}`, captured: [], kind: REF_INVOKE_INTERFACE }),
      )
    }
    const captured = parametersOf(type)
    return this.lambda(ARRAY_DATA, {
      name: `lambda$createElementGetter$${ELEMENT_LAMBDAS[form]}`,
      signature: `(${'I'.repeat(captured.length)}L${slashes(ARRAY_DATA)};I)Ljava/lang/Object;`,
      captured: captured.map((each) => this.integer(each)),
    })
  }

  private lambda(
    of: string,
    made: {
      readonly name: string
      readonly signature: string
      readonly captured: readonly JavaFieldValue[]
      readonly kind?: number
    },
  ): JavaObject {
    const isRow = of === ROW_DATA
    const call = isRow ? `(L${slashes(ROW_DATA)};)Ljava/lang/Object;` : `(L${slashes(ARRAY_DATA)};I)Ljava/lang/Object;`
    return javaObject(LAMBDA, {
      implMethodKind: made.kind ?? REF_INVOKE_STATIC,
      capturedArgs: javaArray('java.lang.Object', made.captured),
      capturingClass: this.once(of, () => javaClass(of)),
      functionalInterfaceClass: slashes(isRow ? FIELD_GETTER : ELEMENT_GETTER),
      functionalInterfaceMethodName: isRow ? 'getFieldOrNull' : 'getElementOrNull',
      functionalInterfaceMethodSignature: call,
      implClass: slashes(of),
      implMethodName: made.name,
      implMethodSignature: made.signature,
      instantiatedMethodType: call,
    })
  }

  /** `Integer.valueOf`: small numbers are the same object. */
  private integer(value: number): JavaValue {
    const make = (): JavaValue => javaObject(INTEGER, { value })
    return value < SHARED_INTEGERS ? this.once(value, make) : make()
  }

  private once(key: unknown, make: () => JavaValue): JavaValue {
    const known = this.shared.get(key)
    if (known !== undefined) return known
    const made = make()
    this.shared.set(key, made)
    return made
  }
}

const MAP_CHANGED = 19

/** Fields of the map or multiset: the counts of a multiset are never null. */
export function keyAndValueOf(type: LogicalType): [key: LogicalType, value: LogicalType] {
  const [key, value] = type.arguments!
  const count = { root: 'INTEGER', className: `${LOGICAL_TYPE.replace('LogicalType', 'IntType')}`, nullable: false }
  return [key!, value ?? count]
}

/** What a getter has to know beside the position. */
function parametersOf(type: LogicalType): number[] {
  switch (FORMS[type.root]) {
    case 'DECIMAL':
      return [type.precision!, type.scale!]
    case 'TIMESTAMP':
      return [type.precision!]
    case 'ROW':
      return [type.fields!.length]
    default:
      return []
  }
}

/** `BinaryRowData.calculateFixPartSizeInBytes` */
function fixedPartBytes(count: number): number {
  return Math.floor((count + 63 + 8) / 64) * 8 + 8 * count
}

function javaClass(className: string): JavaClass {
  return { kind: 'class', className, classDesc: classDescOf({ name: className, id: 0n }) }
}

function slashes(className: string): string {
  return className.replaceAll('.', '/')
}
