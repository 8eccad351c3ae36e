import type { AssertionResult } from './run.ts'

/** The Test Anything Protocol, version 14: a line a result, details of failures as YAML. */
export async function* tapLines(
  results: AsyncIterable<AssertionResult>,
  total: number,
): AsyncGenerator<string, void, undefined> {
  yield 'TAP version 14'
  yield `1..${total}`
  let number = 0
  for await (const result of results) {
    // A `#` would begin a directive.
    const name = result.name.replaceAll('\\', '\\\\').replaceAll('#', '\\#').replaceAll('\n', ' ')
    yield `${result.ok ? 'ok' : 'not ok'} ${++number} - ${name}`
    if (result.ok) continue
    yield '  ---'
    yield `  message: ${JSON.stringify(result.message)}`
    yield `  line: ${result.line}`
    if (result.rows) {
      yield '  rows:'
      for (const row of result.rows) yield `    - ${JSON.stringify(row)}`
    }
    yield '  ...'
  }
}

/** The XML of JUnit, as build servers read it. */
export function junitXml(file: string, results: readonly AssertionResult[]): string {
  const failures = results.filter((each) => !each.ok).length
  const seconds = (milliseconds: number): string => (milliseconds / 1000).toFixed(3)
  const total = results.reduce((sum, each) => sum + each.milliseconds, 0)
  const cases = results.map((each) => {
    const open = `  <testcase classname="${xml(file)}" name="${xml(each.name)}" time="${seconds(each.milliseconds)}"`
    if (each.ok) return `${open}/>`
    const rows = (each.rows ?? []).map((row) => `${JSON.stringify(row)}\n`).join('')
    return `${open}>\n    <failure message="${xml(each.message ?? '')}">${xml(rows)}</failure>\n  </testcase>`
  })
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuite name="${xml(file)}" tests="${results.length}" failures="${failures}" time="${seconds(total)}">`,
    ...cases,
    '</testsuite>',
  ].join('\n')
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** XML 1.0 has no place for most control characters. */
function xml(text: string): string {
  const clean = [...text].filter((character) => character >= ' ' || '\t\n'.includes(character)).join('')
  return clean.replace(/[&<>"]/g, (character) => ENTITIES[character]!)
}
