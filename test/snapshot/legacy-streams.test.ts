import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { fromBase64 } from '../../src/bytes/encoding.ts'
import {
  describeSnapshot,
  type FieldDescriptions,
  MemoryStore,
  type Operator,
  openSnapshotIn,
  type Snapshot,
} from '../../src/index.ts'

/**
 * Streams with which Flink 1.8.3 checks that it restores what Flink 1.3 to 1.7 wrote (`*-migration-test-*-snapshot` of
 * the tests jars of flink-streaming-java and flink-cep), each as the only subtask of an operator in a `_metadata` of
 * version 2. What they hold is what `WindowOperatorMigrationTest` and `CEPMigrationTest` put in before the snapshot.
 */
const STREAMS = JSON.parse(
  gunzipSync(readFileSync('test/snapshot/legacy-streams.json.gz')).toString('utf8'),
) as Readonly<Record<string, string>>

const FLINK = ['1.3', '1.4', '1.5', '1.6', '1.7']
const EVENT = { id: 'int', name: 'java.lang.String', price: 'double' }
const FIELDS: FieldDescriptions = {
  'org.apache.flink.cep.Event': EVENT,
  'org.apache.flink.cep.SubEvent': { ...EVENT, volume: 'double' },
  'org.apache.flink.streaming.runtime.operators.windowing.NonPojoType': { data: 'java.lang.String' },
}

function openStream(name: string): Promise<Snapshot> {
  const files = new Map([['stream/_metadata', fromBase64(STREAMS[name] ?? assert.fail(name))]])
  return openSnapshotIn(new MemoryStore(files), 'stream', { fields: FIELDS })
}

/** Every entry and timer as a text, sorted. */
async function contentsOf(name: string): Promise<string[]> {
  const snapshot = await openStream(name)
  return contentsIn(snapshot.operators[0]!)
}

async function contentsIn(operator: Operator): Promise<string[]> {
  const found: string[] = []
  for (const state of operator.keyedStates) {
    if (state.kind === 'timer') {
      for await (const { timestamp, key, namespace } of state.timers()) {
        found.push(`${state.name} ${timestamp} ${textOf(key)} ${textOf(namespace)}`)
      }
    } else {
      for await (const { key, namespace, mapKey, value } of state.entries()) {
        const parts = [key, namespace, mapKey, value].filter((part) => part !== undefined && part !== null)
        found.push(`${state.name} ${parts.map(textOf).join(' ')}`)
      }
    }
  }
  return found.sort()
}

function textOf(value: unknown): string {
  return JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? Number(part) : part)).replaceAll('"', '')
}

/** The element that came last before the snapshot lies in the window from 3 s on, the others in the first. */
const TIMERS = ['2999 key1 {start:0,end:3000}', '2999 key2 {start:0,end:3000}', '5999 key2 {start:3000,end:6000}']

const SESSIONS = [
  '_timer_state/event_window-timers 3999 key1 {start:10,end:4000}',
  '_timer_state/event_window-timers 6499 key2 {start:0,end:6500}',
  'count key1 {start:10,end:4000} 2',
  'merging-window-set key1 [[{start:10,end:4000},{start:10,end:3010}]]',
  'merging-window-set key2 [[{start:0,end:6500},{start:0,end:3000}]]',
  'window-contents key1 {start:10,end:3010} [[key1,1],[key1,2]]',
]

const KRYO_KEY = (key: string): string => `{data:${key}}`

/** By test: state, key, window, and the sum or the elements. */
const WINDOWS: Readonly<Record<string, readonly string[]>> = {
  'apply-event-time': [
    ...TIMERS.map((timer) => `_timer_state/event_window-timers ${timer}`),
    'window-contents key1 {start:0,end:3000} [[key1,1],[key1,1],[key1,1]]',
    'window-contents key2 {start:0,end:3000} [[key2,1],[key2,1],[key2,1]]',
    'window-contents key2 {start:3000,end:6000} [[key2,1],[key2,1]]',
  ],
  'reduce-event-time': [
    ...TIMERS.map((timer) => `_timer_state/event_window-timers ${timer}`),
    'window-contents key1 {start:0,end:3000} [key1,3]',
    'window-contents key2 {start:0,end:3000} [key2,3]',
    'window-contents key2 {start:3000,end:6000} [key2,2]',
  ],
  'apply-processing-time': [
    '_timer_state/processing_window-timers 5999 key2 {start:3000,end:6000}',
    '_timer_state/processing_window-timers 5999 key3 {start:3000,end:6000}',
    'window-contents key2 {start:3000,end:6000} [[key2,1]]',
    'window-contents key3 {start:3000,end:6000} [[key3,1]]',
  ],
  'reduce-processing-time': [
    '_timer_state/processing_window-timers 5999 key2 {start:3000,end:6000}',
    '_timer_state/processing_window-timers 5999 key3 {start:3000,end:6000}',
    'window-contents key2 {start:3000,end:6000} [key2,1]',
    'window-contents key3 {start:3000,end:6000} [key3,1]',
  ],
  'session-with-stateful-trigger': SESSIONS,
  'kryo-serialized-key': [
    ...TIMERS.map((timer) => `_timer_state/event_window-timers ${timer.replace(/key\d/, KRYO_KEY)}`),
    `window-contents ${KRYO_KEY('key1')} {start:0,end:3000} [${KRYO_KEY('key1')},3]`,
    `window-contents ${KRYO_KEY('key2')} {start:0,end:3000} [${KRYO_KEY('key2')},3]`,
    `window-contents ${KRYO_KEY('key2')} {start:3000,end:6000} [${KRYO_KEY('key2')},2]`,
  ],
}

