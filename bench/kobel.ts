import { openSnapshot, type StateTable, scanObjects, scanTable, tablesOf } from '../src/node/index.ts'
import { CHECKSUMS, type Total } from './checksum.ts'
import { snapshotOf } from './paths.ts'

/**
 * One case in a process of its own, through the public API: `kobel.js scan A [PATH]`; A10 is a smaller A. Prints rows, checksum and the CPU
 * seconds of the scan without start-up and opening, as the loop in C does.
 */
const [, , kind, name = 'A', path = snapshotOf(name)] = process.argv
const shape = name[0]!

let started = process.cpuUsage()
const total = await run()
const used = process.cpuUsage(started)
const timed = ((used.user + used.system) / 1e6).toFixed(4)
console.log(`rows=${total.rows} sum=${BigInt.asIntN(64, total.sum)} timed=${timed}`)

async function run(): Promise<Total> {
  await using snapshot = await openSnapshot(path)
  const tables = tablesOf(snapshot).filter((table) => table.operator.uid === 'op')
  const result: Total = { rows: 0, sum: 0n }
  started = process.cpuUsage()
  for (const table of tables) await runTable(table, result)
  return result
}

async function runTable(table: StateTable, result: Total): Promise<void> {
  if (kind === 'scan') {
    const add = CHECKSUMS[shape === 'A' ? 'A' : shape === 'C' ? (table.name as 'm' | 'l') : 'B']
    for await (const batch of scanTable(table)) add(batch, result)
  } else if (kind === 'aggregate') {
    const columns = ['value.id', 'value.amount']
    for await (const { length, columns: found } of scanTable(table, { columns })) {
      result.rows += length
      const [value] = found
      if (value?.column.kind !== 'struct') throw new Error('value is a struct')
      const [amount, id] = value.column.children.map((child) => child.column)
      if (id?.kind !== 'int64' || amount?.kind !== 'float64') throw new Error('id and amount are numbers')
      let [low, high, quarters] = [0, 0, 0]
      const words = new Int32Array(id.values.buffer, id.values.byteOffset, 2 * length)
      for (let i = 0; i < length; i++) {
        low += words[2 * i]! >>> 0
        high += words[2 * i + 1]!
        quarters += amount.values[i]! * 4
      }
      result.sum += (BigInt(high) << 32n) + BigInt(low) + BigInt(quarters)
    }
  } else if (kind === 'objects') {
    for await (const rows of scanObjects(table)) {
      result.rows += rows.length
      let sum = 0
      for (const row of rows) sum += objectSum(row as unknown as UserRow)
      result.sum += BigInt(sum)
    }
  }
}

interface UserRow {
  readonly key: string
  readonly value: {
    readonly active: boolean
    readonly amount: number
    readonly city: string
    readonly id: bigint
    readonly name: string
    readonly pos: { readonly zip: number }
    readonly updatedAt: bigint
    readonly visits: number
  }
}

function objectSum({ key, value }: UserRow): number {
  const { id, updatedAt, visits, pos, amount, name, city, active } = value
  const lengths = name.length + city.length + key.length
  return Number(id) + Number(updatedAt) + visits + pos.zip + Math.trunc(amount * 4) + lengths + (active ? 1 : 0)
}
