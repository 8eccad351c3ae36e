const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']

/** `1.4 kB`: thousands, as disks are sold. */
export function formatBytes(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit === 0 || value >= 99.95 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`
}

/** `12,345` */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',')
}

/** `1 state`, `3 states` */
export function plural(count: number, one: string, many: string = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`
}

const BARS = '▁▂▃▄▅▆▇█'

/** One bar for each number, its height against the largest. */
export function sparkline(values: readonly number[]): string {
  const most = Math.max(...values, 1)
  return values.map((value) => BARS[Math.round((value / most) * (BARS.length - 1))]).join('')
}
