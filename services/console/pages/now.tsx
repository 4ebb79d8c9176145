/**
 * Now: what is open, worst first, and whether the service itself is well. If empty, it says how to connect the first
 * agent.
 */
import type { ComponentChildren } from 'preact'
import type { Overview } from '../answers.ts'
import { counted, labelOf } from '../format.ts'
import { useQuestion } from '../question.ts'
import { Answered, Card, Empty, Tag } from '../ui/basics.tsx'
import { Connect } from '../ui/connect.tsx'
import { Heading } from '../ui/heading.tsx'
import { containedOf, IncidentTable } from '../ui/incident-table.tsx'

const TONES = { ok: 'good', warn: 'warn', bad: 'bad' } as const

/** The pages with more about a part. */
const PLACES: ReadonlyMap<string, string> = new Map([
  ['inputs', '/console/settings'],
  ['sinks', '/console/settings'],
])

const Part = ({ path, children }: { path: string | undefined; children: ComponentChildren }) =>
  path === undefined ? <>{children}</> : <a href={path}>{children}</a>

const Health = ({ overview }: { overview: Overview }) => (
  <p class="health">
    {overview.agents_last_hour === null ? null : (
      <span>{counted(overview.agents_last_hour, 'agent')} seen in the last hour</span>
    )}
    {Object.entries(overview.health).map(([part, { state, text }]) => (
      <Part key={part} path={PLACES.get(part)}>
        <Tag text={`${labelOf(part)}: ${text}`} tone={TONES[state]} />
      </Part>
    ))}
  </p>
)

export function NowPage() {
  const overview = useQuestion('/v1/overview', {}, 10_000)
  const incidents = useQuestion('/v1/incidents/open', { query: {} }, 'incidents')
  return (
    <>
      <Heading title="Now" />
      <Answered question={overview}>{(answer) => <Health overview={answer} />}</Answered>
      <Card title="Open incidents" aside={<a href="/console/incidents">All incidents</a>}>
        <Answered question={incidents}>
          {({ items, quarantines, open }) =>
            items.length === 0 ? (
              <Empty>Nothing is open. What is found shows here within seconds.</Empty>
            ) : (
              <>
                {open > items.length ? (
                  <p class="faint">
                    {open.toLocaleString('en-GB')} are open: these {items.length} have the highest risk.
                  </p>
                ) : null}
                <IncidentTable incidents={items} contained={containedOf(quarantines)} />
              </>
            )
          }
        </Answered>
      </Card>
      {overview.answer?.events === 0 ? <Connect /> : null}
    </>
  )
}
