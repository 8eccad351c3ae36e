import { childrenOf, type Layout } from './layout.ts'

/**
 * Whether the JSON text of every value of this layout gives back the same bytes. False means "not always": BigInteger
 * has two byte forms, sets and maps are printed sorted, what a codec prints may leave something out.
 */
export function rendersLosslessly(layout: Layout): boolean {
  const known = KNOWN.get(layout)
  if (known !== undefined) return known
  // A layout that contains itself is as good as its other parts.
  KNOWN.set(layout, true)
  const lossless = isPlain(layout) && childrenOf(layout).every(rendersLosslessly)
  KNOWN.set(layout, lossless)
  return lossless
}

const KNOWN = new WeakMap<Layout, boolean>()

function isPlain(layout: Layout): boolean {
  switch (layout.op) {
    case 'bigInteger':
    case 'bigDecimal':
    case 'map':
    case 'codec':
    case 'unknown':
    case 'f32':
    case 'f64':
    case 'utf8':
    case 'nullable':
    case 'sqlTimestamp':
    // The branch is found again from the value; Avro may write a list in several blocks.
    case 'union':
    case 'blockList':
    case 'blockMap':
      return false
    case 'list':
      return layout.of !== 'set'
    case 'tagged':
      return layout.cases.every((each) => each.wrap !== undefined)
    case 'enum':
      return new Set(layout.constants).size === layout.constants.length
    case 'enumById':
      return new Set(layout.constants.map((each) => each.name)).size === layout.constants.length
    default:
      return true
  }
}
