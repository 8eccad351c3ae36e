import type { Layout } from '../layout.ts'
import type { BinaryType } from './binary-type.ts'
import { variantLayout } from './variant.ts'

/**
 * A plain layout whose values are the same as those of a SQL type, though its bytes are others: what makes columns of
 * the fields of a row, and not one text.
 */
export function shapeOf(type: BinaryType): Layout {
  switch (type.form) {
    case 'boolean':
    case 'i8':
    case 'i16':
    case 'i32':
    case 'i64':
    case 'f32':
    case 'f64':
    case 'string':
      return { op: type.form }
    case 'decimal':
      // A text that has no exponents, other than that of a BigDecimal.
      return { op: 'string' }
    case 'date':
      return { op: 'localDate' }
    case 'time':
      return { op: 'localTime' }
    case 'timestamp':
      return { op: type.local ? 'localDateTime' : 'instant' }
    case 'binary':
    case 'bitmap':
      return { op: 'bytes' }
    case 'variant':
      return variantLayout()
    case 'array':
      return { op: 'list', of: 'array', element: shapeOf(type.element), flag: 'isNull' }
    case 'map':
      return { op: 'map', key: shapeOf(type.key), value: shapeOf(type.value), keyFlag: true, valueFlag: true }
    case 'row':
      return { op: 'row', rowKind: true, fields: type.fields.map(shapeOf) }
    case 'raw':
      return rawShape(type)
    case 'word':
      return bytesOfClass(type.className)
  }
}

/** A RAW value that its serializer makes null of is kept as bytes. */
function rawShape({ inner, className }: BinaryType & { form: 'raw' }): Layout {
  return inner === undefined || inner.op === 'constant' ? bytesOfClass(className) : inner
}

function bytesOfClass(className: string): Layout {
  return { op: 'sized', inner: { op: 'unknown', className } }
}
