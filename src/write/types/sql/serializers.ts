import type { JavaClass, JavaFieldValue, JavaObject, JavaValue } from '../../../bytes/java-stream/types.ts'
import type { LogicalType } from '../../../serializer/table/logical-type.ts'
import type { TypeTarget } from '../form.ts'
import {
  ARRAY,
  ARRAY_DATA,
  BINARY_ROW,
  DECIMAL,
  ELEMENT_GETTER,
  ELEMENT_LAMBDAS,
  FIELD_GETTER,
  FIELD_LAMBDAS,
  FORMS,
  GETTERS,
  INTEGER,
  LAMBDA,
  LOGICAL_TYPE,
  MAP,
  MAP_BEFORE,
  ROW,
  ROW_DATA,
  SERIALIZER,
  SINGLETONS,
  TIMESTAMP,
} from './classes.ts'
import { classDescOf, javaArray, javaObject } from './java.ts'
import { JavaTypes } from './logical.ts'

/**
 * The internal serializers of SQL as Java objects, which the snapshots of arrays and maps hold: their elements'
 * serializers, and in them the lambdas with which Flink takes fields and elements out of rows and arrays.
 */

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
