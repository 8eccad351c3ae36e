/** Styles a text for a terminal; without colours every style is the text itself. */
export interface Colors {
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
  readonly red: (text: string) => string
  readonly green: (text: string) => string
  readonly yellow: (text: string) => string
  readonly cyan: (text: string) => string
}

/** The part of a stream that decides about colours. */
export interface ColorTarget {
  readonly isTTY?: boolean
}

/** Colours for terminals only. `NO_COLOR` turns them off (no-color.org), `FORCE_COLOR` on. */
export function colorsFor(target: ColorTarget, env: Readonly<Record<string, string | undefined>>): Colors {
  const wanted = env.FORCE_COLOR ? env.FORCE_COLOR !== '0' : target.isTTY === true && env.TERM !== 'dumb'
  const on = wanted && !env.NO_COLOR
  const style =
    (open: number, close: number) =>
    (text: string): string =>
      on && text !== '' ? `\x1b[${open}m${text}\x1b[${close}m` : text
  return {
    bold: style(1, 22),
    dim: style(2, 22),
    red: style(31, 39),
    green: style(32, 39),
    yellow: style(33, 39),
    cyan: style(36, 39),
  }
}
