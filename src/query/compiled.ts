import type { KeyedStateInfo } from '../format/keyed-state.ts'
import type { Column, ListColumn } from '../serializer/columns.ts'
import { Code, type Compiled, canCompile, GIVE_UP, growCode } from '../serializer/compile.ts'
import { compileField, roomName } from '../serializer/compile-field.ts'
import { CUT, DONE, FULL, RUN_END } from '../serializer/compile-runtime.ts'
import { hasUnknown, type Layout } from '../serializer/layout.ts'
import { LIST_DELIMITER } from '../snapshot/decode.ts'
import { fits, type Target } from './append.ts'
import { holdsUnknown, type TablePart, valueLayout } from './table.ts'

/**
 * Decoders of keyed state by generated code, for the declaration of a state in one subtask. Columns of the key group and
 * subtask are left out: they are the same for many rows.
 */

/** Walks entries of a run of canonical bytes. Arguments: bytes, their DataView, end, key group, row limit. */
export function compileRun(info: KeyedStateInfo, targets: readonly Target[], prefixBytes: 1 | 2): Compiled | undefined {
  const code = start(info, targets)
  if (!code) return undefined
  const keyGroup = prefixBytes === 1 ? 'f & 127' : '(f & 127) << 8 | b[k + 1]'
  return code.build(
    ['b', 'd', 'limit', 'keyGroup', 'rows'],
    `for (;;) {
s = p
if (r >= rows) { x = ${FULL}; break }
x = ${CUT}
if (limit - p < 8) break
const k = p + 4, ke = k + d.getInt32(p)
if (ke < k + ${prefixBytes} || ke + 4 > limit) break
const ve = ke + 4 + d.getInt32(ke)
if (ve < ke + 4 || ve > limit) break
const f = b[k]
if ((${keyGroup}) !== keyGroup) break
p = k + ${prefixBytes}
${keyCode(code, info, targets)}
p = ke + 4
${valueCode(code, info, targets)}
p = ve; r++; s = p
if (f & 128) { x = ${RUN_END}; break }
}`,
  )
}

/** Walks entries of a batch. Arguments: bytes, their DataView, last entry, the offsets, row limit. */
export function compileBatch(info: KeyedStateInfo, targets: readonly Target[]): Compiled | undefined {
  const code = start(info, targets)
  if (!code) return undefined
  const part = (name: TablePart, layout: Layout | undefined, pairs: string): string => {
    const target = targets.find((each) => each.part === name)
    if (!target || !layout) return target ? nullCode(code, target.column) : ''
    const { selection, column } = target
    const end = code.name('e')
    const append = compileField(code, { layout, selection, column, row: 'r', end, open: selection !== true })
    return `p = ${pairs}[2 * i]; const ${end} = ${pairs}[2 * i + 1]\n${append}${endCode(selection !== true, end)}`
  }
  return code.build(
    ['b', 'd', 'last', 'K0', 'N0', 'M0', 'V0', 'rows'],
    `{ for (; i < last; i++) {
if (r >= rows) { x = ${FULL}; break L }
${part('key', info.key, 'K0')}${part('namespace', info.namespace, 'N0')}${part('map_key', info.mapKey, 'M0')}
p = V0[2 * i]; const ve = V0[2 * i + 1]
${valueCode(code, info, targets)}
r++ }
x = ${DONE} }`,
  )
}

/** Nothing is generated where bytes of unknown extent may occur, or a column is text for values of several types. */
function start(info: KeyedStateInfo, targets: readonly Target[]): Code | undefined {
  if (!canCompile() || !info.splits || info.kind === 'timer' || info.kind === 'unknown') return undefined
  if ([info.key, info.namespace, ...(info.mapKey ? [info.mapKey] : [])].some(hasUnknown)) return undefined
  if (holdsUnknown(info.value) || (info.kind === 'list' && info.value.op === 'unknown')) return undefined
  const code = new Code()
  for (const { part, column, selection } of targets) {
    const layout = layoutOf(info, part)
    if (layout && !fits(layout, column, selection)) return undefined
    if (layout?.op === 'unknown') return undefined
    code.root(column)
  }
  return code
}

function layoutOf(info: KeyedStateInfo, part: TablePart): Layout | undefined {
  switch (part) {
    case 'key':
      return info.key
    case 'namespace':
      return info.namespace
    case 'map_key':
      return info.mapKey
    case 'value':
      return valueLayout(info)
    default:
      return undefined
  }
}

