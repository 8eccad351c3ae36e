import type { BytesColumn, Column, ListColumn, StructColumn } from './columns.ts'
import { type Code, GIVE_UP, growCode } from './compile.ts'
import { skipCode, varintCode } from './compile-skip.ts'
import { casePlan, isText, pojoPlan } from './interpreter/column-plan.ts'
import { POJO_EXACT, POJO_NULL } from './interpreter/pojo-flags.ts'
import { minimumOf, ROW_KINDS } from './interpreter/read.ts'
import { fixedLength, type Layout, type LayoutField } from './layout.ts'
import type { Selection } from './select.ts'

/** A value at `p` for which code is made. `row` and `end` are expressions: where it goes, and what it may not go beyond. */
export interface Part {
  readonly layout: Layout
  readonly selection: Selection
  /** Undefined: the value is skipped. */
  readonly column: Column | undefined
  readonly row: string
  readonly end: string
  /** Nothing is read behind the value: it need not be skipped to its end. */
  readonly open?: boolean
}

/** More elements than the shortest row could justify are not believed: empty ones are left to the interpreter. */
const isCountable = (layout: Layout, flag: boolean): boolean => minimumOf(layout, flag) > 0

/** Statements that append the value at `p` to its column, or skip it; afterwards `p` is behind it. */
export function compileField(code: Code, part: Part): string {
  const { layout, column } = part
  if (column === undefined) return skipCode(code, layout, part.end)
  const flat = flatCode(code, layout, column, part)
  if (flat !== undefined) return flat
  if (column.kind === 'utf8' || column.kind === 'binary') return textCode(code, layout, column, part)
  return nestedCode(code, part, column) ?? opaque(code, part)
}

// --- numbers -------------------------------------------------------------------------------------------------------

/** The name of a typed array that a statement before the loop sets. */
function values(code: Code, column: Column, member = 'values'): string {
  const index = code.column(column)
  const name = `${member === 'values' ? 'v' : 'o'}${index}`
  code.before(`const ${name} = C[${index}].${member}`)
  return name
}

function words(code: Code, column: Column): string {
  const index = code.column(column)
  const name = `w${index}`
  code.before(
    `const ${name} = new Int32Array(C[${index}].values.buffer, C[${index}].values.byteOffset, C[${index}].values.length * 2)`,
  )
  return name
}

const NUMBERS: Readonly<Partial<Record<Layout['op'], readonly [kind: Column['kind'], read: string, length: number]>>> =
  {
    i8: ['int8', 'd.getInt8(p)', 1],
    i16: ['int16', 'd.getInt16(p)', 2],
    i32: ['int32', 'd.getInt32(p)', 4],
    f32: ['float32', 'd.getFloat32(p)', 4],
    f64: ['float64', 'd.getFloat64(p)', 8],
  }

function flatCode(code: Code, layout: Layout, column: Column, { row }: Part): string | undefined {
  const number = NUMBERS[layout.op]
  if (number && column.kind === number[0]) return `${values(code, column)}[${row}] = ${number[1]}; p += ${number[2]};\n`
  if (layout.op === 'boolean' && column.kind === 'boolean') {
    const [v, t] = [values(code, column), code.name('t')]
    return `const ${t} = b[p++]; if (${t} > 1) ${GIVE_UP}
if (${t}) ${v}[${row} >> 3] |= 1 << (${row} & 7); else ${v}[${row} >> 3] &= ~(1 << (${row} & 7));\n`
  }
  if ((layout.op === 'i64' || layout.op === 'millis') && column.kind === 'int64') {
    const w = words(code, column)
    const [high, low] = [code.name('t'), code.name('t')]
    const flip = layout.op === 'i64' && layout.flipped ? ' ^ 0x80000000' : ''
    const isNull =
      layout.op === 'millis'
        ? `if (${high} === -2147483648 && ${low} === 0) nullRow(${code.column(column)}, ${row}); else `
        : ''
    return `const ${high} = d.getInt32(p)${flip}, ${low} = d.getInt32(p + 4); p += 8;
${isNull}{ ${w}[2 * ${row}] = ${low}; ${w}[2 * ${row} + 1] = ${high}; }\n`
  }
  if (layout.op === 'constant' && column.kind === 'null') return `p += ${layout.length};\n`
  return undefined
}

