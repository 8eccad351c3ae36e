import type { Column, ColumnField, StructColumn } from '../../serializer/columns.ts'

/**
 * Columns copied into one buffer that can be handed to another thread, and the places in it: plain data for
 * `postMessage`. Every array begins at a multiple of 8 bytes.
 */
export interface PackedColumn {
  readonly kind: Column['kind']
  readonly unit?: 'days' | 'milliseconds' | 'nanosecondsOfDay' | undefined
  readonly length: number
  readonly validity?: Place | undefined
  readonly offsets?: Place | undefined
  readonly values?: Place | undefined
  readonly children?: readonly { readonly name: string; readonly column: PackedColumn }[] | undefined
}

/** First byte and number of bytes. */
type Place = readonly [start: number, bytes: number]

interface Packing {
  readonly arrays: { readonly at: number; readonly array: ArrayBufferView }[]
  size: number
}

/** @param take gives a buffer of at least so many bytes. */
export function packColumns(
  columns: readonly ColumnField[],
  take: (bytes: number) => ArrayBuffer,
): { buffer: ArrayBuffer; columns: { name: string; column: PackedColumn }[] } {
  const packing: Packing = { arrays: [], size: 0 }
  const packed = columns.map(({ name, column }) => ({ name, column: pack(column, packing) }))
  const buffer = take(packing.size)
  const bytes = new Uint8Array(buffer)
  for (const { at, array } of packing.arrays) {
    bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), at)
  }
  return { buffer, columns: packed }
}

function pack(column: Column, packing: Packing): PackedColumn {
  const place = (array: ArrayBufferView | undefined): Place | undefined => {
    if (array === undefined) return undefined
    const at = packing.size
    packing.arrays.push({ at, array })
    packing.size = (at + array.byteLength + 7) & ~7
    return [at, array.byteLength]
  }
  const rows = {
    kind: column.kind,
    unit: 'unit' in column ? column.unit : undefined,
    length: column.length,
    validity: place(column.validity),
  }
  switch (column.kind) {
    case 'null':
      return rows
    case 'struct':
      return { ...rows, children: column.children.map((each) => ({ ...each, column: pack(each.column, packing) })) }
    case 'list':
    case 'map': {
      const { child } = column
      return {
        ...rows,
        offsets: place(column.offsets),
        children: [{ name: child.name, column: pack(child.column, packing) }],
      }
    }
    case 'utf8':
    case 'binary':
      return { ...rows, offsets: place(column.offsets), values: place(column.values) }
    default:
      return { ...rows, values: place(column.values) }
  }
}

const ARRAYS = {
  boolean: Uint8Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  float32: Float32Array,
  float64: Float64Array,
  utf8: Uint8Array,
  binary: Uint8Array,
} as const

/** Views of the buffer. */
export function unpackColumn(packed: PackedColumn, buffer: ArrayBuffer): Column {
  const { kind, unit, length } = packed
  const validity = packed.validity && new Uint8Array(buffer, ...packed.validity)
  const children = packed.children?.map(({ name, column }) => ({ name, column: unpackColumn(column, buffer) }))
  if (kind === 'null') return { kind, length, validity }
  if (kind === 'struct') return { kind, length, validity, children: children! } satisfies StructColumn
  const offsets = packed.offsets && new Int32Array(buffer, packed.offsets[0], packed.offsets[1] >> 2)
  if (kind === 'list' || kind === 'map') return { kind, length, validity, offsets: offsets!, child: children![0]! }
  const [start, bytes] = packed.values!
  const ArrayOf = ARRAYS[kind]
  const values = new ArrayOf(buffer, start, bytes / ArrayOf.BYTES_PER_ELEMENT)
  return { kind, ...(unit && { unit }), length, validity, ...(offsets && { offsets }), values } as Column
}
