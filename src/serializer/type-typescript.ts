import { simpleClassName, type Type } from './type.ts'
import { type ClassShape, type Shape, shapeOfType } from './type-shape.ts'

/** Names of the generated module's own, and of what it uses. */
const TAKEN: readonly string[] = ['CLASS', 'TypedBytes', 'Value', 'ValueObject', 'States', 'Uint8Array']

interface Declaration {
  readonly name: string
  text: string
}

/**
 * Writes shapes as TypeScript and gathers declarations of the classes and enums in them: one for each different shape,
 * under the simple name of its class, with a number behind it where that name is taken.
 */
export class TypeScriptWriter {
  private readonly declarations = new Map<string, Declaration>()
  private readonly names = new Set<string>(TAKEN)
  private readonly imports = new Set<string>()
  /** By class: the declarations that stand around, the innermost last, then those done. */
  private readonly byClass = new Map<string, string>()

  /** A name that no class will have. */
  reserve(name: string): void {
    this.names.add(name)
  }

  /** The TypeScript of a shape. */
  typeText(shape: Shape): string {
    switch (shape.is) {
      case 'any':
        return this.imported('Value')
      case 'typed-bytes':
        return this.imported('TypedBytes')
      case 'other-class':
        return `${this.imported('ValueObject')} | ${this.imported('TypedBytes')}`
      case 'int':
      case 'float':
        return 'number'
      case 'long':
      case 'bigint':
        return 'bigint'
      case 'bytes':
        return 'Uint8Array'
      case 'text':
        return JSON.stringify(shape.text)
      case 'enum':
        return this.enumText(shape)
      case 'array':
        return `readonly ${this.elementText(shape.element)}[]`
      case 'tuple': {
        const elements = shape.elements.map((each) =>
          shape.partly ? `(${this.typeText(each)})?` : this.typeText(each),
        )
        return `readonly [${elements.join(', ')}]`
      }
      case 'entries':
        return `readonly (readonly [${this.typeText(shape.key)}, ${this.typeText(shape.value)}])[]`
      case 'members': {
        const members = shape.members.map(
          ({ name, shape: each, optional }) =>
            `readonly ${memberName(name)}${optional ? '?' : ''}: ${this.typeText(each)}`,
        )
        return `{ ${members.join('; ')} }`
      }
      case 'class':
        return this.classText(shape)
      case 'one-of':
        // Different shapes may look the same here: an int and a float are both numbers.
        return [...new Set(shape.shapes.map((each) => this.optionText(each)))].join(' | ')
      default:
        return shape.is
    }
  }

  /** The module: imports, declarations in the order first met, then `rest`. */
  moduleText(header: string, rest: readonly string[]): string {
    const imports = [...this.imports].sort()
    return [
      header,
      ...(imports.length === 0 ? [] : [`import type { ${imports.join(', ')} } from 'kobel'\n`]),
      ...[...this.declarations.values()].map((each) => each.text),
      ...rest,
    ].join('\n')
  }

  private imported(name: string): string {
    this.imports.add(name)
    return name
  }

  private elementText(element: Shape): string {
    const text = this.typeText(element)
    return /^[\w$]+$/.test(text) ? text : `(${text})`
  }

  /** A readonly array cannot stand bare in a union of arrays; braces and names can. */
  private optionText(shape: Shape): string {
    const text = this.typeText(shape)
    return text.startsWith('readonly ') ? `(${text})` : text
  }

  private enumText({ className, constants }: Shape & { is: 'enum' }): string {
    const text =
      constants.length === 0 ? 'never' : [...new Set(constants)].map((each) => JSON.stringify(each)).join(' | ')
    if (className === undefined) return constants.length > 1 ? `(${text})` : text
    const id = `enum ${JSON.stringify([className, constants])}`
    const known = this.declarations.get(id)
    if (known) return known.name
    const name = this.freeName(className)
    this.declarations.set(id, { name, text: `${comment(className)}export type ${name} = ${text}\n` })
    return name
  }

  private classText(shape: ClassShape): string {
    const { className, id, members } = shape
    if (members === undefined) return this.byClass.get(className) ?? this.imported('Value')
    const known = this.declarations.get(id)
    if (known) return known.name
    const declaration: Declaration = { name: this.freeName(className), text: '' }
    this.declarations.set(id, declaration)
    this.byClass.set(className, declaration.name)
    const lines = members().map(
      ({ name, shape: each, optional }) =>
        `  readonly ${memberName(name)}${optional ? '?' : ''}: ${this.typeText(each)}\n`,
    )
    if (shape.tagged) {
      lines.push(`  readonly [${this.imported('CLASS')}]?: ${JSON.stringify(className)}\n`)
    }
    declaration.text = `${comment(className)}export interface ${declaration.name} {\n${lines.join('')}}\n`
    return declaration.name
  }

  private freeName(className: string): string {
    const base = identifierOf(simpleClassName(className))
    let name = base
    for (let i = 2; this.names.has(name); i++) name = `${base}${i}`
    this.names.add(name)
    return name
  }
}

/** Begins with a capital letter, so that it is no keyword. */
function identifierOf(text: string): string {
  const clean = text.replace(/[^A-Za-z0-9_$]/g, '_').slice(0, 80)
  return /^[A-Za-z]/.test(clean) ? clean[0]!.toUpperCase() + clean.slice(1) : `Type_${clean}`
}

/** Names come from strangers: whatever is no plain identifier is quoted. */
export function memberName(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name)
}

export function comment(text: string): string {
  return `/** ${text.replace(/[^ -~]/g, '?').replaceAll('*/', '* /')} */\n`
}

/**
 * A TypeScript module with a type for each name, of the values as kobel gives them (the table in `value.ts`), and an
 * interface or type for each class and enum in them. Names must be identifiers.
 */
export function typescriptOf(types: Readonly<Record<string, Type>>): string {
  const writer = new TypeScriptWriter()
  for (const name of Object.keys(types)) writer.reserve(name)
  const rest = Object.entries(types).map(
    ([name, type]) => `export type ${name} = ${writer.typeText(shapeOfType(type))}\n`,
  )
  return writer.moduleText('', rest).replace(/^\n/, '')
}
