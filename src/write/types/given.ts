import { fromBase64 } from '../../bytes/encoding.ts'
import { KobelError } from '../../error.ts'
import { readWithExtents } from '../../serializer/extents.ts'
import { readSerializerSnapshot } from '../../serializer/snapshot.ts'
import { SERIALIZER_TABLE } from '../../serializer/table.ts'
import { type TypeForm, textOf, wrongType } from './form.ts'

/** Types whose serializer snapshot is at hand already. */

/** `{ "snapshot": BASE64 }`: a serializer snapshot in the form of plans, i32 2 first. */
const SNAPSHOT: TypeForm = {
  member: 'snapshot',
  others: ['class'],
  build: ({ snapshot, class: given }, at) => {
    try {
      const bytes = fromBase64(textOf(snapshot, at, 'snapshot'))
      const read = readWithExtents(bytes, bytes.length, SERIALIZER_TABLE, readSerializerSnapshot)
      return { snapshot: read, ...(given !== undefined && { javaClass: textOf(given, at, 'class') }) }
    } catch (error) {
      if (!(error instanceof KobelError)) throw error
      throw wrongType(at, `snapshot is no serializer snapshot: ${error.message}`)
    }
  },
}

/** `{ "of": { "snapshot": PATH, "operator", "state" } }` has to be looked up, which takes time (`references.ts`). */
const OF: TypeForm = {
  member: 'of',
  build: (_, at) => {
    throw wrongType(at, 'the type of another savepoint was not looked up: call resolveTypes first')
  },
}

export const GIVEN_FORMS: readonly TypeForm[] = [SNAPSHOT, OF]