// --- text ----------------------------------------------------------------------------------------------------------

/** Leaves the loop unless the column has room for `count` bytes from `from` on. */
function roomCode(code: Code, column: BytesColumn, from: string, count: string): string {
  return `if (${from} + ${count} > v${code.column(column)}.length) ${growCode(code.column(column), `${from} + ${count}`)}\n`
}

function textCode(code: Code, layout: Layout, column: BytesColumn, part: Part): string {
  const { row, end } = part
  if (column.kind === 'utf8' && !isText(layout)) return wrapperCode(code, part) ?? opaque(code, part)
  if (!TEXTS.has(layout.op)) return wrapperCode(code, part) ?? opaque(code, part)
  const [v, o, n, q] = [values(code, column), values(code, column, 'offsets'), code.name('n'), code.name('q')]
  const index = code.column(column)
  const begin = `let ${q} = ${o}[${row}]\n`
  const finish = `${o}[${row} + 1] = ${q}\n`
  const room = (count: string) => roomCode(code, column, q, count)
  const length = (each: number) =>
    `const ${n} = d.getInt32(p); p += 4; if (${n} < 0 || ${each === 1 ? n : `${n} * ${each}`} > ${end} - p) ${GIVE_UP}\n`
  switch (layout.op) {
    case 'string':
      return flinkString(code, layout.notNull === true, index, { v, o, row, end, q, n }, room)
    case 'char':
      return `${begin}${room('3')}${q} = chars(b, p, 1, ${v}, ${q}); p += 2;\n${finish}`
    case 'chars':
      return `${length(2)}${begin}${room(`${n} * 3`)}${q} = chars(b, p, ${n}, ${v}, ${q}); p += 2 * ${n}\n${finish}`
    case 'utf8':
      return `${length(1)}${begin}${room(`${n} * 3`)}${q} = utf8(b, p, ${n}, ${v}, ${q}); p += ${n}\n${finish}`
    case 'bytes':
      return `${length(1)}${begin}${room(n)}${copyCode(v, q, n)}${finish}`
    case 'fixedBytes':
      return `const ${n} = ${layout.length}; if (${n} > ${end} - p) ${GIVE_UP}\n${begin}${room(n)}${copyCode(v, q, n)}${finish}`
    case 'enum': {
      const names = layout.constants.map((name) => new TextEncoder().encode(name))
      const t = code.name('t')
      return `const ${t} = ${code.constant(names)}[d.getInt32(p)]; p += 4; if (${t} === undefined) ${GIVE_UP}
${begin}${room(`${t}.length`)}for (let j = 0; j < ${t}.length; j++) ${v}[${q}++] = ${t}[j]\n${finish}`
    }
    default:
      return opaque(code, part)
  }
}

const TEXTS: ReadonlySet<Layout['op']> = new Set<Layout['op']>([
  'string',
  'char',
  'chars',
  'utf8',
  'bytes',
  'fixedBytes',
  'enum',
])

function copyCode(v: string, q: string, n: string): string {
  return `if (${n} > 32) { ${v}.set(b.subarray(p, p + ${n}), ${q}); p += ${n}; ${q} += ${n}; } else for (let j = 0; j < ${n}; j++) ${v}[${q}++] = b[p++]\n`
}

interface TextNames {
  readonly v: string
  readonly o: string
  readonly row: string
  readonly end: string
  readonly q: string
  readonly n: string
}

