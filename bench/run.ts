import { spawnSync } from 'node:child_process'
import { loadavg } from 'node:os'
import { CASES, type Case } from './cases.ts'

/** Runs cases with kobel, Flink and C in turn, each in a process of its own, and prints them side by side. */
const { names, rounds, only } = readArguments(process.argv.slice(2))

interface Measured {
  readonly wall: number
  readonly cpu: number
  readonly megabytes: number
  /** CPU seconds without start-up, where the program says so. */
  readonly timed: number | undefined
}

type Runner = 'kobel' | 'flink' | 'c'

for (const each of CASES) {
  if (names.length > 0 && !names.some((name) => each.name.includes(name))) continue
  console.log(`\n${each.name}`)
  const commands: (readonly [Runner, readonly string[]])[] = [['kobel', each.kobel()]]
  if (each.c && only !== 'kobel') commands.push(['c', await each.c()])
  if (each.flink && only === undefined) commands.push(['flink', each.flink()])
  const results = new Map<Runner, Measured[]>()
  for (let round = 0; round < rounds; round++) {
    for (const [runner, command] of commands) {
      results.set(runner, [...(results.get(runner) ?? []), measure(each, command)])
    }
  }
  for (const [runner, measured] of results) console.log(line(each, runner, measured))
  compare(each, results)
}
console.log(`\nload ${loadavg()[0]!.toFixed(1)}, Node ${process.version}, best of ${rounds} by CPU seconds`)

function readArguments(args: readonly string[]): { names: string[]; rounds: number; only: string | undefined } {
  const value = (name: string): string | undefined => args.find((arg) => arg.startsWith(`--${name}=`))?.split('=')[1]
  return {
    names: args.filter((arg) => !arg.startsWith('--')),
    rounds: Number(value('rounds') ?? 3),
    only: value('only'),
  }
}

function measure({ rows, sum }: Case, command: readonly string[]): Measured {
  const format = 'measured %e %U %S %M'
  const { stdout, stderr, status } = spawnSync('/usr/bin/time', ['-f', format, ...command], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  })
  const found = /measured ([\d.]+) ([\d.]+) ([\d.]+) (\d+)/.exec(stderr)
  if (status !== 0 || !found) throw new Error(`${command.join(' ').slice(-200)} failed: ${stderr.slice(0, 2000)}`)
  if (sum !== undefined && !stdout.includes(`rows=${rows} sum=${sum}`)) {
    throw new Error(
      `${command.join(' ').slice(-200)} printed ${stdout.slice(0, 200)}, expected rows=${rows} sum=${sum}`,
    )
  }
  const [, wall, user, system, kilobytes] = found
  const timed = /timed=([\d.]+)/.exec(stdout)?.[1]
  return {
    wall: Number(wall),
    cpu: Number(user) + Number(system),
    megabytes: Number(kilobytes) / 1024,
    timed: timed === undefined ? undefined : Number(timed),
  }
}

function best(measured: readonly Measured[]): Measured {
  return measured.reduce((least, each) => (each.cpu < least.cpu ? each : least))
}

function least(measured: readonly Measured[]): number | undefined {
  const times = measured.flatMap((each) => each.timed ?? [])
  return times.length === 0 ? undefined : Math.min(...times)
}

function line({ rows }: Case, runner: Runner, measured: readonly Measured[]): string {
  const { cpu, megabytes } = best(measured)
  const walls = measured.map((each) => each.wall)
  const wall = `${Math.min(...walls).toFixed(2)} to ${Math.max(...walls).toFixed(2)} s wall`
  const rate = rows === undefined ? '' : `, ${(rows / 1e6 / cpu).toFixed(2)} M rows/s`
  const timed = least(measured)
  const without = timed === undefined ? '' : `, ${timed.toFixed(3)} s without start-up`
  return `  ${runner.padEnd(5)} ${cpu.toFixed(2)} s CPU${without}, ${wall}, ${megabytes.toFixed(0)} MB${rate}`
}

function compare({ target }: Case, results: ReadonlyMap<Runner, readonly Measured[]>): void {
  const [kobel, flink, c] = [results.get('kobel')!, results.get('flink'), results.get('c')]
  if (flink) {
    const ratio = best(flink).cpu / best(kobel).cpu
    console.log(`  ${ratio.toFixed(0)} times less CPU than Flink${goal(ratio, target?.flink, (x) => `${x} times`)}`)
  }
  const [ours, limit] = [least(kobel), c && least(c)]
  if (ours !== undefined && limit !== undefined) {
    const share = limit / ours
    const percent = (x: number): string => `${(x * 100).toFixed(0)} %`
    console.log(`  ${percent(share)} of the loop in C${goal(share, target?.c, percent)}`)
  }
}

function goal(reached: number, wanted: number | undefined, print: (x: number) => string): string {
  if (wanted === undefined) return ''
  return ` (aim ${print(wanted)}${reached >= wanted ? '' : ', missed'})`
}
