import { FIRST_SCALA_ID, SCALA_CLASSES } from './scala.ts'
import { WRAPPERS } from './scalars.ts'

/** Ids of classes: Kryo's own 0 to 9, Scala's 10 to 72, chill's 73 to 84 and those of the serializer snapshot from 85. */

const KRYO_CLASSES: readonly string[] = [
  'int',
  'java.lang.String',
  'float',
  'boolean',
  'byte',
  'char',
  'short',
  'long',
  'double',
  'void',
]

/** `FlinkChillPackageRegistrar` */
const FIRST_CHILL_ID = 73
const CHILL_CLASSES: readonly string[] = [
  'java.util.Arrays$ArrayList',
  'java.util.BitSet',
  'java.util.PriorityQueue',
  'java.util.regex.Pattern',
  'java.sql.Date',
  'java.sql.Time',
  'java.sql.Timestamp',
  'java.net.URI',
  'java.net.InetSocketAddress',
  'java.util.UUID',
  'java.util.Locale',
  'java.text.SimpleDateFormat',
]
const FIRST_FREE_ID = 85

/** A registration of a serializer snapshot: without a serializer of its own it does not replace an earlier one. */
export interface Registered {
  readonly className: string
  readonly serializer: string | undefined
}

export interface ClassIds {
  readonly classes: ReadonlyMap<number, string>
  readonly ids: ReadonlyMap<string, number>
}

/** `KryoUtils.applyRegistrations`: ids in order; a class that has one already takes none. */
export function classIds(registrations: readonly Registered[]): ClassIds {
  const classes = new Map<number, string>()
  const ids = new Map<string, number>()
  const add = (id: number, className: string) => {
    classes.set(id, className)
    ids.set(className, id)
  }
  KRYO_CLASSES.forEach((name, i) => {
    add(i, name)
  })
  for (const [name, primitive] of Object.entries(WRAPPERS)) ids.set(name, ids.get(primitive)!)
  ids.set('java.lang.Void', ids.get('void')!)
  CHILL_CLASSES.forEach((name, i) => {
    add(FIRST_CHILL_ID + i, name)
  })
  const scala = registrations.some(({ className }) => className.startsWith('scala.'))
  SCALA_CLASSES.forEach((name, i) => {
    classes.set(FIRST_SCALA_ID + i, name)
    if (scala) ids.set(name, FIRST_SCALA_ID + i)
  })
  let next = FIRST_FREE_ID
  for (const { className, serializer } of registrations) {
    if (ids.has(className) && serializer === undefined) continue
    add(next++, className)
  }
  return { classes, ids }
}
