import assert from 'node:assert/strict'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Edit, edit } from '../../src/edit/edit.ts'
import type { ApplyOptions } from '../../src/edit/model.ts'
import { relocateSnapshot } from '../../src/edit/relocate.ts'
import { addTtl, describeKey, describeType, removeTtl, replaceType } from '../../src/edit/type-change.ts'
import type { FieldDescriptions } from '../../src/node/index.ts'
import { FileSpill, openSnapshot, WritableFileStore } from '../../src/node/index.ts'
import type { ValueObject } from '../../src/serializer/value.ts'
import { contentsOf, dumpLines, scratchDirectory } from '../support/write.ts'

// Snapshots that real Flink wrote, edited; what is expected follows from the lines of the source.
const KINDS = 'fixtures/2.3.0/hashmap/kinds/snapshot'
const scratch = await scratchDirectory()
const fields = JSON.parse(await readFile('conformance/fields.json', 'utf8')) as FieldDescriptions
let made = 0

interface Made {
  readonly directory: string
  readonly lines: string[]
}

async function apply(source: string, change: (edit: Edit) => void, options: ApplyOptions = {}): Promise<Made> {
  const snapshot = await openSnapshot(source, { fields })
  const store = new WritableFileStore()
  const directory = join(scratch, `savepoint-${made++}`)
  try {
    const described = edit(snapshot)
    change(described)
    await described.apply({ store, directory, spill: new FileSpill(), inlineBytes: 300 }, options)
    return { directory, lines: await rowsOf(directory) }
  } finally {
    await snapshot.close()
    await store.close()
  }
}

/** Lines of a dump without plan and end. */
async function rowsOf(directory: string): Promise<string[]> {
  return (await dumpLines(directory)).filter((line) => line.startsWith('{"operator"'))
}

/** Heads of keyed state by operator. */
const heads = await (async () => {
  await using snapshot = await openSnapshot(KINDS)
  const sources = snapshot.operators.map(async (each) => [each.label, (await each.firstKeyedSource())?.head] as const)
  return new Map((await Promise.all(sources)).flatMap(([label, head]) => (head ? [[label, head] as const] : [])))
})()

const withoutKeyGroup = (lines: readonly string[]): string[] =>
  lines.map((line) => line.replace(/"keyGroup":\d+,/, '')).sort()

const SOURCE = await rowsOf(KINDS)
const of = (line: string, state: string): boolean => line.includes(`"uid":"kinds-tuple","state":"${state}"`)

for (const maxParallelism of [64, 300, 32768]) {
  test(`all keyed state under max parallelism ${maxParallelism}`, async () => {
    const { directory, lines } = await apply(KINDS, (all) => {
      for (const operator of all.operators()) operator.setMaxParallelism(maxParallelism)
    })
    assert.deepEqual(withoutKeyGroup(lines), withoutKeyGroup(SOURCE))
    // Keys are looked up by their hash: one in the wrong key group is not found.
    const snapshot = await openSnapshot(directory)
    const tuples = snapshot.operator('kinds-tuple')
    assert.equal(tuples.maxParallelism, maxParallelism)
    for await (const { key, value } of tuples.state('value').entries()) {
      assert.deepEqual(await tuples.state('value').get(key), value)
    }
    await snapshot.close()
    const back = await apply(directory, (all) => {
      for (const { operator } of all.operators()) all.operator(operator.id).setMaxParallelism(1000)
    })
    const there = await apply(KINDS, (all) => {
      for (const { operator } of all.operators()) all.operator(operator.id).setMaxParallelism(1000)
    })
    assert.deepEqual(back.lines, there.lines)
  })
}

for (const fixture of [
  'rocksdb/kinds-checkpoint',
  'rocksdb/heap-timers',
  'hashmap/windows',
  'hashmap/kinds-compressed',
]) {
  test(`max parallelism of ${fixture}, with little memory`, async () => {
    const names = await readdir(`fixtures/2.3.0/${fixture}`, { recursive: true })
    const source = join(`fixtures/2.3.0/${fixture}`, names.find((name) => name.endsWith('_metadata'))!, '..')
    const snapshot = await openSnapshot(source)
    const described = edit(snapshot)
    for (const operator of described.operators()) operator.setMaxParallelism(1001)
    const directory = join(scratch, fixture.replace('/', '-'))
    const sink = { store: new WritableFileStore(), directory, spill: new FileSpill(), inlineBytes: 0 }
    await described.apply({ ...sink, memoryBytes: 100 })
    await snapshot.close()
    assert.deepEqual(withoutKeyGroup(await rowsOf(directory)), withoutKeyGroup(await rowsOf(source)))
  })
}

