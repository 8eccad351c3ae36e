import { compareBytes } from '../../bytes/encoding.ts'
import { appendNull, appendText, newBytesColumn } from '../../serializer/columns.ts'
import type { Bindings } from './bindings.ts'
import type { fillVector } from './fill.ts'
import { createVectorReader } from './read.ts'
import { TYPE_IDS } from './types.ts'

const TEXTS: readonly (string | null)[] = [
  '',
  'a',
  'twelve bytes',
  null,
  'thirteen byte',
  'long texts with ümlauts, and 🐿 beyond',
  'abc',
]

/**
 * Whether texts whose headers are written here are what DuckDB's own function makes of them: the same lengths, the same
 * bytes in the header, and behind the address the same text. Where not, `assign` is the way that always works.
 */
export function checkArena(duckdb: Bindings, fill: typeof fillVector): boolean {
  const column = newBytesColumn('utf8')
  for (const text of TEXTS) {
    if (text === null) appendNull(column)
    else appendText(column, text)
  }
  const type = duckdb.create_logical_type(TYPE_IDS.VARCHAR)
  const chunk = duckdb.create_data_chunk([type, type])
  duckdb.data_chunk_set_size(chunk, TEXTS.length)
  const range = { start: 0, count: TEXTS.length }
  const [own, theirs] = [0, 1].map((i) => duckdb.data_chunk_get_vector(chunk, i))
  fill({ duckdb, texts: 'arena' }, own!, { id: 'VARCHAR' }, column, range)
  fill({ duckdb, texts: 'assign' }, theirs!, { id: 'VARCHAR' }, column, range)
  const read = createVectorReader(duckdb, type)
  const [ownTexts, theirTexts] = [read(own!, TEXTS.length), read(theirs!, TEXTS.length)]
  const [ownHeaders, theirHeaders] = [own!, theirs!].map((each) => duckdb.vector_get_data(each, TEXTS.length * 16))
  return TEXTS.every((text, i) => {
    if (ownTexts[i] !== text || theirTexts[i] !== text) return false
    if (text === null) return true
    const bytes = new TextEncoder().encode(text).length > 12 ? 8 : 16
    return (
      compareBytes(ownHeaders!.subarray(i * 16, i * 16 + bytes), theirHeaders!.subarray(i * 16, i * 16 + bytes)) === 0
    )
  })
}
