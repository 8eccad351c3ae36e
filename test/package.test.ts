import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

/** What people who install kobel can rely on. */

interface PackageJson {
  readonly name: string
  readonly version: string
  readonly license: string
  readonly type: string
  readonly sideEffects: boolean
  readonly engines: { readonly node: string }
  readonly bin: Readonly<Record<string, string>>
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>
  readonly files: readonly string[]
  readonly scripts: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

interface LockedPackage {
  readonly version?: string
  readonly resolved?: string
  readonly integrity?: string
  readonly link?: boolean
  readonly hasInstallScript?: boolean
}

const PACKAGE = JSON.parse(readFileSync('package.json', 'utf8')) as PackageJson
const LOCK_TEXT = readFileSync('package-lock.json', 'utf8')
const LOCK = JSON.parse(LOCK_TEXT) as { readonly packages: Readonly<Record<string, LockedPackage>> }

/** A tool must pay rent: what is here has been argued for. */
const DEPENDENCIES: readonly string[] = ['commander', 'fzstd', 'yaml']
const OPTIONAL_DEPENDENCIES: readonly string[] = ['@duckdb/node-bindings', 'apache-arrow', 'aws4fetch']

test('only dependencies that were agreed upon', () => {
  assert.deepEqual(Object.keys(PACKAGE.dependencies ?? {}).sort(), DEPENDENCIES)
  assert.deepEqual(Object.keys(PACKAGE.optionalDependencies ?? {}).sort(), OPTIONAL_DEPENDENCIES)
  assert.deepEqual(PACKAGE.peerDependencies ?? {}, {})
  for (const version of Object.values({ ...PACKAGE.dependencies, ...PACKAGE.optionalDependencies })) {
    assert.match(version, /^\d+\.\d+\.\d+/, 'an exact version')
  }
})

test('installing runs no script', () => {
  for (const name of ['preinstall', 'install', 'postinstall', 'prepare']) assert.equal(PACKAGE.scripts[name], undefined)
})

test('ES modules without side effects, from Node 20 on', () => {
  assert.equal(PACKAGE.name, 'kobel')
  assert.equal(PACKAGE.license, 'Apache-2.0')
  assert.equal(PACKAGE.type, 'module')
  assert.equal(PACKAGE.sideEffects, false)
  assert.equal(PACKAGE.engines.node, '>=20.19')
})

/** Compiled files stand beside the compiled tests, wherever they were built. */
function isBuilt(path: string): boolean {
  const inside = /^(?:\.\/)?build\/(.+)$/.exec(path)
  return inside ? existsSync(fileURLToPath(new URL(`../${inside[1]!}`, import.meta.url))) : existsSync(path)
}

test('exports and commands are there after the build', async () => {
  assert.ok('.' in PACKAGE.exports && './package.json' in PACKAGE.exports)
  for (const [name, target] of Object.entries(PACKAGE.exports)) {
    const paths = typeof target === 'string' ? [target] : Object.values(target)
    for (const path of paths) assert.ok(isBuilt(path), `${name}: ${path}`)
    if (typeof target !== 'string') {
      assert.deepEqual(Object.keys(target), ['types', 'default'], 'types come first')
      await import(new URL(`../${target.default!.slice('./build/'.length)}`, import.meta.url).href)
    }
  }
  for (const path of Object.values(PACKAGE.bin)) {
    assert.ok(isBuilt(path), path)
    assert.match(readFileSync(new URL(`../${path.slice('build/'.length)}`, import.meta.url), 'utf8'), /^#!.*\bnode\b/)
  }
})

test('the command is bundled, and says what the modules say', () => {
  const bundled = fileURLToPath(new URL(`../${PACKAGE.bin.kobel!.slice('build/'.length)}`, import.meta.url))
  const modules = fileURLToPath(new URL('../src/cli/main.js', import.meta.url))
  const snapshot = 'fixtures/2.3.0/hashmap/windows/snapshot'
  // DuckDB's thread is a file of its own.
  const sql = ['sql', snapshot, 'SELECT count(*) FROM kobel.states']
  for (const args of [['--version'], ['inspect', snapshot, '--counts'], sql]) {
    const [from, to] = [modules, bundled].map((main) =>
      spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' }),
    )
    assert.equal(to?.status, 0, to?.stderr)
    assert.equal(to?.stdout, from?.stdout)
  }
  assert.match(readFileSync(bundled, 'utf8'), /from "commander"/, 'packages are not bundled')
})

test('the published files are the compiled sources and what people read', () => {
  const known = ['build/src', 'build/bundle', 'README.md', 'CHANGELOG.md', 'LICENSE']
  assert.ok(PACKAGE.files.includes('build/src') && PACKAGE.files.includes('build/bundle'))
  assert.deepEqual(
    PACKAGE.files.filter((each) => !known.includes(each)),
    [],
  )
})

test('the lock file is of this version, complete, and names no registry', () => {
  assert.equal(LOCK.packages['']?.version, PACKAGE.version)
  assert.ok(!/registry|npmjs|git\+/i.test(LOCK_TEXT))
  for (const [name, each] of Object.entries(LOCK.packages)) {
    if (each.link === true || !name.includes('node_modules/')) continue
    assert.equal(each.resolved, undefined, `${name} is bound to a host`)
    assert.ok(each.integrity, `${name} has no integrity`)
  }
})