describe('window operators', () => {
  for (const [name, expected] of Object.entries(WINDOWS)) {
    for (const version of FLINK) {
      test(`${name} of Flink ${version}`, async () => {
        assert.deepEqual(await contentsOf(`${name}-flink${version}`), [...expected].sort())
      })
    }
  }
})

describe('pattern operators', () => {
  for (const version of ['1.6', '1.7']) {
    test(`a pattern that goes on, of Flink ${version}`, async () => {
      const found = await contentsOf(`cep-starting-new-pattern-flink${version}`)
      const events = found.filter((line) => line.startsWith('sharedBuffer-events '))
      assert.deepEqual(events, [
        'sharedBuffer-events 42 {id:0,timestamp:1} {refCounter:1,element:{id:42,name:start,price:1}}',
        'sharedBuffer-events 42 {id:0,timestamp:2} {refCounter:1,element:{id:42,name:foo1,price:1,volume:10}}',
      ])
      const entries = found.filter((line) => line.startsWith('sharedBuffer-entries '))
      assert.deepEqual(entries, [
        'sharedBuffer-entries 42 {eventId:{id:0,timestamp:1},pageName:start} {refCounter:2,element:{edges:[{target:null,deweyNumber:[1]}]}}',
        'sharedBuffer-entries 42 {eventId:{id:0,timestamp:2},pageName:middle} {refCounter:1,element:{edges:[{target:{eventId:{id:0,timestamp:1},pageName:start},deweyNumber:[1,0]}]}}',
      ])
    })
  }
})

test('the Flink that wrote a stream is told by its version', async () => {
  const told: string[] = []
  for (const version of FLINK) {
    const { flink } = await describeSnapshot(await openStream(`apply-event-time-flink${version}`))
    told.push(`${flink.first} ${flink.last}`)
  }
  assert.deepEqual(told, ['1.3 1.3', '1.4 1.5', '1.4 1.5', '1.6 1.6', '1.7 1.10'])
})

/**
 * Checkpoints of a job of ours, by Flink 1.3.3, 1.4.2 (compressed) and 1.6.4 (heap, RocksDB): 20 keys in every kind of
 * state, parallelism 2. Files by the absolute names that these versions store.
 */
const JOBS = JSON.parse(gunzipSync(readFileSync('test/snapshot/legacy-jobs.json.gz')).toString('utf8')) as Readonly<
  Record<string, Readonly<Record<string, string>>>
>

function expectedOf(i: number): string[] {
  const key = `k${i}`
  const list = Array.from({ length: (i % 3) + 1 }, (_, j) => i + j)
  const color = ['RED', 'GREEN', 'BLUE'][i % 3]
  const odd = i % 2 === 1
  return [
    `_timer_state/event_user-timers ${1_000_000 + i} ${key} null`,
    `_timer_state/processing_user-timers ${9_000_000_000_000 + i} ${key} null`,
    `list ${key} [${list.join()}]`,
    `long ${key} ${i * 10}`,
    `map ${key} a ${i / 2}`,
    `map ${key} b -1`,
    `plain ${key} {n:${i},s:n${i}}`,
    `point ${key} {color:${color},label:p${i},maybe:${odd ? i : null},x:${i}}`,
    `row ${key} {kind:+I,fields:[${i},${odd ? `r${i}` : null}]}`,
    `sum ${key} ${i + 1}`,
    `tuple ${key} [[x,y${i}],[1,${i}]]`,
  ]
}

describe('whole checkpoints', () => {
  for (const [name, files] of Object.entries(JOBS)) {
    test(name, async () => {
      const store = new MemoryStore(
        Object.entries(files).map(
          ([file, text]) => [file === '_metadata' ? 'job/_metadata' : file, fromBase64(text)] as const,
        ),
      )
      const snapshot = await openSnapshotIn(store, 'job', {
        fields: { Gen$Plain: { n: 'int', s: 'java.lang.String' } },
        uids: ['keyed', 'source'],
      })
      // What Flink wrote as configurations is there in the form of Flink 1.8, to be written into a newer savepoint.
      for (const { head } of await snapshot.operator('keyed').keyedSources()) {
        for (const [, { className }] of head.states.flatMap(({ serializers }) => serializers)) {
          assert.doesNotMatch(className, /Config/)
        }
      }
      const expected = Array.from({ length: 20 }, (_, i) => expectedOf(i)).flat()
      assert.deepEqual(await contentsIn(snapshot.operator('keyed')), expected.sort())
      const elements: string[] = []
      for (const state of snapshot.operator('source').operatorStates) {
        for await (const { subtask, value } of state.elements())
          elements.push(`${state.name} ${subtask} ${textOf(value)}`)
      }
      assert.deepEqual(elements.sort(), [
        ...['offsets 0 100', 'offsets 0 200', 'offsets 1 101', 'offsets 1 201'],
        ...['union 0 [s0,7]', 'union 1 [s1,7]'],
      ])
    })
  }
})