test('the same edit gives the same bytes, whatever memory there is', async () => {
  const change = (all: Edit): void => {
    all.operator('kinds-tuple').setMaxParallelism(77)
  }
  const [a, b] = [await apply(KINDS, change), await apply(KINDS, change)]
  assert.deepEqual(await contentsOf(a.directory), await contentsOf(b.directory))
})

test('uid, names and states', async () => {
  const { lines, directory } = await apply(KINDS, (all) => {
    all.operator('kinds-tuple').setUid('other').state('map').rename('maps')
    all.operator('kinds-tuple').state('list').remove()
    all.operator('kinds-int').remove()
    all.copy('kinds-long', 'longs').state('value').remove()
  })
  // murmur3-128 of "other", as StreamGraphHasherV2 makes it, is asked of the opened savepoint.
  const snapshot = await openSnapshot(directory)
  assert.equal(snapshot.operator('other').id, snapshot.operators.find(({ uid }) => uid === 'other')?.id)
  assert.throws(() => snapshot.operator('kinds-int'), { code: 'NOT_FOUND' })
  assert.ok(!snapshot.operator('longs').states.some(({ name }) => name === 'value'))
  await snapshot.close()
  const kept = SOURCE.filter((line) => !of(line, 'list') && !line.includes('"uid":"kinds-int"'))
  const [, id] = /"operator":"(\w+)","uid":"other"/.exec(lines.join('\n'))!
  const expected = kept.map((line) =>
    line
      .replace(/"operator":"\w+","uid":"kinds-tuple"/, `"operator":"${id}","uid":"other"`)
      .replace(/"uid":"other","state":"map"/, '"uid":"other","state":"maps"'),
  )
  assert.deepEqual(lines.filter((line) => !line.includes('"uid":"longs"')).sort(), expected.sort())
})

test('entries set, removed, filtered and mapped', async () => {
  const { lines } = await apply(KINDS, (all) => {
    const tuples = all.operator('kinds-tuple')
    tuples
      .state('map')
      .delete({ key: ['t7', 2], mapKey: 'm0' })
      .set({ state: '', key: ['t7', 2], mapKey: 'm11', value: [1, 'new'] })
    tuples.state('value').set({ state: '', key: ['nobody', 1], value: 'added' })
    tuples.state('list').map(({ value }) => (value as bigint[]).slice(0, 1))
    tuples.state('_timer_state/event_user-timers').shiftTimers(5n)
    tuples.state('reducing').filter(({ key }) => (key as [string])[0] !== 't7')
  })
  const expected = SOURCE.flatMap((line) => {
    if (of(line, 'map') && line.includes('"key":["t7",2],"mapKey":"m0"')) return []
    if (of(line, 'reducing') && line.includes('"key":["t7",2]')) return []
    if (of(line, 'map') && line.includes('"key":["t7",2],"mapKey":"m11"'))
      return [line.replace(/"value":.*/, '"value":[1,"new"]}')]
    if (of(line, 'list')) return [line.replace(/"value":\[([^,\]]*)[^\]]*\]/, '"value":[$1]')]
    if (of(line, '_timer_state/event_user-timers')) {
      return [line.replace(/"timestamp":(\d+)/, (_, at: string) => `"timestamp":${Number(at) + 5}`)]
    }
    return [line]
  })
  const added = lines.filter((line) => line.includes('"key":["nobody",1]'))
  assert.equal(added.length, 1)
  assert.deepEqual([...lines].sort(), [...expected, ...added].sort())
  const [, keyGroup] = /"keyGroup":(\d+)/.exec(added[0]!)!
  // Tuple2.hashCode: 31 * "nobody".hashCode() + 1, murmur-mixed, at max parallelism 1000: found where the hash says.
  assert.ok(Number(keyGroup) < 1000)
})

test('a field is changed in place or through the decoder alike', async () => {
  const change = (value: unknown): number => (value as number) + 1
  const patched = await apply(KINDS, (all) => {
    all
      .operator('kinds-tuple')
      .state('aggregating')
      .field('f1', (old) => change(old))
  })
  const mapped = await apply(KINDS, (all) => {
    all
      .operator('kinds-tuple')
      .state('aggregating')
      .map(({ value }) => {
        const [first, second] = value as [bigint, number]
        return [first, change(second)]
      })
  })
  assert.deepEqual(patched.lines, mapped.lines)
  const expected = SOURCE.map((line) =>
    of(line, 'aggregating') ? line.replace(/,(-?\d+)\]\}$/, (_, n: string) => `,${Number(n) + 1}]}`) : line,
  )
  assert.deepEqual(patched.lines, expected)
})

