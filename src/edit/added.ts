import { Reader } from '../bytes/reader.ts'
import { KobelError } from '../error.ts'
import type { KeyGroupRange } from '../format/metadata/index.ts'
import { hashValue, isHashable } from '../serializer/interpreter/hash.ts'
import { keyGroupOfHash } from '../snapshot/key-groups.ts'
import type { Operator } from '../snapshot/operator.ts'
import { addRow } from './entries.ts'
import type { TargetHead } from './head.ts'
import type { KeyGroupBuffer } from './key-group-buffer.ts'
import type { KeyHash } from './key-hash.ts'
import type { OperatorEdit } from './model.ts'
import { type EncodedRow, encodeRow } from './upsert.ts'

interface Added {
  readonly state: string
  readonly row: EncodedRow
  readonly keyGroup: number
}

/** Rows that an edit adds to keyed state: where an entry of the key is there, it is replaced instead. */
export class AddedRows {
  private readonly byKeyGroup = new Map<number, Added[]>()
  private readonly maxParallelism: number
  /** By name of the state. */
  readonly counts: Map<string, number> = new Map()

  private constructor(rows: readonly Added[], maxParallelism: number) {
    for (const row of rows) this.byKeyGroup.set(row.keyGroup, [...(this.byKeyGroup.get(row.keyGroup) ?? []), row])
    this.maxParallelism = maxParallelism
  }

  /** @param states what the new streams declare; the first head that has a state tells its types. */
  static async of(
    operator: Operator,
    edit: OperatorEdit,
    heads: readonly TargetHead[],
    maxParallelism: number,
    keyHash: () => Promise<KeyHash>,
  ): Promise<AddedRows> {
    const rows: Added[] = []
    for (const [name, { upserts, rename }] of edit.states) {
      if (upserts.length === 0) continue
      const target = rename ?? name
      const state = heads.flatMap((head) => head.states).find((each) => each.name === target)
      if (!state)
        throw new KobelError('NOT_FOUND', 'rows are added to a state that is not there', {
          operator: operator.label,
          state: name,
        })
      for (const each of upserts) {
        const row = encodeRow(state, each)
        const hash = isHashable(state.key)
          ? hashValue(state.key, new Reader(row.key))
          : each.keyGroup !== undefined && maxParallelism === operator.maxParallelism
            ? undefined
            : provenHash(await keyHash(), row.key)
        rows.push({
          state: target,
          row,
          keyGroup: hash === undefined ? each.keyGroup! : keyGroupOfHash(hash, maxParallelism),
        })
      }
    }
    return new AddedRows(rows, maxParallelism)
  }

  /** Key groups of the range in which entries may change, where not all may. */
  touched(range: KeyGroupRange, head: TargetHead): Set<number> {
    const inRange = (keyGroup: number): boolean => keyGroup >= range.keyGroupFirst && keyGroup <= range.keyGroupLast
    const changed = [...head.routes.values()].flat().flatMap(({ change }) => [...(change?.keyGroups ?? [])])
    return new Set([...this.byKeyGroup.keys(), ...changed].filter(inRange))
  }

  /** @throws KobelError `INCOMPATIBLE` where rows belong to key groups of a subtask that has no keyed state. */
  refuse({ keyGroupFirst, keyGroupLast }: KeyGroupRange, operator: string): void {
    for (const keyGroup of this.byKeyGroup.keys()) {
      if (keyGroup < keyGroupFirst || keyGroup > keyGroupLast) continue
      throw new KobelError('INCOMPATIBLE', 'the subtask of a row has no keyed state to add it to', {
        operator,
        keyGroup,
      })
    }
  }

  has(keyGroup: number): boolean {
    return this.byKeyGroup.has(keyGroup)
  }

  /** Adds the rows of a key group that replaced no entry. */
  addTo(buffer: KeyGroupBuffer, keyGroup: number, head: TargetHead): void {
    for (const { state, row } of this.byKeyGroup.get(keyGroup) ?? []) {
      if (isMet(head, state, row)) continue
      const id = head.states.findIndex((each) => each.name === state)
      if (id < 0) throw new KobelError('INCOMPATIBLE', 'the subtask does not declare the state', { state, keyGroup })
      addRow(buffer, id, head.states[id]!, row, keyGroup, this.maxParallelism)
      this.counts.set(state, (this.counts.get(state) ?? 0) + 1)
    }
  }
}

function isMet(head: TargetHead, state: string, row: EncodedRow): boolean {
  for (const routes of head.routes.values()) {
    for (const { target, change } of routes)
      if (target.name === state && change?.matcher?.met.has(row.text)) return true
  }
  return false
}

/** The hash of a key that is new. @throws KobelError `UNHASHABLE` where what was learned is not sure for it. */
function provenHash(keyHash: KeyHash, key: Uint8Array): number {
  if (!keyHash.unproven || keyHash.unproven.length === 0) return keyHash.hash(key, 0, key.length)
  throw new KobelError(
    'UNHASHABLE',
    `the hash of the keys was learned, but the keys that are there do not tell how ${keyHash.unproven.join(', ')} counts: give the row its keyGroup, or the hash as a function (keyHash)`,
  )
}
