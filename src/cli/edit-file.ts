import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { sha256 } from '../bytes/sha256.ts'
import { fingerprintOf } from '../edit/apply.ts'
import { editOf } from '../edit/description.ts'
import { Edit } from '../edit/edit.ts'
import { KobelError } from '../error.ts'
import { openStore } from '../node/open-store.ts'
import { openSnapshotIn, type Snapshot } from '../snapshot/open.ts'
import type { DescribedEdit } from './editing.ts'
import { importModule } from './user-serializers.ts'

export interface EditFile {
  readonly source: string
  readonly build: (snapshot: Snapshot) => Promise<DescribedEdit>
}

/**
 * An edit from a file: JSON, YAML (`.yaml`, `.yml`), or a module `export default (edit, kobel) => { edit.operator('a').state('b').remove() }`, which
 * may also `export const from = './savepoint'`.
 */
export async function openEditFile(file: string, source: string | undefined): Promise<EditFile> {
  const text = await readText(file)
  return /\.[cm]?[jt]s$/.test(file) ? openModule(file, text, source) : openDescription(file, text, source)
}

async function openModule(file: string, text: string, source: string | undefined): Promise<EditFile> {
  const module = await importModule(file)
  const describe = module.default
  if (typeof describe !== 'function') {
    throw new KobelError('USAGE', 'the default export of an edit is a function: export default (edit) => { … }', {
      file,
    })
  }
  return {
    source: sourceOf(file, source, module.from),
    build: async (snapshot) => {
      await Promise.all(snapshot.operators.map((operator) => operator.load()))
      const edit = new Edit(snapshot)
      edit.note(text)
      await (describe as (edit: Edit, kobel: unknown) => unknown)(edit, await import('../index.ts'))
      return { edit, description: { module: text } }
    },
  }
}

async function openDescription(file: string, text: string, source: string | undefined): Promise<EditFile> {
  const json = /\.ya?ml$/i.test(file) ? await parseYaml(file, text) : parseJson(file, text)
  const from = (json as { from?: unknown } | null)?.from
  return {
    source: sourceOf(file, source, from),
    build: async (snapshot) => ({
      edit: await editOf(snapshot, json, (path) => openOther(file, path)),
      description: json,
    }),
  }
}

function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    throw new KobelError('USAGE', `the edit is no JSON: ${(error as Error).message}`, { file })
  }
}

async function parseYaml(file: string, text: string): Promise<unknown> {
  const { parse } = await import('yaml')
  try {
    return parse(text) as unknown
  } catch (error) {
    throw new KobelError('USAGE', `the edit is no YAML: ${(error as Error).message}`, { file })
  }
}

/** Closed with the end of the command. */
function openOther(file: string, path: string): Promise<Snapshot> {
  const { store, location } = openStore(/^[a-z][a-z0-9+.-]+:/i.test(path) ? path : resolve(dirname(file), path))
  return openSnapshotIn(store, location, { heads: 'lazy' })
}

function sourceOf(file: string, source: string | undefined, from: unknown): string {
  if (source !== undefined) return source
  if (typeof from !== 'string') {
    throw new KobelError('USAGE', 'the edit does not say of which snapshot (from): name it with --source', { file })
  }
  return /^[a-z][a-z0-9+.-]+:/i.test(from) ? from : resolve(dirname(file), from)
}

/** What tells whether the same would be done: source and edit. */
export async function previewNote(edit: Edit): Promise<{ fingerprint: string; edit: string }> {
  const plan = edit.plan()
  return { fingerprint: await fingerprintOf(plan.snapshot), edit: sha256(new TextEncoder().encode(plan.text)) }
}

/** @throws KobelError `CONFLICT` where the preview was of another source or edit. */
export async function checkPreviewed(file: string, now: { fingerprint: string; edit: string }): Promise<void> {
  let seen: { fingerprint?: unknown; edit?: unknown }
  try {
    seen = JSON.parse(await readText(file)) as typeof seen
  } catch (error) {
    if (error instanceof KobelError) throw error
    throw new KobelError('USAGE', 'the file is not what kobel preview --json printed', { file })
  }
  if (seen.fingerprint !== now.fingerprint) {
    throw new KobelError('CONFLICT', 'the source is not the one of the preview any more; preview it again', { file })
  }
  if (seen.edit !== now.edit)
    throw new KobelError('CONFLICT', 'the edit is not the one of the preview any more', { file })
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') throw new KobelError('NOT_FOUND', 'there is no such file', { file })
    throw new KobelError('STORE', `the file cannot be read: ${message}`, { file })
  }
}
