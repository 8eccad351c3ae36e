import { KobelError } from '../error.ts'

/**
 * Decompresses bzip2 (there is no specification but the program, and J. Tsai's description of its format):
 *
 *     stream = 'BZh', level 1-9 as a digit, blocks, 0x177245385090, CRC of the stream u32; the next stream may follow
 *     block  = 0x314159265359, CRC u32, randomised bit, origin 24 bits, used bytes (16 bits, 16 bits for each that is set),
 *              number of tables 3 bits, number of selectors 15 bits, selectors (unary places of a list that is reordered),
 *              tables (5 bits, then changes of code lengths), codes; 50 codes for each selector
 *
 * The codes are places of a list of bytes that is reordered too, with runs of place 0; what they give is sorted by what
 * follows each byte (Burrows and Wheeler), and four equal bytes are followed by a number of more. All bits are big-endian.
 */
const BLOCK_MAGIC = [0x314159, 0x265359] as const
const END_MAGIC = [0x177245, 0x385090] as const
const LEVEL_BYTES = 100_000
const MAX_CODE_BITS = 20
const CODES_PER_SELECTOR = 50
const MIN_TABLES = 2
const MAX_TABLES = 6

const CRC_TABLE: Uint32Array = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24
  for (let i = 0; i < 8; i++) crc = crc < 0 ? (crc << 1) ^ 0x04c11db7 : crc << 1
  return crc
})

class BitReader {
  private readonly bytes: Uint8Array
  private readonly end: number
  private at: number
  private held = 0
  private heldBits = 0

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.bytes = bytes
    this.at = start
    this.end = end
  }

  /** At most 24 bits. */
  bits(count: number): number {
    while (this.heldBits < count) {
      if (this.at >= this.end) throw new KobelError('TRUNCATED', 'bzip2: the stream ends too early')
      this.held = (this.held << 8) | this.bytes[this.at++]!
      this.heldBits += 8
    }
    this.heldBits -= count
    return (this.held >>> this.heldBits) & ((1 << count) - 1)
  }

  u32(): number {
    return ((this.bits(16) << 16) | this.bits(16)) >>> 0
  }

  /** Passes the rest of a byte; whether there are more. */
  align(): boolean {
    this.heldBits = 0
    return this.at < this.end
  }
}

/** What is decompressed so far; never more than was promised, or than is allowed where nothing was. */
class Output {
  bytes: Uint8Array
  length = 0
  readonly limit: number

  constructor(length: number | undefined, limit: number) {
    this.limit = length ?? limit
    this.bytes = new Uint8Array(length ?? 4096)
  }

  add(byte: number, count: number): void {
    const end = this.length + count
    if (end > this.limit) throw damaged(`more than ${this.limit} bytes come out`)
    if (end > this.bytes.length) {
      const grown = new Uint8Array(Math.min(this.limit, Math.max(end, 2 * this.bytes.length)))
      grown.set(this.bytes)
      this.bytes = grown
    }
    this.bytes.fill(byte, this.length, end)
    this.length = end
  }
}

/**
 * The plain bytes of `input[start, end)`.
 *
 * @param length where it is known.
 * @param limit where it is not: more is refused.
 * @throws KobelError `CORRUPT`, `TRUNCATED`, or `LIMIT` for a length that the limit does not allow.
 */
export function bunzip2(
  input: Uint8Array,
  start: number,
  end: number,
  length: number | undefined,
  limit: number,
): Uint8Array {
  if (length !== undefined && length > limit) throw new KobelError('LIMIT', `bzip2: ${length} bytes are too many`)
  const reader = new BitReader(input, start, end)
  const output = new Output(length, limit)
  do readStream(reader, output)
  while (reader.align())
  if (length !== undefined && output.length !== length) {
    throw damaged(`${output.length} bytes come out, ${length} were expected`)
  }
  return output.length === output.bytes.length ? output.bytes : output.bytes.slice(0, output.length)
}

