import type { Reader } from '../../bytes/reader.ts'
import { KobelError } from '../../error.ts'
import { type Layout, type LayoutSubclass, subclassOf } from '../layout.ts'

/** The flags byte of `PojoSerializer`. */
export const POJO_NULL = 1
export const POJO_EXACT = 2
export const POJO_SUBCLASS = 4
export const POJO_REGISTERED = 8

/** The subclass that the flags select, read from the tag or class name at the reader. */
export function pojoSubclass(layout: Layout & { op: 'pojo' }, flags: number, reader: Reader): LayoutSubclass {
  if (flags === POJO_REGISTERED) {
    const tag = reader.u8()
    const found = layout.registered[tag]
    if (found) return found
    throw new KobelError(
      'CORRUPT',
      `${layout.className} has ${layout.registered.length} registered subclasses, found tag ${tag}`,
      {
        offset: reader.offset - 1,
      },
    )
  }
  if (flags === POJO_SUBCLASS) {
    const className = reader.utf()
    const found = layout.subclasses.find((each) => each.className === className) ?? subclassOf(layout, className)
    // The snapshot need not list every subclass met: then the class name is known, and nothing else.
    return found ?? { className, layout: { op: 'unknown', className } }
  }
  throw new KobelError('CORRUPT', `the flags of the POJO ${layout.className} are 1, 2, 4 or 8, found ${flags}`, {
    offset: reader.offset - 1,
  })
}
