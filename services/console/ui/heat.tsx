/**
 * Hours of the week, UTC: the shade is what an identity did before, a frame marks the hours of the last week in which it
 * acted for the first time. If it was not seen for a whole week before the last one, every hour would be new: then the
 * last week is the shade, and there are no frames.
 */
import type { Hours } from '../answers.ts'

const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const
const CELL = 18
const LEFT = 34
const TOP = 16

const WEEK_MS = 7 * 24 * 3_600_000

/** Whether the hours before the last week are a whole week at least. */
const isKnown = (since: string): boolean => Date.now() - Date.parse(since) > 2 * WEEK_MS

/** The legend of shade and frame, next to the map. `since`: when the identity was first seen. */
export const heatLegend = (since: string): string =>
  isKnown(since)
    ? 'Shade: before. Frame: last week, at an hour new to it. Hours are UTC.'
    : 'Shade: last week. Known for less than two weeks, too short to say which hours are unusual. Hours are UTC.'

export function HeatMap({ hours, since }: { hours: Hours; since: string }) {
  const known = isKnown(since)
  const shaded = known ? hours.before : hours.now
  const most = Math.max(1, ...shaded.flat())
  return (
    <svg
      class="plot heat"
      viewBox={`0 0 ${LEFT + 24 * CELL} ${TOP + 7 * CELL}`}
      role="img"
      aria-label="Activity by hour of the week, UTC"
    >
      {[0, 6, 12, 18].map((hour) => (
        <text key={hour} x={LEFT + hour * CELL} y={11}>
          {hour}:00
        </text>
      ))}
      {DAYS.map((day, row) => (
        <g key={day}>
          <text x={0} y={TOP + row * CELL + 13}>
            {day}
          </text>
          {Array.from({ length: 24 }, (_, hour) => {
            const usual = hours.before[row]?.[hour] ?? 0
            const shade = shaded[row]?.[hour] ?? 0
            const now = hours.now[row]?.[hour] ?? 0
            const at = { x: LEFT + hour * CELL, y: TOP + row * CELL, width: CELL - 2, height: CELL - 2, rx: 2 }
            return (
              <g key={hour}>
                <rect {...at} fill-opacity={0.08 + 0.92 * Math.sqrt(shade / most)}>
                  <title>{`${day} ${hour}:00 UTC: ${now} in the last week, ${usual} before`}</title>
                </rect>
                {known && now > 0 && usual === 0 ? <rect {...at} class="now" /> : null}
              </g>
            )
          })}
        </g>
      ))}
    </svg>
  )
}
