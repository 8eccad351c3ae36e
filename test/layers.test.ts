import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { test } from 'node:test'

/**
 * The layers of docs/design: imports point down only, and siblings of one tier do not import each other. A folder of
 * `src` that is not here yet has to be given its place.
 */
const TIERS: readonly (readonly string[])[] = [
  ['error'],
  ['bytes'],
  ['serializer'],
  ['format'],
  ['store'],
  ['snapshot'],
  ['query', 'write', 'connectors'],
  ['edit', 'check', 'export', 'profile', 'assertions'],
  ['diff'],
  ['index'],
  ['node'],
  ['cli', 'explorer', 'server', 'engine', 'worker'],
]

/** Stores know bytes and nothing of Flink, though the snapshot layer above them does. */
const ONLY: Readonly<Record<string, readonly string[]>> = { store: ['error', 'bytes', 'store'] }

/** Layers that run in a browser, and the files in them that do not. */
const CORE: readonly string[] = [
  'error',
  'bytes',
  'serializer',
  'format',
  'store',
  'snapshot',
  'connectors',
  'write',
  'profile',
]
const NODE_FILES: readonly string[] = ['src/store/file.ts', 'src/store/file-writer.ts']

/** Packages that a file of the core imports when it needs them; they run in a browser too. */
const PACKAGES: Readonly<Record<string, string>> = { 'src/store/s3.ts': 'aws4fetch' }

interface Import {
  /** Path from the repository's root, or the name of a package. */
  readonly target: string
  /** Gone at run time. */
  readonly isType: boolean
}

const FILES: readonly string[] = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => join('src', name).split(sep).join('/'))
  .sort()

const STATEMENT = /^(?:import|export)\s+(type\s)?[^'"]*?from\s+'([^']+)'/gm
const BARE = /^import\s+'([^']+)'/gm
const DYNAMIC = /\bimport\(\s*'([^']+)'\s*\)/g

function importsOf(file: string): readonly Import[] {
  const text = readFileSync(file, 'utf8').replace(/^\s*(?:\/\/|\/?\*).*$/gm, '')
  const found: Import[] = []
  const add = (name: string, isType: boolean) => {
    const target = name.startsWith('.')
      ? relative('.', join(dirname(file), name))
          .split(sep)
          .join('/')
      : name
    found.push({ target, isType })
  }
  for (const [, type, name] of text.matchAll(STATEMENT)) add(name!, type !== undefined)
  for (const [, name] of text.matchAll(BARE)) add(name!, false)
  for (const [, name] of text.matchAll(DYNAMIC)) add(name!, false)
  return found
}

const IMPORTS: ReadonlyMap<string, readonly Import[]> = new Map(FILES.map((file) => [file, importsOf(file)]))

/** The folder of `src` that a file is in; `error` and `index` are files. */
function layerOf(file: string): string {
  return file.split('/')[1]!.replace(/\.ts$/, '')
}

function tierOf(file: string): number {
  const tier = TIERS.findIndex((names) => names.includes(layerOf(file)))
  assert.ok(tier >= 0, `src/${layerOf(file)} has no place in the layers of test/layers.test.ts`)
  return tier
}

test('the imports of files are found', () => {
  assert.deepEqual(importsOf('src/bytes/writer.ts'), [
    { target: 'src/error.ts', isType: false },
    { target: 'src/bytes/modified-utf8.ts', isType: false },
  ])
  const known = new Set(FILES)
  for (const [file, imports] of IMPORTS) {
    for (const { target } of imports) {
      if (target.startsWith('src/')) assert.ok(known.has(target), `${file} imports ${target}, which is not there`)
    }
  }
})

test('imports point down, and not to siblings', () => {
  const wrong: string[] = []
  for (const [file, imports] of IMPORTS) {
    for (const { target } of imports) {
      if (!target.startsWith('src/') || layerOf(file) === layerOf(target)) continue
      const isAllowed = ONLY[layerOf(file)]?.includes(layerOf(target)) ?? tierOf(target) < tierOf(file)
      if (!isAllowed) wrong.push(`${file} imports ${target}`)
    }
    tierOf(file)
  }
  assert.deepEqual(wrong, [])
})

test('nothing outside src is imported', () => {
  for (const [file, imports] of IMPORTS) {
    for (const { target } of imports) assert.ok(!target.startsWith('../') && !target.startsWith('test/'), file)
  }
})

test('the core imports neither Node nor a package', () => {
  const wrong: string[] = []
  for (const [file, imports] of IMPORTS) {
    if (!CORE.includes(layerOf(file)) || NODE_FILES.includes(file)) continue
    for (const { target } of imports) {
      if (!target.startsWith('src/') && target !== PACKAGES[file]) wrong.push(`${file} imports ${target}`)
    }
  }
  assert.deepEqual(wrong, [])
})

test('what a browser loads reaches no file that needs Node', () => {
  const reached = new Set<string>()
  const visit = (file: string): void => {
    if (reached.has(file)) return
    reached.add(file)
    for (const { target, isType } of IMPORTS.get(file) ?? []) if (!isType && target.startsWith('src/')) visit(target)
  }
  visit('src/index.ts')
  assert.deepEqual(
    [...reached].filter((file) => (IMPORTS.get(file) ?? []).some(({ target }) => target.startsWith('node:'))),
    [],
  )
})

/** Files on a circle of imports that exist at run time, the first one met. */
function findCycle(): readonly string[] {
  const done = new Set<string>()
  const walk = (file: string, path: readonly string[]): readonly string[] => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file]
    if (done.has(file)) return []
    for (const { target, isType } of IMPORTS.get(file) ?? []) {
      if (isType || !target.startsWith('src/')) continue
      const cycle = walk(target, [...path, file])
      if (cycle.length > 0) return cycle
    }
    done.add(file)
    return []
  }
  for (const file of FILES) {
    const cycle = walk(file, [])
    if (cycle.length > 0) return cycle
  }
  return []
}

test('no import cycles', () => {
  assert.deepEqual(findCycle(), [])
})