function readStream(reader: BitReader, output: Output): void {
  if (reader.bits(24) !== 0x425a68) throw damaged('the stream does not begin with BZh')
  const level = reader.bits(8) - 0x30
  if (level < 1 || level > 9) throw damaged('the level is not a digit')
  let streamCrc = 0
  for (;;) {
    const [high, low] = [reader.bits(24), reader.bits(24)]
    const crc = reader.u32()
    if (high === END_MAGIC[0] && low === END_MAGIC[1]) {
      if (crc !== streamCrc) throw damaged('the checksum of the stream is wrong')
      return
    }
    if (high !== BLOCK_MAGIC[0] || low !== BLOCK_MAGIC[1]) throw damaged('a block was expected')
    const from = output.length
    readBlock(reader, level * LEVEL_BYTES, output)
    if (crcOf(output.bytes, from, output.length) !== crc) throw damaged('the checksum of a block is wrong')
    streamCrc = (((streamCrc << 1) | (streamCrc >>> 31)) ^ crc) >>> 0
  }
}

function crcOf(bytes: Uint8Array, start: number, end: number): number {
  let crc = -1
  for (let i = start; i < end; i++) crc = (crc << 8) ^ CRC_TABLE[(crc >>> 24) ^ bytes[i]!]!
  return ~crc >>> 0
}

function readBlock(reader: BitReader, levelBytes: number, output: Output): void {
  if (reader.bits(1) !== 0) throw damaged('randomised blocks are not supported, which no program writes since 1999')
  const origin = reader.bits(24)
  const list = readUsedBytes(reader)
  const tableCount = reader.bits(3)
  const selectorCount = reader.bits(15)
  if (list.length === 0 || tableCount < MIN_TABLES || tableCount > MAX_TABLES || selectorCount === 0) {
    throw damaged('the head of a block is damaged')
  }
  const selectors = readSelectors(reader, tableCount, selectorCount)
  const tables = Array.from({ length: tableCount }, () => readTable(reader, list.length + 2))
  // Five bytes at most stand for four, so what is allowed to come out bounds what is held.
  const room = Math.min(levelBytes, Math.ceil((output.limit - output.length) * 1.25) + 1)
  const sorted = new SortedBytes(room)
  readCodes(reader, list, selectors, tables, sorted)
  unsort(sorted, origin, output)
}

function readUsedBytes(reader: BitReader): Uint8Array {
  const groups = reader.bits(16)
  const used: number[] = []
  for (let group = 0; group < 16; group++) {
    if ((groups & (0x8000 >> group)) === 0) continue
    const members = reader.bits(16)
    for (let i = 0; i < 16; i++) if ((members & (0x8000 >> i)) !== 0) used.push(16 * group + i)
  }
  return Uint8Array.from(used)
}

function readSelectors(reader: BitReader, tableCount: number, count: number): Uint8Array {
  const order = Uint8Array.from({ length: tableCount }, (_, i) => i)
  const selectors = new Uint8Array(count)
  for (let i = 0; i < count; i++) {
    let place = 0
    while (reader.bits(1) === 1) if (++place >= tableCount) throw damaged('a selector names no table')
    selectors[i] = moveToFront(order, place)
  }
  return selectors
}

function moveToFront(list: Uint8Array, place: number): number {
  const value = list[place]!
  list.copyWithin(1, 0, place)
  list[0] = value
  return value
}

/** A canonical Huffman code: of each length the first code beyond it, and what to add to get the place of its symbol. */
interface CodeTable {
  readonly minBits: number
  readonly limits: Int32Array
  readonly bases: Int32Array
  readonly symbols: Uint16Array
}