test('TTL is added and taken away', async () => {
  const { lines } = await apply(KINDS, (all) => {
    all.operator('kinds-tuple').state('value').type(addTtl(1700000000000n), 'ttl')
    all.operator('kinds-tuple').state('ttl-list').type(removeTtl(), 'no ttl')
    all.operator('kinds-tuple').state('ttl-map').shiftTtl(1000n)
  })
  const expected = SOURCE.map((line) => {
    if (of(line, 'value')) return line.replace(/\}$/, ',"ttl":1700000000000}')
    if (of(line, 'ttl-list')) return line.replace(/,"ttl":\[[^\]]*\]/, '')
    if (of(line, 'ttl-map')) return line.replace(/"ttl":(\d+)/, (_, ttl: string) => `"ttl":${Number(ttl) + 1000}`)
    return line
  })
  assert.deepEqual(lines, expected)
})

test('another type: a tuple becomes a POJO; a description that the bytes fit', async () => {
  const type = { pojo: 'com.acme.Sum', fields: { count: 'int', total: 'long', note: 'string' } } as const
  const { lines, directory } = await apply(KINDS, (all) => {
    const change = replaceType(type, '2.3', { from: { total: 'f0', count: 'f1' }, defaults: { note: 'new' } })
    all.operator('kinds-tuple').state('aggregating').type(change, 'pojo')
  })
  const expected = SOURCE.map((line) =>
    of(line, 'aggregating')
      ? line.replace(
          /"value":\[(.*),(.*)\]\}$/,
          '"value":{"class":"com.acme.Sum","fields":{"count":$2,"note":"new","total":$1}}}',
        )
      : line,
  )
  assert.deepEqual(lines, expected)
  const renamed = await apply(directory, (all) => {
    const operator = all.operator('kinds-tuple')
    const [info] = operator.operator.state('aggregating').declarations
    const other = { pojo: 'org.acme.Sum', fields: { count: 'int', remark: 'string', total: 'long' } } as const
    operator.state('aggregating').type(describeType(other, '2.3', info!.metaInfo!), 'renamed')
    assert.throws(() => describeType({ ...other, fields: { ...other.fields, total: 'int' } }, '2.3', info!.metaInfo!), {
      code: 'INCOMPATIBLE',
      message: /total: i64 and i32 have other bytes/,
    })
  })
  const snapshot = await openSnapshot(renamed.directory)
  for await (const { value } of snapshot.operator('kinds-tuple').state('aggregating').entries()) {
    assert.equal((value as ValueObject).remark, 'new')
  }
  await snapshot.close()
})

