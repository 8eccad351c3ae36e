/** At most so many reads are under way at once. */
const CONCURRENT = 16

/** Like `Promise.all(items.map(map))`, a few at a time. */
export async function mapConcurrent<T, R>(items: readonly T[], map: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = new Array(items.length)
  let next = 0
  const work = async (): Promise<void> => {
    for (let i = next++; i < items.length; i = next++) results[i] = await map(items[i]!)
  }
  await Promise.all(Array.from({ length: Math.min(CONCURRENT, items.length) }, work))
  return results
}