/** Four bytes at a time while they are ASCII, which most text is; the last four may have been moved in part before. */
function flinkString(
  code: Code,
  notNull: boolean,
  index: number,
  { v, o, row, end, q, n }: TextNames,
  room: (count: string) => string,
): string {
  const view = `x${index}`
  code.before(`const ${view} = new DataView(v${index}.buffer, v${index}.byteOffset, v${index}.byteLength)`)
  const [t, z] = [code.name('t'), code.name('z')]
  const body = `${notNull ? '' : `${n}--\n`}if (${n} > ${end} - p) ${GIVE_UP}
let ${q} = ${o}[${row}]
${room(`${n} * 3`)}if (${n} >= 4) {
const ${z} = p + ${n} - 4
let ${t} = 0
for (; p < ${z}; p += 4, ${q} += 4) { ${t} = d.getInt32(p, true); if (${t} & 0x80808080) break; ${view}.setInt32(${q}, ${t}, true); }
if (p >= ${z} && ((${t} = d.getInt32(${z}, true)) & 0x80808080) === 0) { ${q} += ${z} - p; ${view}.setInt32(${q}, ${t}, true); ${q} += 4; p = ${z} + 4; ${n} = 0; }
else ${n} = ${z} + 4 - p
}
while (${n} > 0) { const ${t} = b[p]; if (${t} >= 128) break; ${v}[${q}++] = ${t}; p++; ${n}--; }
if (${n} > 0) { ${q} = units(b, p, ${end}, ${n}, ${v}, ${q}, Q); if (${q} < 0) ${GIVE_UP} p = Q.p; }
${o}[${row} + 1] = ${q}\n`
  if (notNull) return `${varintCode(n)}${body}`
  return `${varintCode(n)}if (${n} === 0) nullRow(${index}, ${row}); else {\n${body}}\n`
}

// --- the interpreter's -----------------------------------------------------------------------------------------------

/** Calls the interpreter for this value. */
function opaque(code: Code, { layout, column, row, end }: Part): string {
  const constant = code.constantIndex(layout)
  return `p = appendOpaque(${code.column(column!)}, ${constant}, b, p, ${end}, ${row}); if (p < 0) ${GIVE_UP}\n`
}

// --- records -------------------------------------------------------------------------------------------------------

function nestedCode(code: Code, part: Part, column: Column): string | undefined {
  const { layout } = part
  switch (layout.op) {
    case 'tuple':
      return fieldsCode(code, layout.fields, part, column as StructColumn)
    case 'object':
      return fieldsCode(
        code,
        layout.fields.map((field) => field.layout),
        part,
        column as StructColumn,
      )
    case 'ttl':
      return fieldsCode(code, [{ op: 'i64' }, layout.value], part, column as StructColumn)
    case 'row':
      return rowCode(code, layout, part, column as StructColumn)
    case 'pojo': {
      const plan = pojoPlan(layout)
      if (plan.hasClass || plan.fields.length !== layout.fields.length) return undefined
      return pojoCode(code, layout.fields, part, column as StructColumn)
    }
    case 'list':
    case 'maskedList':
    case 'map':
      return listCode(code, layout, part, column as ListColumn)
    default:
      return wrapperCode(code, part)
  }
}

/** The children of a struct by the index of the field, and the last field that is wanted. */
function childrenOf(
  { selection }: Part,
  column: StructColumn,
  count: number,
): { readonly of: (i: number) => { selection: Selection; column: Column } | undefined; readonly last: number } {
  if (selection === true) {
    return { of: (i) => ({ selection: true, column: column.children[i]!.column }), last: count - 1 }
  }
  const indices = [...selection.keys()].sort((a, b) => a - b)
  return {
    of: (i) => {
      const place = indices.indexOf(i)
      return place < 0 ? undefined : { selection: selection.get(i)!, column: column.children[place]!.column }
    },
    last: indices.at(-1) ?? -1,
  }
}

function fieldsCode(code: Code, fields: readonly Layout[], part: Part, column: StructColumn): string {
  const { of, last } = childrenOf(part, column, fields.length)
  const parts: string[] = []
  fields.forEach((layout, i) => {
    if (part.open && i > last) return
    const child = of(i)
    const open = part.open === true && i === last
    parts.push(
      block(
        compileField(code, {
          layout,
          selection: child?.selection ?? true,
          column: child?.column,
          row: part.row,
          end: part.end,
          open,
        }),
      ),
    )
  })
  return parts.join('')
}

function block(statements: string): string {
  return `{ ${statements}}\n`
}

