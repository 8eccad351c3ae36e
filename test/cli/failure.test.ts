import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import {
  directoryWith,
  TINY_ENTRIES,
  TINY_ID,
  tinyMetadata,
  tinySavepoint,
  tinyStream,
} from '../support/tiny-savepoint.ts'
import { kobel } from './run.ts'

const STREAM = tinyStream(127, TINY_ENTRIES)

/** Codes whose JSON form was looked at. */
const seen = new Set<string>()

/** One clear line on stderr, nothing on stdout, and the exit code; with `--json` the same as an object. */
function fails(args: readonly string[], status: number, code: string, message: RegExp): void {
  const plain = kobel(args)
  assert.match(plain.stderr, message)
  assert.match(plain.stderr, /^kobel: [^\n]+\n$/)
  assert.equal(plain.status, status, plain.stderr)
  assert.equal(plain.stdout, '')
  if (seen.has(code)) return
  seen.add(code)
  const json = kobel([...args, '--json'])
  assert.equal(json.status, status)
  const { error } = JSON.parse(json.stderr)
  assert.equal(error.code, code)
  assert.match(error.message, /\S/)
  assert.equal(typeof error.where, 'object')
}

test('usage: commands, options and arguments', () => {
  fails(['inspct', 'x'], 2, 'USAGE', /no command "inspct": did you mean "inspect"\?/)
  fails(['inspect', '--latst', 'x'], 2, 'USAGE', /unknown option '--latst': did you mean --latest\?/)
  fails(['inspect'], 2, 'USAGE', /missing required argument 'path'/)
  fails(['inspect', 'a', 'b'], 2, 'USAGE', /too many arguments/)
  fails(['read', tinySavepoint()], 2, 'USAGE', /missing required argument 'operator'/)
  fails(['inspect', tinySavepoint(), '--uids', '/nowhere'], 2, 'USAGE', /cannot be read.*\/nowhere/)
})

test('usage: values of options', () => {
  const args = ['read', tinySavepoint(), TINY_ID, 'count']
  fails([...args, '--key-group', '9-3'], 2, 'USAGE', /--key-group .* found "9-3"/)
  fails([...args, '--key-group', '128'], 2, 'USAGE', /key groups 0 to 127/)
  fails([...args, '--limit', '-1'], 2, 'USAGE', /--limit takes a number of rows/)
  fails(
    ['read', 'fixtures/2.3.0/rocksdb/kinds/snapshot', 'kinds-int', 'value', '--key', 'x'],
    2,
    'USAGE',
    /the key "x" does not fit/,
  )
  assert.match(kobel([...args, '--format', 'tabel']).stderr, /no format "tabel": did you mean "table"\?/)
})

test('wrong names', () => {
  const directory = tinySavepoint()
  fails(['read', directory, TINY_ID, 'cuont'], 3, 'NOT_FOUND', /no state "cuont": did you mean "count"\?/)
  fails(['read', directory, TINY_ID, 'cuont', '--key', 'alice'], 3, 'NOT_FOUND', /did you mean "count"\?/)
  fails(
    ['inspect', 'fixtures/2.3.0/rocksdb/kinds/snapshot', '--operator', 'kinds-itn'],
    3,
    'NOT_FOUND',
    /did you mean "kinds-int"/,
  )
})

test('not a savepoint', () => {
  fails(['inspect', '/nowhere/at/all'], 3, 'NOT_FOUND', /no such directory/)
  fails(['inspect', directoryWith({ other: new Uint8Array(3) })], 3, 'NOT_FOUND', /no _metadata file/)
  fails(['inspect', join(directoryWith({ other: new Uint8Array(3) }), 'other')], 3, 'NOT_FOUND', /another file/)
  fails(['inspect', directoryWith({ _metadata: new TextEncoder().encode('hello, world') })], 3, 'CORRUPT', /_metadata/)
})

test('a _metadata that was cut, or is of another version', () => {
  const metadata = tinyMetadata(STREAM)
  // Behind the operators lie five bytes of checkpoint properties.
  for (const length of [0, 3, 20, 60, metadata.length - 6]) {
    const { status, stderr } = kobel(['inspect', directoryWith({ _metadata: metadata.subarray(0, length) })])
    assert.equal(status, 3, `${length}: ${stderr}`)
    assert.match(stderr, /^kobel: [^\n]+_metadata[^\n]*\n$/)
  }
  const later = metadata.slice()
  later[7] = 99
  fails(['dump', directoryWith({ _metadata: later })], 3, 'UNSUPPORTED_VERSION', /99/)
})

test('a state file that is missing, or was cut', () => {
  const metadata = tinyMetadata(STREAM, {}, 'state')
  fails(['dump', directoryWith({ _metadata: metadata })], 3, 'NOT_FOUND', /state\)/)
  const cut = directoryWith({ _metadata: metadata, state: STREAM.bytes.subarray(0, STREAM.bytes.length - 5) })
  fails(['dump', cut], 3, 'TRUNCATED', /bytes/)
  fails(['read', cut, TINY_ID, 'count', '--key', 'alice'], 3, 'TRUNCATED', /key group 116/)
})

test('a directory of several checkpoints', () => {
  const directory = directoryWith({})
  for (const [name, id] of [
    ['chk-9', 9n],
    ['chk-10', 10n],
  ] as const) {
    mkdirSync(join(directory, name))
    writeFileSync(join(directory, name, '_metadata'), tinyMetadata(STREAM, { checkpointId: id }))
  }
  // The number decides, not the age.
  utimesSync(join(directory, 'chk-10'), 1, 1)
  fails(['inspect', directory], 3, 'NOT_FOUND', /chk-10, chk-9.*--latest/)
  const { stdout, status } = kobel(['inspect', directory, '--latest', '--json'])
  assert.equal(status, 0)
  assert.equal(JSON.parse(stdout).checkpointId, 10)
})

test('a store that fails gives exit code 4', () => {
  fails(['inspect', 'http://127.0.0.1:1/savepoint'], 4, 'STORE', /could not be reached/)
})

test('URLs are taken: file: and http:', async () => {
  const directory = tinySavepoint('state')
  assert.equal(kobel(['inspect', pathToFileURL(directory).href]).status, 0)
  assert.equal(kobel(['inspect', join(directory, '_metadata')]).status, 0)
  const server = createServer((request, response) => {
    const bytes = readFileSync(join(directory, request.url!.replace('/sp/', '')))
    response.setHeader('content-length', bytes.length)
    response.end(request.method === 'HEAD' ? undefined : bytes)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const main = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url))
  const child = spawn(process.execPath, [
    main,
    'read',
    `http://127.0.0.1:${port}/sp`,
    TINY_ID,
    'count',
    '--key',
    'alice',
  ])
  let stdout = ''
  child.stdout.on('data', (chunk) => {
    stdout += chunk
  })
  const status = await new Promise((resolve) => child.on('close', resolve))
  server.close()
  assert.equal(status, 0)
  assert.equal(stdout, '{"keyGroup":116,"key":"alice","value":42}\n')
})

test('help and version', () => {
  assert.match(kobel([]).stdout, /inspect .*operators, states, types/)
  for (const command of ['inspect', 'read', 'dump']) {
    const { status, stdout } = kobel([command, '--help'])
    assert.equal(status, 0)
    assert.match(stdout, /Example:\n {2}kobel /)
    assert.equal(kobel(['help', command]).stdout, stdout)
  }
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
  assert.equal(kobel(['--version']).stdout, `${version}\n`)
})
