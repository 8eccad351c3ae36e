import { toBase64 } from '../bytes/encoding.ts'
import type { Versioned } from '../format/simple-versioned.ts'
import { type Connector, decodeWith, type Nested, type Plain, type Role } from './connector.ts'

/** Some object of a connector: decoded, or its bytes. */
export interface ConnectorObject {
  /** Of its serializer. */
  readonly version: number
  readonly decoded?: Plain
  /** Base64, where it is not decoded. */
  readonly bytes?: string
}

/** Objects of one operator, by their roles. */
export type RoleObjects = ReadonlyMap<Role, readonly Versioned[]>

/** Which connector wrote the objects, as far as they tell. */
export interface Choice {
  readonly connector?: string
  /** Several fit: none is taken. */
  readonly candidates?: readonly string[]
  readonly decode: (role: Role, versioned: Versioned) => ConnectorObject
}

/**
 * The connector all of whose decoders fit all objects. Where none does (a known split with an enumerator of another
 * kind), the first role tells: the state of an enumerator that has nothing left to do looks the same in many.
 */
export function chooseConnector(objects: RoleObjects, connectors: readonly Connector[]): Choice {
  const all = nestedWith(connectors)
  const fits = (connector: Connector, role: Role, versioned: readonly Versioned[]): boolean =>
    versioned.every((each) => decodeWith(connector[role], each, all(connector)) !== undefined)
  const present = [...objects].filter(([, versioned]) => versioned.length > 0)
  const first = present.slice(0, 1)
  const fitting = [present, first]
    .map((roles) => connectors.filter((connector) => roles.every(([role, each]) => fits(connector, role, each))))
    .find((found) => found.length > 0)
  const names = present.length === 0 ? [] : (fitting ?? []).map((connector) => connector.name)
  const one = names.length === 1 ? fitting?.[0] : undefined
  return {
    ...(one && { connector: one.name }),
    ...(names.length > 1 && { candidates: names }),
    decode: (role, versioned) => objectOf(versioned, one && decodeWith(one[role], versioned, all(one))),
  }
}

function objectOf({ version, bytes }: Versioned, decoded: Plain | undefined): ConnectorObject {
  return decoded === undefined ? { version, bytes: toBase64(bytes) } : { version, decoded }
}

/** What a wrapping connector holds is told apart in the same way; nothing is wrapped twice. */
function nestedWith(connectors: readonly Connector[]): (outer: Connector) => Nested {
  return (outer) => (role, versioned) => {
    const inner = connectors.filter((connector) => connector !== outer)
    const none: Nested = (_, { version, bytes }) => ({ version, bytes: toBase64(bytes) })
    const fitting = inner.flatMap((connector) => {
      const decoded = decodeWith(connector[role], versioned, none)
      return decoded === undefined ? [] : [{ connector: connector.name, decoded }]
    })
    const { version, bytes } = versioned
    if (fitting.length === 1) return { version, ...fitting[0]! }
    const candidates = fitting.map((each) => each.connector)
    return { version, ...(candidates.length > 0 && { candidates }), bytes: toBase64(bytes) }
  }
}
