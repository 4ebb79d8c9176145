/** What an id names: tickets and messages of sinks often hold nothing else. */
import { useQuestion } from '../question.ts'
import { Card, Empty, findingPath, incidentPath, searchPath, Sentence, Time, term } from './basics.tsx'
import { headlineOf } from './incident-table.tsx'

export function ById({ id }: { id: string }) {
  const incidents = useQuestion('/v1/incidents', { query: { q: term('id', id), limit: 1 } })
  const findings = useQuestion('/v1/findings', { query: { q: term('id', id), limit: 1 } })
  const events = useQuestion('/v1/events', { query: { q: term('event_id', id), limit: 1 } })
  const [incident, finding, event] = [incidents.answer?.items[0], findings.answer?.items[0], events.answer?.items[0]]
  const asking = incidents.asking || findings.asking || events.asking
  return (
    <Card title="What has this id">
      {incident === undefined ? null : (
        <p>
          The incident{' '}
          <a href={incidentPath(id)}>
            <Sentence text={headlineOf(incident)} />
          </a>
        </p>
      )}
      {finding === undefined ? null : (
        <p>
          The finding <a href={findingPath(id)}>{finding.title}</a>
        </p>
      )}
      {event === undefined ? null : (
        <p>
          The event{' '}
          <a href={searchPath(term('event_id', id))}>
            <Sentence text={event.action ?? 'without an action'} />
          </a>{' '}
          of <Time at={event.time} />
        </p>
      )}
      {asking || incident !== undefined || finding !== undefined || event !== undefined ? null : (
        <Empty>Nothing that is kept here.</Empty>
      )}
    </Card>
  )
}
