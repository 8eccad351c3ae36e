/** Prints `docs/serializers.md` from the table of serializers: `node build/scripts/serializer-matrix.js`. */
import { writeFileSync } from 'node:fs'
import { argv } from 'node:process'
import { fileURLToPath } from 'node:url'
import { isHashable } from '../src/serializer/interpreter/hash.ts'
import { isRecord } from '../src/serializer/interpreter/hash-fields.ts'
import type { Layout } from '../src/serializer/layout.ts'
import type { SerializerRow } from '../src/serializer/row.ts'
import { SERIALIZER_ROWS } from '../src/serializer/table.ts'
import { simpleClassName, type Type } from '../src/serializer/type.ts'

/** What the configurations of Flink 1.7 and older are framed with. */
const LEGACY_VERSION = 0x7a53c4f0

const PART: Type = { kind: 'int' }

/** A body with everything that any row looks for; its nested serializers are all of this layout. */
function bodiesWith(part: Layout): unknown[] {
  const snapshot = { type: PART, layout: part }
  const entry = { name: 'f', key: undefined, value: undefined, read: snapshot }
  const stored = { logical: { root: 'INTEGER', className: 'IntType', nullable: true }, raw: new Uint8Array(0) }
  const rich = {
    nested: Array.from({ length: 6 }, () => snapshot),
    inner: snapshot,
    outerVersion: 99,
    className: 'com.acme.Any',
    constants: ['A'],
    ...{ fields: [entry], registered: [], nonRegistered: [], registrations: [], instances: [], serializers: [] },
    ...{ options: {}, types: [stored], columns: [snapshot], element: stored, key: stored, value: stored },
    ...{ precision: 10, scale: 2, schema: '{"type":"record","name":"R","fields":[{"name":"f","type":"int"}]}' },
    ...{ type: { kind: 'unknown' }, layout: part },
  }
  const outers = ['com.acme.Any', { supportsRowKind: true, dataType: stored }, 1, true]
  return [...outers.map((outer) => ({ ...rich, outer })), 3, 'com.acme.Any', undefined]
}

interface Sample {
  readonly type: Type
  readonly layout: Layout
}

function sampleOf(row: SerializerRow, part: Layout): Sample {
  for (const body of bodiesWith(part)) {
    try {
      const sample = { type: row.type(body), layout: row.layout(body) }
      // A body of another kind gives odd names and numbers.
      const { className = '', precision = 0 } = sample.type
      if (typeof className === 'string' && typeof precision === 'number') return sample
    } catch {
      // Not a body of this row.
    }
  }
  throw new Error(`no sample body fits ${row.snapshotClass}`)
}

/** What only a look into the class tells. */
const VALUES: Readonly<Record<string, string>> = {
  KryoSerializerSnapshot: 'read; written with limits',
  ValueSerializerSnapshot: "Flink's own classes; others are bytes",
  CopyableValueSerializerSnapshot: "Flink's own classes; others are bytes",
  WritableSerializerSnapshot: "Hadoop's single values; others are bytes",
  JavaSerializerSnapshot: 'texts and boxed numbers; others are bytes',
  BinaryRowDataSerializerSnapshot: 'bytes: the types of the columns are not stored',
  BinaryRowSerializerSnapshot: 'bytes: the types of the columns are not stored',
  NothingSerializerSnapshot: 'there is none',
}

/** Where a sample of one type says too little. */
const KINDS: Readonly<Record<string, string>> = {
  ExternalSerializerSnapshot: 'as SQL says',
  Tuple2CaseClassSerializerSnapshot: 'tuple',
}

const HASHES: Readonly<Record<string, string>> = {
  Tuple2CaseClassSerializerSnapshot: 'of its parts',
  ValueSerializerSnapshot: "of Flink's own classes",
  CopyableValueSerializerSnapshot: "of Flink's own classes",
  RowDataKeySerializerSnapshot: 'no',
}

function valuesOf(row: SerializerRow): string {
  return VALUES[simpleClassName(row.snapshotClass)] ?? 'read and written'
}

const INT: Layout = { op: 'i32' }
const NO_HASH: Layout = { op: 'enum', className: 'com.acme.Any', constants: ['A'] }

function hashOf(row: SerializerRow): string {
  const told = HASHES[simpleClassName(row.snapshotClass)]
  if (told !== undefined) return told
  const { layout } = sampleOf(row, INT)
  if (isHashable(layout)) return isHashable(sampleOf(row, NO_HASH).layout) ? 'yes' : 'of its parts'
  return isRecord(layout) ? 'learned' : 'no'
}

function lineOf(row: SerializerRow): string {
  const name = row.snapshotClass.slice(row.snapshotClass.lastIndexOf('.') + 1)
  if (row.versions.includes(LEGACY_VERSION)) {
    return `| \`${name}\` | of Flink 1.7 and older | as that of its successor | read and written | as its successor |`
  }
  const { type } = sampleOf(row, INT)
  const kind = KINDS[simpleClassName(row.snapshotClass)] ?? (type === PART ? 'as the one inside' : type.kind)
  return `| \`${name}\` | ${row.versions.join(', ')} | ${kind} | ${valuesOf(row)} | ${hashOf(row)} |`
}

/** The page: a table for each package. */
export function serializerMatrix(): string {
  const packages = new Map<string, string[]>()
  for (const row of SERIALIZER_ROWS) {
    const name = row.snapshotClass.slice(0, row.snapshotClass.lastIndexOf('.'))
    packages.set(name, [...(packages.get(name) ?? []), lineOf(row)])
  }
  const tables = [...packages]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([name, lines]) =>
        `## ${name}\n\n| snapshot class | versions | type | values | hash |\n|---|---|---|---|---|\n${lines.sort().join('\n')}\n`,
    )
  return `# Serializers

What kobel knows of the serializers that come with Flink: ${SERIALIZER_ROWS.length} serializer snapshot classes. The first version
is the one that is written; all snapshots are written back byte for byte. This page is printed from the table in the code
(\`node build/scripts/serializer-matrix.js\`). Others are shown as bytes, or told in a [few lines](guide/serializers.md).

*hash* says whether the Java \`hashCode\` of a key of the type is known, which tells its key group: *yes*; *of its parts*,
where theirs are; *learned*: it is the user's code, and is worked out from the keys that are there; *no*: such a key is
found by reading all.

${tables.join('\n')}`
}

if (argv[1] === fileURLToPath(import.meta.url)) writeFileSync('docs/serializers.md', serializerMatrix())
