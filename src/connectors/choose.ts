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
 * The connector all of whose decoders fit all objects. Where none fits every role (a known split with an enumerator of
 * another kind), each role is told by its own objects.
 */
export function chooseConnector(objects: RoleObjects, connectors: readonly Connector[]): Choice {
  const all = nestedWith(connectors)
  const byRole = new Map(
    [...objects]
      .filter(([, versioned]) => versioned.length > 0)
      .map(([role, versioned]) => [
        role,
        connectors.filter((connector) =>
          versioned.every((each) => decodeWith(connector[role], each, all(connector)) !== undefined),
        ),
      ]),
  )
  const roles = [...byRole.values()]
  const everywhere = connectors.filter((connector) => roles.every((fitting) => fitting.includes(connector)))
  const common = roles.length === 0 ? [] : everywhere
  const fitting = (role: Role): readonly Connector[] => (common.length > 0 ? common : (byRole.get(role) ?? []))
  const names = [...new Set((common.length > 0 ? common : roles.flat()).map((connector) => connector.name))]
  return {
    ...(names.length === 1 && { connector: names[0]! }),
    ...(names.length > 1 && { candidates: names }),
    decode: (role, versioned) => {
      const [one, ...others] = fitting(role)
      const decoded = one && others.length === 0 ? decodeWith(one[role], versioned, all(one)) : undefined
      return objectOf(versioned, decoded)
    },
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
