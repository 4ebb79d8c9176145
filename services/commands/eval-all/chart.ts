/** A curve as SVG: what share is caught at which rate of false findings, in plain lines that print and scale. */

export interface Curve {
  readonly name: string
  /** False findings per 1,000 identity-days, and the share of incidents caught, from 0 to 1. */
  readonly points: readonly (readonly [number, number])[]
}

const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP] = [640, 340, 56, 44, 24]
const COLOURS = ['#1f5fa8', '#b3432b', '#5a7d2a', '#6b4a9e']

const xml = (text: string): string => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;')

export function chart(title: string, curves: readonly Curve[]): string {
  const most = Math.max(1, ...curves.flatMap(({ points }) => points.map(([rate]) => rate)))
  const x = (rate: number): number => LEFT + Math.sqrt(rate / most) * (WIDTH - LEFT - 150)
  const y = (share: number): number => HEIGHT - BOTTOM - share * (HEIGHT - BOTTOM - TOP)
  const at = (value: number): string => value.toFixed(1)
  const grid = [0, 0.25, 0.5, 0.75, 1].map(
    (share) =>
      `<line x1="${LEFT}" y1="${at(y(share))}" x2="${WIDTH - 150}" y2="${at(y(share))}" stroke="#ddd"/><text x="${LEFT - 8}" y="${at(y(share) + 4)}" text-anchor="end">${share * 100} %</text>`,
  )
  const ticks = [0, 1, 5, 10, 25, 50, 100, 200]
    .filter((rate) => rate <= most)
    .map((rate) => `<text x="${at(x(rate))}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${rate}</text>`)
  const lines = curves.map(({ name, points }, n) => {
    const colour = COLOURS[n % COLOURS.length] as string
    const path = points.map(([rate, share], i) => `${i === 0 ? 'M' : 'L'}${at(x(rate))} ${at(y(share))}`).join(' ')
    const dots = points.map(
      ([rate, share]) => `<circle cx="${at(x(rate))}" cy="${at(y(share))}" r="3" fill="${colour}"/>`,
    )
    const legend = `<text x="${WIDTH - 142}" y="${TOP + 10 + 18 * n}" fill="${colour}">${xml(name)}</text>`
    return `<path d="${path}" fill="none" stroke="${colour}" stroke-width="2"/>${dots.join('')}${legend}`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12" role="img" aria-label="${xml(title)}">
<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>
<text x="${LEFT}" y="14" font-weight="bold">${xml(title)}</text>
${[...grid, ...ticks, ...lines].join('\n')}
<text x="${LEFT}" y="${HEIGHT - 6}">false findings per 1,000 identity-days (square-root scale)</text>
</svg>
`
}