function pojoCode(code: Code, fields: readonly LayoutField[], part: Part, column: StructColumn): string {
  const { of, last } = childrenOf(part, column, fields.length)
  const parts = fields.map(({ layout }, i) => {
    if (part.open && i > last) return ''
    const child = of(i)
    const open = part.open === true && i === last
    const t = code.name('t')
    const inner = compileField(code, {
      layout,
      selection: child?.selection ?? true,
      column: child?.column,
      row: part.row,
      end: part.end,
      open,
    })
    const isNull = child ? `nullRow(${code.column(child.column)}, ${part.row});` : ''
    return `{ const ${t} = b[p++]; if (${t} === 0) {\n${inner}} else { if (${t} !== 1) ${GIVE_UP} ${isNull} } }\n`
  })
  const t = code.name('t')
  return `const ${t} = b[p++]; if (${t} === ${POJO_EXACT}) {
${parts.join('')}} else { if (${t} !== ${POJO_NULL}) ${GIVE_UP} nullRow(${code.column(column)}, ${part.row}); }\n`
}

const KINDS: readonly Uint8Array[] = ROW_KINDS.map((kind) => new TextEncoder().encode(kind))

function rowCode(code: Code, layout: Layout & { op: 'row' }, part: Part, column: StructColumn): string {
  const ahead = layout.rowKind ? 2 : 0
  const { row, end } = part
  const { of } = childrenOf(part, column, layout.fields.length + 1)
  const [mask, q] = [code.name('t'), code.name('q')]
  const bytes = (ahead + layout.fields.length + 7) >> 3
  const parts = [`const ${mask} = p; p += ${bytes}; if (p > ${end}) ${GIVE_UP}\n`]
  const bit = (i: number) => `(b[${mask} + ${i >> 3}] & ${0x80 >> (i & 7)})`
  const kind = of(0)
  if (kind) {
    const text = kind.column as BytesColumn
    const [v, o] = [values(code, text), values(code, text, 'offsets')]
    const t = code.name('t')
    const index = layout.rowKind ? `(${bit(0)} ? 1 : 0) + (${bit(1)} ? 2 : 0)` : '0'
    parts.push(`{ let ${q} = ${o}[${row}]
${roomCode(code, text, q, '2')}const ${t} = ${code.constant(KINDS)}[${index}]; ${v}[${q}++] = ${t}[0]; ${v}[${q}++] = ${t}[1]; ${o}[${row} + 1] = ${q}; }\n`)
  }
  layout.fields.forEach((field, i) => {
    const child = of(i + 1)
    const inner = compileField(code, {
      layout: field,
      selection: child?.selection ?? true,
      column: child?.column,
      row,
      end,
    })
    const isNull = child ? `nullRow(${code.column(child.column)}, ${row});` : ''
    parts.push(`if (${bit(ahead + i)}) { ${isNull} } else {\n${inner}}\n`)
  })
  return parts.join('')
}

// --- lists ---------------------------------------------------------------------------------------------------------

function listCode(
  code: Code,
  layout: Layout & { op: 'list' | 'maskedList' | 'map' },
  part: Part,
  column: ListColumn,
): string | undefined {
  const { row, end } = part
  const child = column.child.column
  const [n, k, j, mask, t] = [code.name('n'), code.name('k'), code.name('j'), code.name('t'), code.name('t')]
  const flag =
    layout.op === 'map' ? layout.keyFlag || layout.valueFlag : layout.op === 'list' && layout.flag !== undefined
  const isMasked = layout.op === 'maskedList'
  if (!isMasked && !isCountable(layout.op === 'map' ? layout.key : layout.element, flag)) return undefined
  const o = values(code, column, 'offsets')
  const index = code.column(column)
  const room = roomName(code, child)
  const least = layout.op === 'list' && !flag ? Math.max(1, fixedLength(layout.element)) : 1
  const head = `const ${n} = d.getInt32(p); p += 4; if (${n} < 0 || ${isMasked ? `(${n} + 7) >>> 3` : `${least} * ${n}`} > ${end} - p) ${GIVE_UP}
${isMasked ? `const ${mask} = p; p += (${n} + 7) >>> 3\n` : ''}let ${k} = ${o}[${row}]
if (${k} + ${n} > ${room}) ${growCode(index, `${k} + ${n}`)}\n`
  const one = (each: Layout, to: Column): string =>
    compileField(code, { layout: each, selection: true, column: to, row: k, end })
  const isNull = (to: Column) => `nullRow(${code.column(to)}, ${k});`
  let body: string
  if (layout.op === 'map') {
    const [keys, mapped] = (child as StructColumn).children
    const slot = (each: Layout, to: Column, has: boolean): string =>
      has ? flagged(code.name('t'), '1', isNull(to), one(each, to)) : block(one(each, to))
    body = slot(layout.key, keys!.column, layout.keyFlag) + slot(layout.value, mapped!.column, layout.valueFlag)
  } else if (isMasked) {
    body = `if (b[${mask} + (${j} >> 3)] & (128 >> (${j} & 7))) { ${isNull(child)} } else {\n${one(layout.element, child)}}\n`
  } else if (layout.op === 'list' && layout.flag !== undefined) {
    body = flagged(t, layout.flag === 'isNull' ? '1' : '0', isNull(child), one(layout.element, child))
  } else body = one(layout.element, child)
  return `${head}for (let ${j} = 0; ${j} < ${n}; ${j}++) {\n${body}${k}++ }\n${o}[${row} + 1] = ${k}\n`
}

