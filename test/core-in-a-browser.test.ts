import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { createContext, runInContext } from 'node:vm'
import { build } from 'esbuild'

test('the core is bundled for a browser and opens a savepoint without Node', async () => {
  const bundled = await build({
    entryPoints: ['build/src/index.js'],
    bundle: true,
    platform: 'browser',
    format: 'iife',
    globalName: 'kobel',
    write: false,
    logLevel: 'silent',
  })
  const code = bundled.outputFiles[0]!.text
  const directory = 'fixtures/2.3.0/hashmap/windows/snapshot'
  const files = new Map(
    readdirSync(directory).map((name) => [`savepoint/${name}`, new Uint8Array(readFileSync(`${directory}/${name}`))]),
  )
  // What every browser has; not Buffer, process, require.
  const context = createContext({ TextEncoder, TextDecoder, files, setTimeout })
  runInContext(code, context)
  const counts = (await runInContext(
    `(async () => {
      const snapshot = await kobel.openSnapshotIn(new kobel.MemoryStore(files), 'savepoint')
      let entries = 0
      for (const operator of snapshot.operators)
        for (const state of operator.states)
          if (state.entries) for await (const entry of state.entries()) entries++
      return { operators: snapshot.operators.length, entries, node: typeof Buffer + typeof process + typeof require }
    })()`,
    context,
  )) as { operators: number; entries: number; node: string }
  assert.equal(counts.operators, 10)
  assert.ok(counts.entries > 40, `${counts.entries} entries`)
  assert.equal(counts.node, 'undefinedundefinedundefined')
})
