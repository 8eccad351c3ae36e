/** The way of a key through URLs and XML, for object stores. */

/**
 * Percent-encodes a key for the path of a URL; undefined where no URL reaches it: `.` and `..` would be resolved, and
 * lead elsewhere.
 */
export function encodePath(key: string): string | undefined {
  const segments = key.split('/')
  if (segments.some((segment) => segment === '.' || segment === '..')) return undefined
  try {
    return segments.map(encodeSegment).join('/')
  } catch {
    // A lone surrogate: no such key can exist.
    return undefined
  }
}

/** As RFC 3986 has it; signatures are computed over this form. */
export function encodeSegment(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
}

export interface XmlElement {
  /** What stands behind the name in the start tag. */
  readonly attributes: string
  readonly content: string
}

/**
 * Elements of a name, wherever they are; those inside one of the same name belong to it. This is enough for the answers
 * of object stores, whose elements of one name do not nest.
 */
export function elementsOf(xml: string, name: string): XmlElement[] {
  const found: XmlElement[] = []
  for (let at = xml.indexOf(`<${name}`); at >= 0; at = xml.indexOf(`<${name}`, at)) {
    const attributesStart = at + name.length + 1
    const startEnd = xml.indexOf('>', attributesStart)
    if (startEnd < 0) break
    at = startEnd + 1
    const attributes = xml.slice(attributesStart, startEnd)
    if (!/^(?:[\s/]|$)/.test(attributes)) continue
    if (attributes.endsWith('/')) {
      found.push({ attributes, content: '' })
      continue
    }
    const end = xml.indexOf(`</${name}>`, at)
    if (end < 0) break
    found.push({ attributes, content: xml.slice(at, end) })
    at = end
  }
  return found
}

/** The text of the first element of a name. */
export function textOf(xml: string, name: string): string | undefined {
  const element = elementsOf(xml, name)[0]
  return element && unescapeXml(element.content)
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

export function unescapeXml(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|(\w{1,8}));/gi, (whole, decimal, hex, named) => {
    if (named !== undefined) return ENTITIES[named] ?? whole
    const code = decimal !== undefined ? Number(decimal) : Number.parseInt(hex, 16)
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole
  })
}

/** Percent-decodes a name in a listing; as it is where it is not percent-encoded. */
export function decodeName(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
