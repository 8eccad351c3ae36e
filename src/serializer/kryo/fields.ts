import { CLASS, emptyObject, type Value } from '../value.ts'
import type { ObjectCodec } from './classes.ts'
import { type Graph, readClass, readEach, readObject, readObjectOrNull } from './graph.ts'
import { PRIMITIVES } from './scalars.ts'
import { classToWrite, type Sink, unfit, writeClass, writeObject, writeObjectOrNull } from './sink.ts'
import { type DeclaredType, parseType, resolveType } from './types.ts'

/**
 * `FieldSerializer`: the fields sorted by name, inherited ones mixed in, without names. A primitive is bare; a field
 * of a final class has a reference marker (0 = null); any other has its class before that.
 */

interface Field {
  /** As described: may be qualified by the class that declares it. */
  readonly name: string
  readonly type: DeclaredType
}

/** No field can be named by a keyword: this member says that the class is final. */
export const FINAL_MARK = 'final'

type Description = Readonly<Record<string, string>>

const PLANS = new WeakMap<Description, readonly Field[]>()

function planOf(description: Description): readonly Field[] {
  const known = PLANS.get(description)
  if (known) return known
  const plan = Object.entries(description)
    .filter(([name]) => name !== FINAL_MARK)
    .map(([name, type]) => ({ name, simple: name.slice(name.lastIndexOf('.') + 1), type: parseType(String(type)) }))
    .sort((a, b) =>
      a.simple < b.simple ? -1 : a.simple > b.simple ? 1 : Number(a.name !== a.simple) - Number(b.name !== b.simple),
    )
    .map(({ name, type }) => ({ name, type }))
  PLANS.set(description, plan)
  return plan
}

export function readField(graph: Graph, declared: DeclaredType, variables: readonly DeclaredType[]): Value {
  const primitive = primitiveOf(declared)
  if (primitive) return primitive.read(graph.reader, graph.classes.version)
  const type = resolveType(declared, variables)
  if (graph.classes.isFinal(type)) return readObjectOrNull(graph, type.name, type.args)
  const className = readClass(graph)
  return className === null ? null : readObject(graph, className, type.args)
}

export function writeField(sink: Sink, value: Value, declared: DeclaredType, variables: readonly DeclaredType[]): void {
  const primitive = primitiveOf(declared)
  if (primitive) return primitive.write(sink.writer, value, sink.classes.version)
  const type = resolveType(declared, variables)
  if (sink.classes.isFinal(type)) return writeObjectOrNull(sink, value, type.name, type.args)
  if (value === null) return writeClass(sink, null)
  const className = classToWrite(sink, value, type.name)
  writeClass(sink, className)
  writeObject(sink, value, className, type.args)
}

function primitiveOf(type: DeclaredType) {
  return Object.hasOwn(PRIMITIVES, type.name) ? PRIMITIVES[type.name] : undefined
}

export function readFields(
  graph: Graph,
  description: Description,
  variables: readonly DeclaredType[],
): { [name: string]: Value; [CLASS]?: string } {
  const plan = planOf(description)
  const object = emptyObject()
  const values = readEach(graph, plan.length, (i) => readField(graph, plan[i]!.type, variables))
  plan.forEach((field, i) => {
    object[field.name] = values[i]!
  })
  return object
}

function writeFields(
  sink: Sink,
  object: Readonly<Record<string, Value>>,
  description: Description,
  variables: readonly DeclaredType[],
): void {
  for (const { name, type } of planOf(description)) {
    if (!Object.hasOwn(object, name)) throw unfit(`an object with the field ${name}`, object)
    writeField(sink, object[name]!, type, variables)
  }
}

export function objectOf(value: Value): Readonly<Record<string, Value>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)) {
    return value as Readonly<Record<string, Value>>
  }
  throw unfit('an object', value)
}

const DESCRIBED = new WeakMap<Description, ObjectCodec>()

/** Objects of a described class: their fields, and the class. */
export function describedCodec(description: Description): ObjectCodec {
  const known = DESCRIBED.get(description)
  if (known) return known
  const codec: ObjectCodec = {
    read: (graph, className, args) => {
      const object = readFields(graph, description, args)
      object[CLASS] = className
      return object
    },
    write: (sink, value, _, args) => writeFields(sink, objectOf(value), description, args),
  }
  DESCRIBED.set(description, codec)
  return codec
}

/** A class of known fields whose objects are shown in another way. */
export function mappedCodec(
  description: Description,
  toValue: (fields: Readonly<Record<string, Value>>, className: string) => Value,
  fromValue?: (value: Value, className: string) => Readonly<Record<string, Value>>,
): ObjectCodec {
  return {
    read: (graph, className, args) => toValue(readFields(graph, description, args), className),
    ...(fromValue && {
      write: (sink: Sink, value: Value, className: string, args: readonly DeclaredType[]) =>
        writeFields(sink, fromValue(value, className), description, args),
    }),
  }
}
