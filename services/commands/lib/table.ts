/** Text tables for people: columns as wide as their widest cell. The first is aligned left, the others as `align` says. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  align: 'left' | 'right' = 'right',
): string {
  const widths = head.map((cell, i) => Math.max(cell.length, ...rows.map((row) => row[i]?.length ?? 0)))
  const pad = (cell: string, i: number): string =>
    i === 0 || align === 'left' ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)
  const line = (cells: readonly string[]): string => cells.map(pad).join('  ').trimEnd()
  return [line(head), ...rows.map(line)].join('\n')
}
