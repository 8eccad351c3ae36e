import type { Reader } from '../../bytes/reader.ts'
import { fixedLength, type Layout } from '../layout.ts'
import { skipBigInteger } from '../numbers.ts'
import { skipFlinkString } from '../strings.ts'
import { forBlocks, MAX_DEPTH, readCount, tooDeep } from './limits.ts'
import { POJO_EXACT, POJO_NULL, pojoSubclass } from './pojo-flags.ts'
import { extentFromTail, fieldTail, maskBit, minimumOf, readMask } from './read.ts'
import { taggedCase } from './tagged.ts'
import { unionBranch } from './union.ts'

/** Moves the reader behind one value without making it. `tail` and errors as in `readValue`. */
export function skipValue(layout: Layout, reader: Reader, tail = -1, depth = 0): void {
  const fixed = fixedLength(layout)
  if (fixed >= 0) return reader.skip(fixed)
  if (depth > MAX_DEPTH) throw tooDeep(reader)
  switch (layout.op) {
    case 'string':
      return skipFlinkString(reader, layout.notNull)
    case 'chars':
      return reader.skip(2 * reader.count('characters', 2))
    case 'utf8':
    case 'bytes':
    case 'sized':
      return reader.skip(reader.count('bytes'))
    case 'bigInteger':
      skipBigInteger(reader)
      return
    case 'bigDecimal':
      if (skipBigInteger(reader)) reader.skip(4)
      return
    case 'tuple':
      return skipFields(layout.fields, reader, tail, depth)
    case 'object':
      return skipFields(
        layout.fields.map((field) => field.layout),
        reader,
        tail,
        depth,
      )
    case 'row': {
      const ahead = layout.rowKind ? 2 : 0
      const mask = reader.take((ahead + layout.fields.length + 7) >> 3)
      const present = layout.fields.filter((_, i) => !maskBit(mask, ahead + i))
      return skipFields(present, reader, tail, depth)
    }
    case 'pojo':
      return skipPojo(layout, reader, tail, depth)
    case 'list':
      return skipList(layout, reader, depth)
    case 'maskedList': {
      const { count, mask } = readMask(reader)
      for (let i = 0; i < count; i++) if (!maskBit(mask, i)) skipValue(layout.element, reader, -1, depth + 1)
      return
    }
    case 'map': {
      const count = readCount(reader, 'map entries', minimumOf(layout.key, layout.keyFlag || layout.valueFlag), depth)
      for (let i = 0; i < count; i++) {
        if (!(layout.keyFlag && reader.bool())) skipValue(layout.key, reader, -1, depth + 1)
        if (!(layout.valueFlag && reader.bool())) skipValue(layout.value, reader, -1, depth + 1)
      }
      return
    }
    case 'nullable':
      if ((reader.bool() ? 1 : 0) === layout.nullWhen) return reader.skip(layout.padding)
      return skipValue(layout.inner, reader, tail, depth + 1)
    case 'tagged':
      return skipValue(taggedCase(layout, reader).layout, reader, tail, depth + 1)
    case 'union':
      return skipValue(unionBranch(layout, reader), reader, tail, depth + 1)
    case 'blockList': {
      const element = fixedLength(layout.element)
      return forBlocks(reader, minimumOf(layout.element, false), depth, (count) => {
        if (element >= 0) return reader.skip(count * element)
        for (let i = 0; i < count; i++) skipValue(layout.element, reader, -1, depth + 1)
      })
    }
    case 'blockMap':
      return forBlocks(reader, 4, depth, (count) => {
        for (let i = 0; i < count; i++) {
          reader.skip(reader.count('bytes of a key'))
          skipValue(layout.value, reader, -1, depth + 1)
        }
      })
    case 'ttl':
      reader.skip(8)
      return skipValue(layout.value, reader, tail, depth + 1)
    case 'codec':
      return layout.codec.skip(reader, tail)
    case 'unknown':
      return reader.skip(extentFromTail(layout.className, reader, tail))
  }
}

function skipList(layout: Layout & { op: 'list' }, reader: Reader, depth: number): void {
  const count = readCount(reader, 'elements', minimumOf(layout.element, layout.flag !== undefined), depth)
  const element = layout.flag === undefined ? fixedLength(layout.element) : -1
  if (element >= 0) return reader.skip(count * element)
  for (let i = 0; i < count; i++) {
    const isNull = layout.flag !== undefined && reader.bool() === (layout.flag === 'isNull')
    if (!isNull) skipValue(layout.element, reader, -1, depth + 1)
  }
}

function skipFields(fields: readonly Layout[], reader: Reader, tail: number, depth: number): void {
  for (let i = 0; i < fields.length; i++) {
    skipValue(fields[i]!, reader, tail < 0 ? -1 : fieldTail(fields, i, tail), depth + 1)
  }
}

function skipPojo(layout: Layout & { op: 'pojo' }, reader: Reader, tail: number, depth: number): void {
  const flags = reader.u8()
  if (flags === POJO_NULL) return
  if (flags !== POJO_EXACT) return skipValue(pojoSubclass(layout, flags, reader).layout, reader, tail, depth + 1)
  const last = layout.fields.length - 1
  for (let i = 0; i <= last; i++) {
    if (!reader.bool()) skipValue(layout.fields[i]!.layout, reader, i === last ? tail : -1, depth + 1)
  }
}