/** The rows for which a list's child has room; arrays inside do not change within a call. */
export function roomName(code: Code, child: Column): string {
  const name = `g${code.column(child)}`
  code.before(`const ${name} = childRoom(C[${code.column(child)}])`)
  return name
}

/** A flag byte before a value. */
function flagged(t: string, nullWhen: string, whenNull: string, inner: string): string {
  return `{ const ${t} = b[p++]; if (${t} > 1) ${GIVE_UP} if (${t} === ${nullWhen}) { ${whenNull} } else {\n${inner}} }\n`
}

// --- what only wraps -----------------------------------------------------------------------------------------------

function wrapperCode(code: Code, part: Part): string | undefined {
  const { layout, row, end } = part
  const column = part.column!
  const isNull = `nullRow(${code.column(column)}, ${row});`
  switch (layout.op) {
    case 'nullable': {
      const t = code.name('t')
      if (layout.padding === 0) {
        return flagged(t, String(layout.nullWhen), isNull, compileField(code, { ...part, layout: layout.inner }))
      }
      const stop = code.name('e')
      const inner = compileField(code, { ...part, layout: layout.inner, end: stop, open: false })
      return flagged(
        t,
        String(layout.nullWhen),
        `${isNull} p += ${layout.padding};`,
        `const ${stop} = p + ${layout.padding}; if (${stop} > ${end}) ${GIVE_UP}\n${inner}if (p !== ${stop}) ${GIVE_UP}\n`,
      )
    }
    case 'sized': {
      const [n, stop] = [code.name('n'), code.name('e')]
      const inner = compileField(code, { ...part, layout: layout.inner, end: stop, open: false })
      return `const ${n} = d.getInt32(p); p += 4; if (${n} < 0 || ${n} > ${end} - p) ${GIVE_UP}
const ${stop} = p + ${n}\n${inner}if (p !== ${stop}) ${GIVE_UP}\n`
    }
    case 'union':
    case 'tagged': {
      const plan = casePlan(layout)
      if (!plan.only) return undefined
      const tags = layout.op === 'union' ? layout.branches.map((_, i) => i) : layout.cases.map((each) => each.tag)
      if (new Set(tags).size !== tags.length) return undefined
      const layouts = layout.op === 'union' ? layout.branches : layout.cases.map((each) => each.layout)
      const cases = tags.map((tag, i) => {
        const statements =
          plan.slots[i]! < 0
            ? `p += ${fixedLength(layouts[i]!)}; ${isNull}\n`
            : compileField(code, { ...part, layout: layouts[i]!, open: false })
        return `case ${tag}: {\n${statements}break }\n`
      })
      const tag = layout.op === 'union' ? 'd.getInt32((p += 4) - 4)' : 'b[p++]'
      return `switch (${tag}) {\n${cases.join('')}default: ${GIVE_UP} }\n`
    }
    default:
      return undefined
  }
}