function readTable(reader: BitReader, symbolCount: number): CodeTable {
  const lengths = new Uint8Array(symbolCount)
  let length = reader.bits(5)
  for (let symbol = 0; symbol < symbolCount; symbol++) {
    for (;;) {
      if (length < 1 || length > MAX_CODE_BITS) throw damaged('a code is too long')
      if (reader.bits(1) === 0) break
      length += reader.bits(1) === 0 ? 1 : -1
    }
    lengths[symbol] = length
  }
  const symbols = Uint16Array.from({ length: symbolCount }, (_, i) => i).sort(
    (a, b) => lengths[a]! - lengths[b]! || a - b,
  )
  const limits = new Int32Array(MAX_CODE_BITS + 1)
  const bases = new Int32Array(MAX_CODE_BITS + 1)
  let code = 0
  let place = 0
  for (let bits = 1; bits <= MAX_CODE_BITS; bits++) {
    code <<= 1
    bases[bits] = place - code
    while (place < symbolCount && lengths[symbols[place]!] === bits) {
      place++
      code++
    }
    limits[bits] = code
  }
  return { minBits: lengths[symbols[0]!]!, limits, bases, symbols }
}

function readCode(reader: BitReader, { minBits, limits, bases, symbols }: CodeTable): number {
  let bits = minBits
  let code = reader.bits(minBits)
  while (code >= limits[bits]!) {
    if (++bits > MAX_CODE_BITS) throw damaged('a code is not in its table')
    code = (code << 1) | reader.bits(1)
  }
  const symbol = symbols[code + bases[bits]!]
  if (symbol === undefined) throw damaged('a code is not in its table')
  return symbol
}

class SortedBytes {
  bytes: Uint8Array
  length = 0
  private readonly room: number

  constructor(room: number) {
    this.room = room
    this.bytes = new Uint8Array(Math.min(room, 1 << 16))
  }

  add(byte: number, count: number): void {
    const end = this.length + count
    if (end > this.room) throw damaged('a block is too long')
    if (end > this.bytes.length) {
      const grown = new Uint8Array(Math.min(this.room, Math.max(end, 2 * this.bytes.length)))
      grown.set(this.bytes)
      this.bytes = grown
    }
    this.bytes.fill(byte, this.length, end)
    this.length = end
  }
}

/** Codes 0 and 1 are digits 1 and 2, the lowest first, of how often the first of the list comes; the last code ends. */
function readCodes(
  reader: BitReader,
  list: Uint8Array,
  selectors: Uint8Array,
  tables: readonly CodeTable[],
  sorted: SortedBytes,
): void {
  const end = list.length + 1
  let run = 0
  let digit = 1
  for (const selector of selectors) {
    const table = tables[selector]!
    for (let i = 0; i < CODES_PER_SELECTOR; i++) {
      const symbol = readCode(reader, table)
      if (symbol <= 1) {
        if (digit > 1 << 21) throw damaged('a run is too long')
        run += digit << symbol
        digit <<= 1
        continue
      }
      if (run > 0) sorted.add(list[0]!, run)
      run = 0
      digit = 1
      if (symbol === end) return
      sorted.add(moveToFront(list, symbol - 1), 1)
    }
  }
  throw damaged('a block does not end')
}

/** Undoes the sorting, and the runs of four and more. */
function unsort({ bytes, length }: SortedBytes, origin: number, output: Output): void {
  if (origin >= length) throw damaged('the origin of a block lies beyond it')
  const starts = new Uint32Array(256)
  for (let i = 0; i < length; i++) starts[bytes[i]!]!++
  let sum = 0
  for (let byte = 0; byte < 256; byte++) {
    const count = starts[byte]!
    starts[byte] = sum
    sum += count
  }
  const next = new Uint32Array(length)
  for (let i = 0; i < length; i++) next[starts[bytes[i]!]!++] = i
  let at = next[origin]!
  let equal = 0
  let before = -1
  for (let i = 0; i < length; i++) {
    const byte = bytes[at]!
    at = next[at]!
    if (equal === 4) {
      output.add(before, byte)
      equal = 0
      before = -1
      continue
    }
    equal = byte === before ? equal + 1 : 1
    before = byte
    output.add(byte, 1)
  }
}

function damaged(what: string): KobelError {
  return new KobelError('CORRUPT', `bzip2: ${what}`)
}
