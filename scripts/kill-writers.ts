import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { appendFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import {
  FileSpill,
  openSnapshot,
  partitionsOf,
  readPlan,
  WritableFileStore,
  type WriteHandle,
} from '../src/node/index.ts'
import { keyGroupOfHash, subtaskOfKeyGroup } from '../src/snapshot/key-groups.ts'
import { Intake } from '../src/write/intake.ts'

/**
 * kill-writers [ROWS [ROUNDS [SEED [LOG]]]]
 *
 * Writes `Long -> Long` rows with three workers and a commit, each a program of its own, and kills one of them (SIGKILL)
 * at a random point; again and again. After each kill the target must not open, or hold the full contents; then what is
 * missing is written once more, and the target must hold them. The first round is not killed: its contents are read back
 * and compared with a sum, and its files are what all others are compared with.
 */
const WORKERS = 3
const PARALLELISM = 6
const MAX_PARALLELISM = 128
const BATCH = 50_000
const SELF = fileURLToPath(import.meta.url)

const PLAN = readPlan({
  flink: '2.3',
  operators: [
    {
      uid: 'op',
      parallelism: PARALLELISM,
      maxParallelism: MAX_PARALLELISM,
      key: 'long',
      states: [{ name: 'v', type: 'long' }],
    },
  ],
})

/** One worker: the rows of its partitions, and nothing else. The value of key i is i * 31 + 7. */
async function work(directory: string, worker: number, count: number): Promise<void> {
  const partitions = partitionsOf(PLAN).filter(({ subtask }) => subtask % WORKERS === worker)
  const sink = { store: new WritableFileStore(), directory, spill: new FileSpill(), memoryBytes: 16 << 20 }
  const intake = new Intake(PLAN, sink, {}, partitions)
  for (let first = 0; first < count; first += BATCH) {
    const keys = new BigInt64Array(BATCH)
    const values = new BigInt64Array(BATCH)
    const [keyWords, valueWords] = [new Int32Array(keys.buffer), new Int32Array(values.buffer)]
    let length = 0
    for (let i = first; i < Math.min(first + BATCH, count); i++) {
      const subtask = subtaskOfKeyGroup(MAX_PARALLELISM, PARALLELISM, keyGroupOfHash(i, MAX_PARALLELISM))
      if (subtask % WORKERS !== worker) continue
      keyWords[2 * length] = i
      valueWords[2 * length++] = i * 31 + 7
    }
    const column = (of: BigInt64Array) => ({ kind: 'int64', length, validity: undefined, values: of }) as const
    const columns = { key: column(keys), value: column(values) }
    await intake.addColumns({ operator: 'op', state: 'v', count: length, columns }, 0)
  }
  process.stdout.write(JSON.stringify(await intake.finish()))
}

interface Running {
  readonly child: ChildProcess
  /** What it printed, undefined where it did not end well. */
  readonly ended: Promise<string | undefined>
}

function start(args: readonly string[]): Running {
  const child = spawn(process.execPath, [SELF, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let [text, errors] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk
  })
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk
  })
  const ended = new Promise<string | undefined>((resolve) => {
    child.on('close', (code, signal) => {
      if (code !== 0 && signal !== 'SIGKILL') console.error(errors)
      resolve(code === 0 ? text : undefined)
    })
  })
  return { child, ended }
}

/** mulberry32: the same seed gives the same kills, as far as the machine's timing allows. */
function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

function filesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}

/** Files that are whole, by name; not those that are being written. */
function wholeFiles(directory: string): string[] {
  return filesIn(directory).filter((name) => !name.startsWith('.') && name !== '_metadata')
}

function hashesOf(directory: string): string {
  return filesIn(directory)
    .filter((name) => !name.startsWith('.'))
    .sort()
    .map(
      (name) =>
        `${name} ${createHash('sha256')
          .update(readFileSync(join(directory, name)))
          .digest('hex')}`,
    )
    .join('\n')
}

/** Whether the directory opens as a savepoint. */
async function opens(directory: string): Promise<boolean> {
  try {
    const snapshot = await openSnapshot(directory)
    await snapshot.close()
    return true
  } catch {
    return false
  }
}

/** Reads all entries: the count, and the sum of key xor value modulo 2^64. */
async function sumOf(directory: string): Promise<{ rows: number; sum: bigint }> {
  const snapshot = await openSnapshot(directory)
  let [rows, sum] = [0, 0n]
  for await (const { key, value } of snapshot.operator('op').state('v').entries()) {
    rows++
    sum = BigInt.asUintN(64, sum + ((key as bigint) ^ (value as bigint)))
  }
  await snapshot.close()
  return { rows, sum }
}

type Point = 'any time' | 'after the first file' | 'before _metadata'

