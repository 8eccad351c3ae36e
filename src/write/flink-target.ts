import { KobelError } from '../error.ts'
import type { MetadataVersion } from '../format/metadata/index.ts'

/** How a Flink version writes savepoints. */
export interface FlinkTarget {
  readonly metadataVersion: MetadataVersion
  /** Of the head of a stream of operator state; from 6 on it can be compressed. */
  readonly operatorHeadVersion: 5 | 6
  readonly kryoVersion: 2 | 5
}

/** @throws KobelError `UNSUPPORTED_VERSION` for versions other than 1.16 to 2.3; `USAGE` for what is no version. */
export function flinkTarget(version: string): FlinkTarget {
  const match = /^(\d+)\.(\d+)(?:\.\d+)?$/.exec(version)
  if (!match)
    throw new KobelError('USAGE', `a Flink version such as 2.3 was expected, found ${JSON.stringify(version)}`)
  const [major, minor] = [Number(match[1]), Number(match[2])]
  if (major === 1 && minor >= 16 && minor <= 20) {
    return { metadataVersion: 4, operatorHeadVersion: minor >= 18 ? 6 : 5, kryoVersion: 2 }
  }
  if (major === 2 && minor <= 3) {
    return { metadataVersion: minor === 0 ? 5 : 6, operatorHeadVersion: 6, kryoVersion: 5 }
  }
  throw new KobelError('UNSUPPORTED_VERSION', `kobel writes savepoints for Flink 1.16 to 2.3, not for ${version}`)
}
