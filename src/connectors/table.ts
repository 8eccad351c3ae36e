import { KobelError } from '../error.ts'
import type { Connector } from './connector.ts'
import { FILE_SINK } from './file-sink.ts'
import { FILE_SOURCE } from './file-source.ts'
import { HYBRID } from './hybrid.ts'
import { KAFKA } from './kafka.ts'
import { SEQUENCE } from './sequence.ts'

/** Connectors whose layouts are public. Which one wrote some bytes is recorded nowhere: it is told by what fits. */
export const CONNECTORS: readonly Connector[] = [SEQUENCE, { ...FILE_SOURCE, ...FILE_SINK }, KAFKA, HYBRID]

/** @throws KobelError `USAGE` */
export function connectorNamed(connectors: readonly Connector[], name: string): Connector {
  const found = connectors.find((connector) => connector.name === name)
  if (found) return found
  const names = connectors.map((connector) => connector.name).join(', ')
  throw new KobelError('USAGE', `there is no connector ${JSON.stringify(name)}: known are ${names}`)
}