/** What behind the last wanted part lies is not looked at. */
function endCode(isOpen: boolean, end: string): string {
  return `if (p ${isOpen ? '>' : '!=='} ${end}) ${GIVE_UP}\n`
}

function nullCode(code: Code, column: Column): string {
  return `nullRow(${code.column(column)}, r)\n`
}

/** The composite key from `p` to `ke`: see `composite-key.ts`. */
function keyCode(code: Code, info: KeyedStateInfo, targets: readonly Target[]): string {
  const parts: readonly (readonly [TablePart, Layout | undefined])[] = [
    ['key', info.key],
    ['namespace', info.namespace],
    ['map_key', info.mapKey],
  ]
  const of = (part: TablePart) => targets.find((target) => target.part === part)
  if (!parts.some(([part]) => of(part))) return ''
  const statements = parts.map(([part, layout]) => {
    const target = of(part)
    if (!layout) return target ? nullCode(code, target.column) : ''
    const begin = code.name('p')
    const append = compileField(code, {
      layout,
      selection: target?.selection ?? true,
      column: target?.column,
      row: 'r',
      end: 'ke',
    })
    const digits = info.ambiguous && part !== 'map_key' ? digitsCode(`p - ${begin}`, code.name('n')) : ''
    return `const ${begin} = p\n${append}${digits}`
  })
  return `${statements.join('')}${endCode(false, 'ke')}`
}

/** Steps over the length that stands behind a part: one byte for each digit to the base of 256. */
function digitsCode(length: string, n: string): string {
  return `const ${n} = ${length}; p += ${n} < 256 ? 1 : ${n} < 65536 ? 2 : ${n} < 16777216 ? 3 : 4\n`
}

/** The value from `p` to `ve`: see `readStateValue`. */
function valueCode(code: Code, info: KeyedStateInfo, targets: readonly Target[]): string {
  const value = targets.find((target) => target.part === 'value')
  const ttl = targets.find((target) => target.part === 'ttl_timestamp')
  if (!value && !ttl) return ''
  if (info.kind === 'list') return listCode(code, info, value?.column as ListColumn | undefined, ttl?.column)
  const isOpen = value?.selection !== true
  const time = timeCode(code, info, ttl?.column, 'r', 've')
  const append = value
    ? compileField(code, {
        layout: info.value,
        selection: value.selection,
        column: value.column,
        row: 'r',
        end: 've',
        open: isOpen,
      })
    : ''
  const body = `${time}${append}${endCode(isOpen, 've')}`
  if (info.kind !== 'map') return body
  const isNull = [value, ttl].map((target) => (target ? nullCode(code, target.column) : '')).join('')
  const flag = code.name('t')
  return `const ${flag} = b[p++]; if (${flag} === 0) {\n${body}} else { if (${flag} !== 1 || p > ve) ${GIVE_UP}\n${isNull}}\n`
}

const LONG: Layout = { op: 'i64' }

function timeCode(code: Code, info: KeyedStateInfo, column: Column | undefined, row: string, end: string): string {
  if (info.ttl) return compileField(code, { layout: LONG, selection: true, column, row, end })
  return column ? nullCode(code, column) : ''
}

function listCode(code: Code, info: KeyedStateInfo, list: ListColumn | undefined, times: Column | undefined): string {
  const timeList = times?.kind === 'list' && info.ttl ? times : undefined
  const without = times && !timeList ? nullCode(code, times) : ''
  const lists = [list, timeList].filter((each) => each !== undefined)
  const [first] = lists
  if (!first) return without
  const k = code.name('k')
  const offsets = lists.map((each) => {
    const index = code.column(each)
    code.before(`const l${index} = C[${index}].offsets`)
    return `l${index}`
  })
  const rooms = lists.map((each) => {
    const index = code.column(each)
    return `if (${k} >= ${roomName(code, each.child.column)}) ${growCode(index, `${k} + 1`)}\n`
  })
  const time = timeCode(code, info, timeList?.child.column, k, 've')
  const element = compileField(code, {
    layout: info.value,
    selection: true,
    column: list?.child.column,
    row: k,
    end: 've',
  })
  return `${without}let ${k} = ${offsets[0]}[r]
while (p < ve) {
${rooms.join('')}${time}{ ${element}}
${k}++
if (p < ve && b[p++] !== ${LIST_DELIMITER}) ${GIVE_UP}
}
${endCode(false, 've')}${offsets.map((each) => `${each}[r + 1] = ${k}\n`).join('')}`
}
