import type { MountedTable } from './mount.ts'

export async function pushDown(
  sql: string,
  _tables: readonly MountedTable[],
  _oneValue: (sql: string) => Promise<unknown>,
): Promise<string> {
  return sql
}
