/** What an identity has used of one kind, most used first, with new ones marked. */
import type { Used } from '../answers.ts'
import { Ago, Card, Foreign, searchPath, Tag, term } from './basics.tsx'

const NEW_MS = 24 * 3_600_000
const SHOWN_MAX = 12

export function UsedCard(props: {
  title: string
  field: string
  identity: string
  /** The most used first. */
  values: readonly Used[]
  /** How many there are where `values` does not hold all. */
  count?: number
  watchedSince: string
}) {
  const { title, field, identity, values, count = values.length, watchedSince } = props
  const isNew = (used: Used): boolean =>
    Date.now() - Date.parse(used.first_seen) < NEW_MS && Date.parse(used.first_seen) - Date.parse(watchedSince) > NEW_MS
  if (values.length === 0) return null
  return (
    <Card title={`${title} (${count.toLocaleString('en-GB')})`}>
      <section class="table used" aria-label={title} tabIndex={0}>
        <table aria-label={title}>
          <tbody>
            {values.slice(0, SHOWN_MAX).map((used) => (
              <tr key={used.value}>
                <th scope="row">
                  <a href={searchPath(`${term('identity', identity)} ${term(field, used.value)}`)}>
                    <Foreign text={used.value} short />
                  </a>{' '}
                  {isNew(used) ? <Tag text="new" tone="warn" /> : null}
                </th>
                <td class="number">{used.events.toLocaleString('en-GB')}</td>
                <td>
                  <Ago at={used.last_seen} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {count <= SHOWN_MAX ? null : <p class="faint">and {(count - SHOWN_MAX).toLocaleString('en-GB')} more</p>}
    </Card>
  )
}
