import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url))

export interface Outcome {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs the command line as a user does; no terminal is there. */
export function kobel(args: readonly string[], env: Readonly<Record<string, string>> = {}): Outcome {
  const { NO_COLOR: _, FORCE_COLOR: __, COLUMNS: ___, ...rest } = process.env
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    encoding: 'utf8',
    env: { ...rest, ...env },
    maxBuffer: 1 << 28,
    // Nothing may hang.
    timeout: 120_000,
  })
  return { status, stdout, stderr }
}

/** The lines of a text that ends with a line end. */
export function linesOf(text: string): string[] {
  return text.replace(/\n$/, '').split('\n')
}
