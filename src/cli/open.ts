import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { KobelError } from '../error.ts'
import { NODE_DECOMPRESSORS } from '../node/decompressors.ts'
import { openStore } from '../node/open-store.ts'
import type { FieldDescriptions } from '../serializer/options.ts'
import { protobufTypes } from '../serializer/protobuf/descriptors.ts'
import { ByteCount, streamsOf } from '../snapshot/handles.ts'
import { openSnapshotIn, type Snapshot } from '../snapshot/open.ts'
import type { Operator } from '../snapshot/operator.ts'
import type { OpenOptions } from '../snapshot/options.ts'
import { CountingStore } from '../store/counting.ts'
import { loadSerializers } from './user-serializers.ts'

/** Options of every command that opens a snapshot. */
export interface SnapshotFlags {
  readonly latest?: boolean
  readonly uids?: string
  readonly fields?: string
  readonly protobuf?: string
  readonly python?: boolean
  readonly serializers?: string
  readonly keyType?: readonly string[]
  readonly json?: boolean
}

export function withSnapshotOptions(command: Command): Command {
  return command
    .option('--latest', 'of several checkpoints below PATH, take the newest that is complete')
    .option('--uids <file>', 'candidate uids, one a line: they name operators whose ids are their hashes')
    .option('--fields <file>', 'declared fields of classes that Kryo wrote, as JSON')
    .option('--protobuf <file>', 'descriptors of Protobuf messages that Kryo wrote, of protoc --descriptor_set_out')
    .option('--python', 'show what is pickled in the bytes that PyFlink stores')
    .option('--serializers <file>', 'rows for serializers of your own, a module in JavaScript or TypeScript')
    .option('--key-type <operator=type>', 'of keys that nothing in a changelog names the type of; repeatable', addTo)
}

function addTo(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value]
}

/**
 * Opens a snapshot for as long as `use` takes. Heads are read when they are needed.
 *
 * @param path a directory, a `_metadata` file, or a URL of one; `openStore` says which.
 */
export async function withSnapshot(
  path: string,
  flags: SnapshotFlags,
  use: (snapshot: Snapshot, shareOf: ShareOf) => Promise<void>,
): Promise<void> {
  const options = await openOptionsOf(flags)
  const { store, location } = openStore(path)
  const counting = new CountingStore(store)
  try {
    const snapshot = await openSnapshotIn(counting, location, options)
    await use(snapshot, (operators) => shareRead(snapshot, operators, counting))
  } finally {
    await store.close?.()
  }
}

/** Tells how much of the state of these operators was read so far, from 0 to 1, when it is asked. */
export type ShareOf = (operators?: readonly Operator[]) => () => number

function shareRead(
  snapshot: Snapshot,
  operators: readonly Operator[] | undefined,
  counting: CountingStore,
): () => number {
  const total = stateBytes(operators ?? snapshot.operators)
  const before = counting.bytes
  return () => (total === 0 ? 1 : Math.min(1, (counting.bytes - before) / total))
}

function stateBytes(operators: readonly Operator[]): number {
  const sum = new ByteCount()
  for (const { metadata } of operators) for (const { stream } of streamsOf(metadata)) sum.add(stream)
  return sum.bytes - sum.inlineBytes
}

async function openOptionsOf(flags: SnapshotFlags): Promise<OpenOptions> {
  return {
    heads: 'lazy',
    decompressors: NODE_DECOMPRESSORS,
    latest: flags.latest ?? false,
    ...(flags.uids !== undefined && { uids: await readUids(flags.uids) }),
    ...(flags.fields !== undefined && { fields: await readFields(flags.fields) }),
    ...(flags.protobuf !== undefined && { protobuf: await readDescriptors(flags.protobuf) }),
    ...(flags.keyType !== undefined && { keyTypes: keyTypesOf(flags.keyType) }),
    ...(flags.python && { python: true }),
    ...(flags.serializers !== undefined && { serializers: await loadSerializers(flags.serializers) }),
  }
}

function keyTypesOf(texts: readonly string[]): Record<string, string> {
  const pairs = texts.map((text) => {
    const at = text.lastIndexOf('=')
    if (at > 0) return [text.slice(0, at), text.slice(at + 1)] as const
    throw new KobelError('USAGE', `a key type is given as OPERATOR=TYPE, such as orders=long, found ${text}`)
  })
  return Object.fromEntries(pairs)
}

async function readUids(file: string): Promise<string[]> {
  const lines = (await readText(file)).split(/\r?\n/).map((line) => line.trim())
  return lines.filter((line) => line !== '')
}

export async function readFields(file: string): Promise<FieldDescriptions> {
  const text = await readText(file)
  try {
    const parsed: unknown = JSON.parse(text)
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed as FieldDescriptions
  } catch {
    // Said below.
  }
  throw new KobelError('USAGE', 'the file of fields must be a JSON object: class name to { field name: Java type }', {
    file,
  })
}

/** Checked here, so that a wrong file is said once and not of every state. */
export async function readDescriptors(file: string): Promise<Uint8Array> {
  const bytes = await reading(file, () => readFile(file))
  protobufTypes(bytes)
  return bytes
}

function readText(file: string): Promise<string> {
  return reading(file, () => readFile(file, 'utf8'))
}

async function reading<T>(file: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    throw new KobelError('USAGE', `the file cannot be read: ${(error as Error).message}`, { file })
  }
}
