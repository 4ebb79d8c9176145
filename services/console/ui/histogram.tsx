/** How many over time, as bars, with the first and last moment beneath. */
import type { Histogram } from '../answers.ts'
import { counted, utcOf } from '../format.ts'

const WIDTH = 800
const HEIGHT = 90

export function HistogramPlot({ histogram }: { histogram: Histogram }) {
  const { buckets } = histogram
  if (buckets.length === 0) return <p class="empty">Nothing in this time.</p>
  const most = Math.max(1, ...buckets.map(({ count }) => count))
  const step = WIDTH / buckets.length
  const total = buckets.reduce((sum, { count }) => sum + count, 0)
  const label = `${counted(total, 'hit')} from ${utcOf(new Date(buckets[0]?.time ?? 0))}`
  return (
    <svg class="plot" viewBox={`0 0 ${WIDTH} ${HEIGHT + 16}`} role="img" aria-label={label}>
      {buckets.map(({ time, count }, at) => {
        const height = count === 0 ? 0 : Math.max(1.5, (count / most) * HEIGHT)
        return (
          <rect key={time} x={at * step} y={HEIGHT - height} width={Math.max(1, step - 1)} height={height}>
            <title>{`${utcOf(new Date(time))}: ${count}`}</title>
          </rect>
        )
      })}
      <text x={0} y={HEIGHT + 13}>
        {utcOf(new Date(buckets[0]?.time ?? 0))}
      </text>
      <text x={WIDTH} y={HEIGHT + 13} text-anchor="end">
        {utcOf(new Date(buckets.at(-1)?.time ?? 0))}
      </text>
    </svg>
  )
}
