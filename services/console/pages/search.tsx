/** Search over events and findings: a query in the address, a histogram, facets that narrow it, and export. */
import { useLocation } from 'preact-iso'
import { useEffect, useState } from 'preact/hooks'
import { isId } from '../../../schemas/id-text.ts'
import type { EventRecord, Facet, Finding } from '../answers.ts'
import { ApiError, hrefOf } from '../client.ts'
import { labelOf } from '../format.ts'
import { useQuestion } from '../question.ts'
import { Agent, Answered, Card, Empty, Foreign, Time, Trouble, term } from '../ui/basics.tsx'
import { ById } from '../ui/by-id.tsx'
import { EventFields, EventText } from '../ui/event.tsx'
import { FindingsTable } from '../ui/findings-table.tsx'
import { Heading } from '../ui/heading.tsx'
import { HistogramPlot } from '../ui/histogram.tsx'
import { Lost, Turn, useTurning } from '../ui/pages-of.tsx'
import { SavedSearches } from '../ui/saved-searches.tsx'

type Over = 'events' | 'findings'

const SPANS = [
  ['-1h', 'last hour'],
  ['-24h', 'last day'],
  ['-7d', 'last week'],
  ['-30d', 'last 30 days'],
  ['', 'all time'],
] as const

interface Wish {
  readonly over: Over
  readonly q: string
  readonly since: string
}

const pathOf = ({ over, q, since }: Wish): string => `/console/search?${new URLSearchParams({ over, q, since })}`

function wishOf(query: Record<string, string>): Wish {
  return {
    over: query['over'] === 'findings' ? 'findings' : 'events',
    q: query['q'] ?? '',
    since: query['since'] ?? '',
  }
}

function SearchForm({ wish, go }: { wish: Wish; go(wish: Wish): void }) {
  const submit = (event: Event): void => {
    event.preventDefault()
    const form = new FormData(event.currentTarget as HTMLFormElement)
    go({ over: form.get('over') as Over, q: String(form.get('q')).trim(), since: String(form.get('since')) })
  }
  return (
    <form class="search-form" role="search" onSubmit={submit}>
      <select name="over" aria-label="Search over" value={wish.over} key={`over ${wish.over}`}>
        <option value="events">Events</option>
        <option value="findings">Findings</option>
      </select>
      <input
        type="search"
        name="q"
        key={wish.q}
        defaultValue={wish.q}
        aria-label="Query"
        placeholder='identity:billing-bot action:"s3:*" NOT outcome:success'
        autofocus
      />
      <select name="since" aria-label="Time" value={wish.since} key={`since ${wish.since}`}>
        {SPANS.map(([value, title]) => (
          <option key={value} value={value}>
            {title}
          </option>
        ))}
      </select>
      <button type="submit" class="primary">
        Search
      </button>
    </form>
  )
}

function Facets({ facets, add }: { facets: readonly Facet[]; add(field: string, value: string): void }) {
  return (
    <aside aria-label="Facets">
      {facets.map(({ field, values }) =>
        values.length === 0 ? null : (
          <section key={field} class="facet">
            <h2>{labelOf(field)}</h2>
            {values.map(({ value, count }) => (
              <button key={value} type="button" title={`Only ${field}: ${value}`} onClick={() => add(field, value)}>
                <Foreign text={value === '' ? 'none' : value} />
                <span class="faint">{count.toLocaleString('en-GB')}</span>
              </button>
            ))}
          </section>
        ),
      )}
    </aside>
  )
}

function Events({ events }: { events: readonly EventRecord[] }) {
  const [open, setOpen] = useState<string>()
  return (
    <ul class="timeline">
      {events.map((event) => (
        <li key={event.event_id} class="event">
          <button
            type="button"
            class="quiet"
            aria-expanded={open === event.event_id}
            onClick={() => setOpen(open === event.event_id ? undefined : event.event_id)}
          >
            <Time at={event.time} />
          </button>
          <div>
            <Agent identity={event.identity} /> <EventText event={event} />
            {open === event.event_id ? <EventFields event={event} /> : null}
          </div>
        </li>
      ))}
    </ul>
  )
}

function Results({ wish, add }: { wish: Wish; add(field: string, value: string): void }) {
  const turning = useTurning()
  const { over } = wish
  const asked = { q: wish.q, since: wish.since }
  const list = useQuestion(`/v1/${over}`, { query: { ...asked, limit: 100, cursor: turning.cursor } })
  // What sums up all that was found costs far more than the newest of it: people read those first.
  const [listed, setListed] = useState(false)
  useEffect(() => setListed((was) => was || list.answer !== undefined), [list.answer])
  const facets = useQuestion(listed ? `/v1/${over}/facets` : undefined, { query: asked })
  const histogram = useQuestion(listed ? `/v1/${over}/histogram` : undefined, { query: asked })
  if (list.error instanceof ApiError && list.error.status === 400) {
    return (
      <Card title="This query cannot be read">
        <Trouble error={list.error} />
      </Card>
    )
  }
  return (
    <div class="facets">
      <div>
        <Answered question={facets}>{(answer) => <Facets facets={answer.facets} add={add} />}</Answered>
      </div>
      <div>
        <Card
          title="Over time"
          aside={
            <a class="button" href={hrefOf(`/v1/${over}/export`, { query: { ...asked, format: 'csv' } })} download>
              Export CSV
            </a>
          }
        >
          <div class="histogram-room">
            <Answered question={histogram}>{(answer) => <HistogramPlot histogram={answer} />}</Answered>
          </div>
        </Card>
        <Card title="Newest first">
          <Answered question={list}>
            {({ items, next_cursor, whole_since }) => (
              <>
                <Lost since={whole_since} />
                {items.length === 0 ? <Empty>Nothing fits. Widen the time or the query.</Empty> : null}
                {over === 'events' ? (
                  <Events events={items as readonly EventRecord[]} />
                ) : (
                  <FindingsTable findings={items as readonly Finding[]} agent />
                )}
                <Turn turning={turning} next={next_cursor} />
              </>
            )}
          </Answered>
        </Card>
      </div>
    </div>
  )
}

export function SearchPage() {
  const { query, route } = useLocation()
  const wish = wishOf(query)
  const go = (next: Wish): void => route(pathOf(next))
  const add = (field: string, value: string): void =>
    go({ ...wish, q: `${wish.q === '' ? '' : `${wish.q} `}${term(field, value)}` })
  return (
    <>
      <Heading title="Search">
        <SavedSearches path={pathOf(wish)} name={wish.q} />
      </Heading>
      <SearchForm wish={wish} go={go} />
      {isId(wish.q) ? <ById id={wish.q} /> : <Results key={pathOf(wish)} wish={wish} add={add} />}
    </>
  )
}
