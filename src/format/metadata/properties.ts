import type { CheckpointProperties, StoredProperties } from './types.ts'

/** What an `ObjectOutputStream` writes for `null`: the State Processor API stores it for want of properties. */
export const NULL_PROPERTIES: Uint8Array = Uint8Array.of(0xac, 0xed, 0x00, 0x05, 0x70)

export function readProperties(raw: Uint8Array): StoredProperties {
  return { raw, parsed: parsed(raw) }
}

function parsed(raw: Uint8Array): CheckpointProperties | null | undefined {
  return raw.length === NULL_PROPERTIES.length && raw.every((byte, i) => byte === NULL_PROPERTIES[i]) ? null : undefined
}
