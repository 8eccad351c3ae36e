import { type Code, GIVE_UP } from './compile.ts'
import { pojoPlan } from './interpreter/column-plan.ts'
import { POJO_EXACT, POJO_NULL } from './interpreter/pojo-flags.ts'
import { fixedLength, type Layout } from './layout.ts'

/** Layouts around the one that is skipped, at most: deeper ones are the interpreter's. */
const MAX_NESTED = 12

/** Statements that move `p` behind a value of the layout. */
export function skipCode(code: Code, layout: Layout, end: string, depth = 0): string {
  const fixed = fixedLength(layout)
  if (fixed >= 0) return `p += ${fixed};\n`
  const inner = (each: Layout): string => skipCode(code, each, end, depth + 1)
  const n = code.name('n')
  const length = `const ${n} = d.getInt32(p); p += 4; if (${n} < 0 || ${n} > ${end} - p) ${GIVE_UP}\n`
  if (depth > MAX_NESTED) return opaque(code, layout, end)
  switch (layout.op) {
    case 'string':
      return `{ ${varintCode(n)}${layout.notNull ? '' : `if (${n} > 0) ${n}--\n`}if (${n} > ${end} - p) ${GIVE_UP}
while (${n} >= 4) { if (d.getInt32(p, true) & 0x80808080) break; p += 4; ${n} -= 4; }
while (${n} > 0) { if (p >= ${end}) ${GIVE_UP} if (b[p++] < 128) ${n}-- } }\n`
    case 'utf8':
    case 'bytes':
    case 'sized':
      return `{ ${length}p += ${n} }\n`
    case 'chars':
      return `{ ${length}p += 2 * ${n}; if (p > ${end}) ${GIVE_UP} }\n`
    case 'tuple':
      return layout.fields.map(inner).join('')
    case 'object':
      return layout.fields.map((field) => inner(field.layout)).join('')
    case 'ttl':
      return `p += 8;\n${inner(layout.value)}`
    case 'pojo': {
      const plan = pojoPlan(layout)
      if (plan.hasClass) break
      const t = code.name('t')
      const fields = layout.fields.map(
        (field) => `if (b[p++] === 0) {\n${inner(field.layout)}} else if (b[p - 1] !== 1) ${GIVE_UP}\n`,
      )
      return `{ const ${t} = b[p++]; if (${t} === ${POJO_EXACT}) {\n${fields.join('')}} else if (${t} !== ${POJO_NULL}) ${GIVE_UP} }\n`
    }
    case 'nullable':
      if (layout.padding > 0) break
      return `if (b[p++] !== ${layout.nullWhen}) {\nif (b[p - 1] > 1) ${GIVE_UP}\n${inner(layout.inner)}}\n`
    case 'list': {
      const element = layout.flag === undefined ? fixedLength(layout.element) : -1
      if (element > 0) return `{ ${length}p += ${element} * ${n}; if (p > ${end}) ${GIVE_UP} }\n`
      break
    }
  }
  return opaque(code, layout, end)
}

function opaque(code: Code, layout: Layout, end: string): string {
  return `p = skipOpaque(${code.constantIndex(layout)}, b, p, ${end}); if (p < 0) ${GIVE_UP}\n`
}

/** The length of a string into `n`: a varint. */
export function varintCode(n: string): string {
  return `let ${n} = b[p++]
if (${n} >= 128) { ${n} &= 127; let j = 7, y
do { y = b[p++]; ${n} += (y & 127) * 2 ** j; j += 7; } while (y >= 128 && j < 35)
if (y >= 128) ${GIVE_UP} }\n`
}