test('classes of keys are described anew, those in timers too', async () => {
  const { directory } = await apply(KINDS, (all) => {
    const operator = all.operator('kinds-pojo')
    const constants = ['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY', 'SUNDAY', 'NEVER']
    const seat = { day: { enum: 'org.acme.Weekday', constants }, number: 'int', row: 'string' } as const
    const { keySerializer } = heads.get('kinds-pojo')!
    operator.describeKey(describeKey({ pojo: 'org.acme.Seat', fields: seat }, '2.3', keySerializer))
  })
  const lines = await rowsOf(directory)
  const expected = SOURCE.map((line) =>
    line.includes('"uid":"kinds-pojo"')
      ? line.replace(/"key":\{"class":"[\w.$]+"/, '"key":{"class":"org.acme.Seat"')
      : line,
  )
  assert.deepEqual(lines, expected)
})

test('nothing is left of an edit that fails or is cancelled', async () => {
  const fail = apply(KINDS, (all) => {
    all
      .operator('kinds-tuple')
      .state('value')
      .map(() => {
        throw new Error('mine')
      })
  })
  await assert.rejects(fail, /mine/)
  assert.deepEqual(await readdir(join(scratch, `savepoint-${made - 1}`)).catch(() => []), [])
  const abort = new AbortController()
  abort.abort()
  await assert.rejects(
    apply(KINDS, () => {}, { signal: abort.signal }),
    /cancelled/,
  )
  assert.deepEqual(await readdir(join(scratch, `savepoint-${made - 1}`)).catch(() => []), [])
})

test('a preview writes nothing and tells what apply does', async () => {
  const snapshot = await openSnapshot(KINDS)
  const described = edit(snapshot)
  described
    .operator('kinds-tuple')
    .state('map')
    .delete({ key: ['t7', 2], mapKey: 'm0' })
  const report = await described.preview()
  const operator = report.operators.find((each) => each.operator === 'kinds-tuple')!
  assert.equal(report.directory, undefined)
  assert.equal(operator.states[0]?.deleted, 1)
  assert.deepEqual(operator.states[0]?.samples, [{ key: '["t7",2] "m0"', before: '[7,"x0"]', after: undefined }])
  assert.ok(operator.counts.keyGroups > 0, 'key groups without such a key are copied undecoded')
  await snapshot.close()
})

test('refused: an existing target, a parallelism above max parallelism, keys whose hash is not known', async () => {
  const { directory } = await apply(KINDS, () => {})
  const again = async (source: string, change: (all: Edit) => void, target?: string): Promise<unknown> => {
    await using snapshot = await openSnapshot(source)
    const described = edit(snapshot)
    change(described)
    const to = target ?? join(scratch, `refused-${made++}`)
    const sink = { store: new WritableFileStore(), directory: to, spill: new FileSpill() }
    return described
      .apply(sink)
      .finally(() => target === undefined && assert.deepEqual(existsSync(to) ? readdirSync(to) : [], []))
  }
  await assert.rejects(
    again(KINDS, () => {}, directory),
    { code: 'CONFLICT' },
  )
  await assert.rejects(
    again(KINDS, (all) => void all.operator('kinds-string').setMaxParallelism(2)),
    { code: 'INCOMPATIBLE', message: /the parallelism is 4/ },
  )
  await assert.rejects(
    again(
      KINDS,
      (all) =>
        void all
          .operator('kinds-int')
          .setMaxParallelism(200)
          .keyHash(() => 1),
    ),
    { code: 'UNHASHABLE', message: /given by the user/ },
  )
  await assert.rejects(
    again('fixtures/2.3.0/rocksdb/unknown/snapshot', (all) => {
      for (const operator of all.operators()) operator.setMaxParallelism(300)
    }),
    { code: 'UNHASHABLE' },
  )
  await assert.rejects(
    again('fixtures/2.3.0/hashmap/raw/checkpoints/000000000001b8280000000000000001/chk-4', (all) => {
      for (const operator of all.operators()) operator.setMaxParallelism(300)
    }),
    { code: 'INCOMPATIBLE', message: /raw keyed state/ },
  )
})

test('references, and the files of a checkpoint in another place', async () => {
  const { directory } = await apply(KINDS, () => {}, { reference: true })
  assert.deepEqual(await readdir(directory), ['_metadata'])
  assert.deepEqual(await rowsOf(directory), SOURCE)
  await using snapshot = await openSnapshot('fixtures/2.3.0/rocksdb/kinds-native/snapshot')
  const target = join(scratch, 'relocated')
  await relocateSnapshot(snapshot, { store: new WritableFileStore(), directory: target, spill: new FileSpill() })
  assert.deepEqual(await rowsOf(target), await rowsOf('fixtures/2.3.0/rocksdb/kinds-native/snapshot'))
})

test('what is readable of a damaged savepoint is written, the rest is told', async () => {
  const { directory } = await apply(KINDS, () => {})
  // The largest: a good part of it is entries, and not the head.
  const sized = (await readdir(directory)).filter((name) => name.includes('-keyed-'))
  const file = sized.reduce((a, b) => (statSync(join(directory, b)).size > statSync(join(directory, a)).size ? b : a))
  const bytes = await readFile(join(directory, file))
  // Lengths that cannot be.
  bytes.fill(0xff, bytes.length - 400, bytes.length - 200)
  await writeFile(join(directory, file), bytes)
  const skipped: string[] = []
  const { lines } = await apply(directory, () => {}, {
    onSkip: ({ part, keyGroups }) => skipped.push(`${part} ${keyGroups}`),
  })
  assert.ok(skipped.length > 0)
  assert.ok(skipped.every((text) => text.startsWith('keyed ')))
  const known = new Set(SOURCE)
  assert.ok(lines.length > SOURCE.length - 200 && lines.length < SOURCE.length)
  assert.deepEqual(
    lines.filter((line) => !known.has(line)),
    [],
  )
})
