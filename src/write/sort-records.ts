/**
 * Records as they lie in memory and in spilled runs: `i32 key length, key, i32 value length, value`, the form of a
 * canonical entry, so that a record can be copied into the file as it is. Beside each stands a tag, which sorts before the
 * key.
 */
export interface Records {
  readonly bytes: Uint8Array
  readonly view: DataView
  /** Where each record begins. */
  readonly starts: Uint32Array
  readonly tags: Uint32Array
  readonly count: number
}

/**
 * The numbers of records by tag, then key bytes, then, where `byValue` says so of the tag, value bytes, then number.
 * Tags are counted, keys sorted by 8 bytes at a time, so that the engine's own sort of numbers does most of the work.
 */
export function sortRecords(records: Records, byValue: (tag: number) => boolean): Uint32Array {
  const { count, tags } = records
  if (areInOrder(records, byValue)) return Uint32Array.from({ length: count }, (_, i) => i)
  const order = orderByTag(tags, count)
  for (let start = 0; start < count; ) {
    const tag = tags[order[start]!]!
    let end = start + 1
    while (end < count && tags[order[end]!] === tag) end++
    sortByKey(records, order, start, end, byValue(tag))
    start = end
  }
  return order
}

/** Records that come in order, as those of a dump, need no sorting. */
function areInOrder(records: Records, byValue: (tag: number) => boolean): boolean {
  const { tags, count } = records
  for (let i = 1; i < count; i++) {
    if (tags[i - 1]! < tags[i]!) continue
    if (tags[i - 1]! > tags[i]! || compareRecords(records, i - 1, i, byValue(tags[i]!)) > 0) return false
  }
  return true
}

/** Counts the lower, then the upper half of tags: both passes keep the order of equals. */
function orderByTag(tags: Uint32Array, count: number): Uint32Array {
  let order: Uint32Array = Uint32Array.from({ length: count }, (_, i) => i)
  for (const shift of [0, 16]) {
    const counts = new Uint32Array(0x10001)
    for (let i = 0; i < count; i++) counts[((tags[i]! >>> shift) & 0xffff) + 1]!++
    if (counts.includes(count)) continue
    for (let i = 1; i < counts.length; i++) counts[i]! += counts[i - 1]!
    const next = new Uint32Array(count)
    for (let i = 0; i < count; i++) {
      const each = order[i]!
      next[counts[(tags[each]! >>> shift) & 0xffff]!++] = each
    }
    order = next
  }
  return order
}

/** Below this many, comparing is quicker. */
const FEW = 12
const LITTLE_ENDIAN: boolean = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1
const [LOW, HIGH] = LITTLE_ENDIAN ? [0, 1] : [1, 0]

function sortByKey(records: Records, order: Uint32Array, start: number, end: number, byValue: boolean): void {
  const count = end - start
  if (count < 2) return
  if (count < FEW) return insertionSort(records, order, start, end, byValue)
  const from = commonPrefix(records, order, start, end)
  const indexBits = 32 - Math.clz32(count - 1)
  const packed = new BigUint64Array(count)
  const halves = new Uint32Array(packed.buffer)
  const indexMask = 2 ** indexBits - 1
  for (let i = 0; i < count; i++) {
    const at = records.starts[order[start + i]!]!
    halves[2 * i + HIGH] = wordAt(records, at, from)
    halves[2 * i + LOW] = ((wordAt(records, at, from + 4) & ~indexMask) | i) >>> 0
  }
  packed.sort()
  const before = order.slice(start, end)
  for (let i = 0; i < count; i++) order[start + i] = before[halves[2 * i + LOW]! & indexMask]!
  for (let first = 0; first < count; ) {
    const high = halves[2 * first + HIGH]!
    const low = (halves[2 * first + LOW]! & ~indexMask) >>> 0
    let last = first + 1
    while (last < count && halves[2 * last + HIGH] === high && (halves[2 * last + LOW]! & ~indexMask) >>> 0 === low)
      last++
    if (last - first > 1) sortEqual(records, order, start + first, start + last, byValue, last - first === count)
    first = last
  }
}

/** Records whose keys are equal as far as was looked; `all`: looking on in the same way would not end. */
function sortEqual(
  records: Records,
  order: Uint32Array,
  start: number,
  end: number,
  byValue: boolean,
  all: boolean,
): void {
  if (end - start < FEW) return insertionSort(records, order, start, end, byValue)
  if (!all) return sortByKey(records, order, start, end, byValue)
  order.subarray(start, end).sort((a, b) => compareRecords(records, a, b, byValue) || a - b)
}

function insertionSort(records: Records, order: Uint32Array, start: number, end: number, byValue: boolean): void {
  for (let i = start + 1; i < end; i++) {
    const each = order[i]!
    let at = i
    while (at > start && compareRecords(records, order[at - 1]!, each, byValue) > 0) {
      order[at] = order[at - 1]!
      at--
    }
    order[at] = each
  }
}

/** How many bytes all keys begin with alike. */
function commonPrefix({ bytes, view, starts }: Records, order: Uint32Array, start: number, end: number): number {
  const first = starts[order[start]!]!
  let common = view.getUint32(first)
  for (let i = start + 1; i < end && common > 0; i++) {
    const at = starts[order[i]!]!
    const limit = Math.min(common, view.getUint32(at))
    common = 0
    while (common + 4 <= limit && view.getInt32(first + 4 + common) === view.getInt32(at + 4 + common)) common += 4
    while (common < limit && bytes[first + 4 + common] === bytes[at + 4 + common]) common++
  }
  return common
}

/** Four bytes of the key of the record at `at`, zeros behind its end. */
function wordAt({ bytes, view }: Records, at: number, from: number): number {
  const length = view.getUint32(at)
  if (from + 4 <= length) return view.getUint32(at + 4 + from)
  let word = 0
  for (let i = 0; i < 4; i++) word = (word << 8) | (from + i < length ? bytes[at + 4 + from + i]! : 0)
  return word >>> 0
}

function compareRecords(records: Records, a: number, b: number, byValue: boolean): number {
  const { bytes, view, starts } = records
  const [atA, atB] = [starts[a]!, starts[b]!]
  const [lengthA, lengthB] = [view.getUint32(atA), view.getUint32(atB)]
  const difference = compareRanges(bytes, atA + 4, lengthA, bytes, atB + 4, lengthB)
  if (difference !== 0 || !byValue) return difference
  const [valueA, valueB] = [atA + 4 + lengthA, atB + 4 + lengthB]
  return compareRanges(bytes, valueA + 4, view.getUint32(valueA), bytes, valueB + 4, view.getUint32(valueB))
}

/** Bytes as unsigned numbers; what the other begins with goes first. */
export function compareRanges(
  a: Uint8Array,
  startA: number,
  lengthA: number,
  b: Uint8Array,
  startB: number,
  lengthB: number,
): number {
  const length = Math.min(lengthA, lengthB)
  for (let i = 0; i < length; i++) {
    const difference = a[startA + i]! - b[startB + i]!
    if (difference !== 0) return difference
  }
  return lengthA - lengthB
}
