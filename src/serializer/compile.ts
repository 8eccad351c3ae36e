import type { Column } from './columns.ts'
import { GROW, IRREGULAR, newWalk, type Runtime, runtimeOf, type Walk } from './compile-runtime.ts'

/** A decoder for the columns it was made for. `Args` are the names of further arguments. */
export interface Compiled {
  readonly run: (walk: Walk, ...args: readonly unknown[]) => void
  /** Call before `run`: makes room for so many rows, also where it returned with `GROW`. */
  readonly enter: (walk: Walk, rows: number) => void
  /** Call after `run`: the columns have `rows` rows. */
  readonly leave: (rows: number) => void
}

/**
 * Decoders made by generating code from layouts. The interpreter stays the definition: generated code decodes what is
 * regular, and gives up on all else, which is then left to the interpreter. So it needs no errors of its own:
 *
 * - Reads of fixed length are not checked one by one. They cannot leave the buffer (JavaScript checks that), and a part
 *   of an entry has to end exactly where it should, or the row is given up.
 * - A length or count is compared with the bytes left before anything is done with it.
 * - Nothing grows inside of the loop, so that arrays can be held in local variables: where room is missing the function
 *   returns and is called again.
 *
 * Text from a snapshot gets into the code in no way: columns and layouts are numbered.
 */
export class Code {
  /** Columns with a row for each entry. */
  readonly roots: Column[] = []
  readonly columns: Column[] = []
  readonly constants: unknown[] = []
  private readonly prologue: string[] = []
  private names = 0

  /** A new name for a variable. */
  name(prefix: string): string {
    return `${prefix}${this.names++}`
  }

  /** Makes a value known to the code under the name that is returned. */
  constant(value: unknown): string {
    return `K[${this.constantIndex(value)}]`
  }

  constantIndex(value: unknown): number {
    const known = this.constants.indexOf(value)
    return known >= 0 ? known : this.constants.push(value) - 1
  }

  column(column: Column): number {
    const known = this.columns.indexOf(column)
    return known >= 0 ? known : this.columns.push(column) - 1
  }

  /** A statement that runs before the loop. */
  before(statement: string): void {
    if (!this.prologue.includes(statement)) this.prologue.push(statement)
  }

  /** A column that has a row for each entry. */
  root(column: Column): void {
    this.roots.push(column)
    this.column(column)
  }

  /** Makes the decoder; `loop` is labelled `L`, its variables are `p`, `r` and those of `args`. */
  build(args: readonly string[], loop: string): Compiled {
    const source = `'use strict'
const { units, utf8, chars, childRoom, nullRow, appendOpaque, skipOpaque } = E
const Q = { p: 0 }
return function (W${args.map((name) => `, ${name}`).join('')}) {
${this.prologue.join('\n')}
let p = W.p, r = W.row, i = W.i, x = ${IRREGULAR}, s = p
try {
L: ${loop}
} catch (error) { if (!(error instanceof RangeError)) throw error; x = ${IRREGULAR}; }
W.p = s; W.row = r; W.i = i; W.why = x
}`
    const runtime = runtimeOf(this.roots, this.columns, this.constants)
    const run = factoryOf(source)(runtime, this.columns, this.constants)
    warm(run, runtime, args.length)
    return { run, enter: runtime.enter, leave: runtime.leave }
  }
}

const WARM_CALLS = 32

/**
 * Calls that find no room for a row. The optimizer has then seen how the function begins and ends: otherwise what it
 * makes of the loop, which runs for long before it ends for the first time, is thrown away at each of its ends.
 */
function warm(run: Compiled['run'], runtime: Runtime, argumentCount: number): void {
  const walk = newWalk()
  runtime.enter(walk, 1)
  for (let i = 0; i < WARM_CALLS; i++) run(walk, ...new Array<number>(argumentCount).fill(0))
}

type Factory = (runtime: Runtime, columns: readonly Column[], constants: readonly unknown[]) => Compiled['run']

/** Subtasks mostly declare a state alike: then the code is the same. */
const FACTORIES = new Map<string, Factory>()
const MAX_FACTORIES = 256

function factoryOf(source: string): Factory {
  const known = FACTORIES.get(source)
  if (known) return known
  const factory = new Function('E', 'C', 'K', source) as Factory
  if (FACTORIES.size >= MAX_FACTORIES) FACTORIES.clear()
  FACTORIES.set(source, factory)
  return factory
}

let allowed: boolean | undefined

/** Whether code can be generated here: not where a content security policy forbids it, nor on a big-endian machine. */
export function canCompile(): boolean {
  allowed ??= isLittleEndian() && evaluates()
  return allowed
}

function evaluates(): boolean {
  try {
    return new Function('return 1')() === 1
  } catch {
    return false
  }
}

function isLittleEndian(): boolean {
  return new Uint8Array(Uint32Array.of(1).buffer)[0] === 1
}

/** Statement that gives the row up. */
export const GIVE_UP: string = `{ x = ${IRREGULAR}; break L }`

/** Statement that leaves the loop where a column has no room for `need` bytes or rows. */
export function growCode(column: number, need: string): string {
  return `{ x = ${GROW}; W.column = ${column}; W.need = ${need}; break L }`
}
