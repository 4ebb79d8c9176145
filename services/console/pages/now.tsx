/** Now: what is open, worst first, and whether the service itself is well. Empty, it says how to connect the first agent. */
import type { ComponentChildren } from 'preact'
import { riskAt } from '../../../schemas/risk.ts'
import type { Incident, List, Overview, Quarantine } from '../answers.ts'
import { counted, labelOf } from '../format.ts'
import { useQuestion } from '../question.ts'
import { Answered, Card, Empty, Tag } from '../ui/basics.tsx'
import { Connect } from '../ui/connect.tsx'
import { Heading } from '../ui/heading.tsx'
import { containedOf, IncidentTable } from '../ui/incident-table.tsx'

const TONES = { ok: 'good', warn: 'warn', bad: 'bad' } as const

/** Where more is said of a part. */
const PLACES: ReadonlyMap<string, string> = new Map([['sinks', '/console/settings']])

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

/** Worst first, as of now. */
function byRisk(incidents: readonly Incident[]): readonly Incident[] {
  const now = Date.now()
  return incidents.toSorted((a, b) => riskAt(b, now) - riskAt(a, now))
}

export function NowPage() {
  const overview = useQuestion<Overview>('/v1/overview', {}, 10_000)
  const incidents = useQuestion<List<Incident>>('/v1/incidents', { status: 'new,in_progress', limit: 200 }, 'incidents')
  const quarantines = useQuestion<List<Quarantine>>('/v1/quarantines', { limit: 200 }, 'incidents')
  return (
    <>
      <Heading title="Now" />
      <Answered question={overview}>{(answer) => <Health overview={answer} />}</Answered>
      <Card title="Open incidents" aside={<a href="/console/incidents">All incidents</a>}>
        <Answered question={incidents}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty>Nothing is open. What is found shows here within seconds.</Empty>
            ) : (
              <IncidentTable incidents={byRisk(items)} contained={containedOf(quarantines.answer?.items)} />
            )
          }
        </Answered>
      </Card>
      {overview.answer?.events === 0 ? <Connect /> : null}
    </>
  )
}