async function main(): Promise<void> {
  const [rows = '5000000', rounds = '50', seed = '1', log] = process.argv.slice(2)
  const random = randomOf(Number(seed))
  const base = join(tmpdir(), `kobel-kill-${process.pid}`)
  const say = (text: string): void => {
    console.log(text)
    if (log !== undefined) appendFileSync(log, `${text}\n`)
  }
  const round = new Round(base, rows)

  const begun = Date.now()
  await round.writeMissing()
  if (!(await round.commit())) throw new Error('the first round failed')
  const duration = Date.now() - begun
  const whole = hashesOf(base)
  let expected = 0n
  for (let i = 0n; i < BigInt(rows); i++) expected += i ^ (i * 31n + 7n)
  const { rows: found, sum } = await sumOf(base)
  if (found !== Number(rows) || sum !== BigInt.asUintN(64, expected)) throw new Error(`${found} rows, sum ${sum}`)
  say(`seed ${seed}: ${rows} rows in ${whole.split('\n').length} files, ${duration} ms; read back, sum ${sum}`)
  round.clear()

  const counts = { afterFirst: 0, beforeMetadata: 0, whole: 0, absent: 0 }
  for (let i = 1; i <= Number(rounds); i++) {
    const point: Point = i % 4 === 0 ? 'before _metadata' : i % 4 === 1 ? 'after the first file' : 'any time'
    const told = await round.kill(point, random, duration)
    const files = wholeFiles(base).length
    const hasMetadata = filesIn(base).includes('_metadata')
    if (files > 0 && !hasMetadata) counts.afterFirst++
    if (files === PARALLELISM && !hasMetadata) counts.beforeMetadata++
    const isOpen = await opens(base)
    if (isOpen && hashesOf(base) !== whole) throw new Error(`round ${i}: the target opens with other contents`)
    counts[isOpen ? 'whole' : 'absent']++
    if (!isOpen) {
      await round.writeMissing()
      if (!(await round.commit())) throw new Error(`round ${i}: the second attempt failed`)
    }
    if (hashesOf(base) !== whole) throw new Error(`round ${i}: after the second attempt the contents are others`)
    const left = filesIn(base).length - whole.split('\n').length
    if (left !== 0) throw new Error(`round ${i}: ${left} files were left`)
    say(`${i}: ${told}: ${files} whole files, ${isOpen ? 'the savepoint was whole' : 'no savepoint'}; then whole`)
    round.clear()
  }
  say(
    `${rounds} kills: ${counts.afterFirst} after the first file, ${counts.beforeMetadata} of them between the last file and _metadata; ${counts.absent} left no savepoint, ${counts.whole} a whole one`,
  )
}

class Round {
  private readonly directory: string
  private readonly rows: string
  private readonly handles: (string | undefined)[] = []

  constructor(directory: string, rows: string) {
    this.directory = directory
    this.rows = rows
  }

  private startMissing(): Running[] {
    return Array.from({ length: WORKERS }, (_, i) => i)
      .filter((i) => this.handles[i] === undefined)
      .map((i) => {
        const running = start(['worker', this.directory, String(i), this.rows])
        running.ended.then((text) => {
          this.handles[i] = text
        })
        return running
      })
  }

  async writeMissing(): Promise<void> {
    await Promise.all(this.startMissing().map((each) => each.ended))
  }

  private startCommit(): Running {
    const file = `${this.directory}.handles`
    writeFileSync(file, JSON.stringify(this.handles.map((text) => JSON.parse(text!) as WriteHandle)))
    return start(['commit', this.directory, file])
  }

  async commit(): Promise<boolean> {
    return (await this.startCommit().ended) !== undefined
  }

  /** Kills one program at a random point; says which. */
  async kill(point: Point, random: () => number, duration: number): Promise<string> {
    const running = this.startMissing()
    const victim = running[Math.floor(random() * running.length)]!
    const wait = random()
    if (point === 'before _metadata') {
      await Promise.all(running.map((each) => each.ended))
      const committing = this.startCommit()
      const ms = Math.floor(wait * 1200)
      await Promise.race([setTimeout(ms), committing.ended])
      committing.child.kill('SIGKILL')
      await committing.ended
      return `commit killed after ${ms} ms`
    }
    if (point === 'after the first file') {
      const isLive = (): boolean => running.some(({ child }) => child.exitCode === null)
      while (wholeFiles(this.directory).length === 0 && isLive()) await setTimeout(1)
    }
    const ms = Math.floor(wait * (point === 'any time' ? duration : duration / 10))
    await Promise.race([setTimeout(ms), victim.ended])
    victim.child.kill('SIGKILL')
    const isDone = (await victim.ended) !== undefined
    await Promise.all(running.map((each) => each.ended))
    return `worker ${isDone ? 'was done before it could be killed' : `killed after ${ms} ms`}, ${point}`
  }

  clear(): void {
    rmSync(this.directory, { recursive: true, force: true })
    rmSync(`${this.directory}.handles`, { force: true })
    this.handles.length = 0
  }
}

const [role, directory, third, fourth] = process.argv.slice(2)
if (role === 'worker') await work(directory!, Number(third), Number(fourth))
else if (role === 'commit') {
  const { commit, mergeHandles } = await import('../src/node/index.ts')
  const handles = JSON.parse(readFileSync(third!, 'utf8')) as WriteHandle[]
  await commit(new WritableFileStore(), directory!, PLAN, mergeHandles(handles), { clean: true })
} else await main()
