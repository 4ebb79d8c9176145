/**
 * Observed next to expected: what a detector saw and what it had learned or bounds it, as a table, with bars for a measure that
 * is a number on both sides.
 */
import type { Measures } from '../../../schemas/finding.ts'
import { type MeasureRow, measureRows } from '../../../schemas/measure-rows.ts'
import { labelOf, numberOf, visible } from '../format.ts'

type Value = Measures[string]

const valueOf = (value: Value): string => {
  if (typeof value === 'number') return numberOf(value)
  return visible(typeof value === 'string' ? value : value.join(', '))
}

/** Two bars over one scale; the wider one is the full width. */
function Bars({ observed, expected }: { observed: number; expected: number }) {
  const most = Math.max(Math.abs(observed), Math.abs(expected), Number.EPSILON)
  const width = (value: number): number => Math.max(1, (Math.abs(value) / most) * 120)
  return (
    <svg class="bars" viewBox="0 0 120 14" width="120" height="14" aria-hidden="true">
      <rect class="seen" x="0" y="1" width={width(observed)} height="5" rx="1" />
      <rect class="usual" x="0" y="8" width={width(expected)} height="5" rx="1" />
    </svg>
  )
}

/** Words, or a dash where this side has none. */
const Side = ({ text }: { text: string }) =>
  text === '' ? (
    <span class="faint">–</span>
  ) : (
    <div class="clamped" title={text}>
      {text}
    </div>
  )

function Row({ name, observed, expected }: MeasureRow) {
  const usual = expected.length === 1 ? expected[0]?.value : undefined
  return (
    <tr>
      <th scope="row">{labelOf(name)}</th>
      <td>
        <Side text={observed === undefined ? '' : valueOf(observed)} />
      </td>
      <td>
        <Side text={expected.map(({ before, value, after }) => `${before}${valueOf(value)}${after}`).join(', ')} />
      </td>
      <td class="bars-cell">
        {typeof observed === 'number' && typeof usual === 'number' ? (
          <Bars observed={observed} expected={usual} />
        ) : null}
      </td>
    </tr>
  )
}

/** The table. A measure on one side only has a dash on the other. */
export function ObservedExpected({ observed, expected }: { observed: Measures; expected: Measures }) {
  const rows = measureRows(observed, expected)
  if (rows.length === 0) return null
  return (
    <table class="measures">
      <thead>
        <tr>
          <th scope="col">Measure</th>
          <th scope="col">Observed</th>
          <th scope="col">Expected</th>
          <td class="bars-cell" />
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <Row key={row.name} {...row} />
        ))}
      </tbody>
    </table>
  )
}
