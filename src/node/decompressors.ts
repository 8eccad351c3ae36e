import { createRequire } from 'node:module'
import type { Decompress } from '../format/sst/compression.ts'

/** What newer Nodes have: 22.15 and 23.8 on. */
interface Zlib {
  readonly zstdDecompressSync?: (input: Uint8Array, options: { readonly maxOutputLength: number }) => Uint8Array
}

/** Blocks are decoded without waiting, so what they need cannot be imported. */
const load = createRequire(import.meta.url)

let decompressZstd: Decompress | undefined

/** Codecs of RocksDB blocks that the core leaves out. They are loaded when the first block needs them. */
export const NODE_DECOMPRESSORS: Readonly<Record<string, Decompress>> = {
  zstd: (input, length) => {
    decompressZstd ??= zstdOfNode(load('node:zlib') as object) ?? zstdOfPackage()
    return decompressZstd(input, length)
  },
}

/** Undefined where this Node has none. */
export function zstdOfNode(module: object): Decompress | undefined {
  const { zstdDecompressSync } = module as Zlib
  return zstdDecompressSync && ((input, length) => zstdDecompressSync(input, { maxOutputLength: Math.max(1, length) }))
}

/** In JavaScript. */
export function zstdOfPackage(): Decompress {
  const { decompress } = load('fzstd') as typeof import('fzstd')
  return (input, length) => decompress(input, new Uint8Array(length))
}
