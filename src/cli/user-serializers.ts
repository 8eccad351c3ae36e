import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { KobelError } from '../error.ts'
import type { SerializerRow } from '../serializer/row.ts'

/**
 * The rows of a user's module: its default export, or the one named `serializers`. It is an array of rows, one row, or a
 * function that makes them of what `kobel` exports: so the module needs no import, wherever it lies.
 *
 * @throws KobelError `USAGE` where the module cannot be loaded, or gives no rows.
 */
export async function loadSerializers(file: string): Promise<readonly SerializerRow[]> {
  if (!existsSync(file)) throw new KobelError('USAGE', 'there is no such file of serializers', { file })
  const exported = await importModule(file)
  const found = exported.serializers ?? exported.default
  const rows = typeof found === 'function' ? await callWith(found as MakeRows, file) : found
  const list: readonly unknown[] = Array.isArray(rows) ? rows : [rows]
  const wrong = list.findIndex((each) => !isRow(each))
  if (wrong < 0 && list.length > 0) return list as readonly SerializerRow[]
  throw new KobelError(
    'USAGE',
    found === undefined
      ? 'the module exports neither a default nor `serializers`'
      : `the module must give serializer rows (made by simpleRow, compositeRow or row)${wrong < 0 ? '' : `; number ${wrong + 1} is none`}`,
    { file },
  )
}

/** @throws KobelError `USAGE` where the module cannot be loaded. */
export async function importModule(file: string): Promise<Record<string, unknown>> {
  try {
    return (await import(pathToFileURL(resolve(file)).href)) as Record<string, unknown>
  } catch (error) {
    if (isUnknownExtension(error)) {
      throw new KobelError(
        'USAGE',
        `this Node (${process.version}) does not load TypeScript: use 22.18 or later, or give the module as JavaScript`,
        { file },
      )
    }
    throw new KobelError('USAGE', `the module cannot be loaded: ${messageOf(error)}`, { file })
  }
}

function isUnknownExtension(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_UNKNOWN_FILE_EXTENSION'
}

type MakeRows = (kobel: unknown) => unknown

async function callWith(make: MakeRows, file: string): Promise<unknown> {
  try {
    return await make(await import('../index.ts'))
  } catch (error) {
    throw new KobelError('USAGE', `the function of the module failed: ${messageOf(error)}`, { file })
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

const FUNCTIONS = ['readBody', 'writeBody', 'type', 'layout']

function isRow(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const members = value as Record<string, unknown>
  return (
    typeof members.snapshotClass === 'string' &&
    Array.isArray(members.versions) &&
    FUNCTIONS.every((name) => typeof members[name] === 'function')
  )
}
