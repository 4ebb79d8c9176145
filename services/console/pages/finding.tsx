/** One finding, with a link to the incident that it belongs to. */
import { useQuestion } from '../question.ts'
import { Agent, Answered, Card, incidentPath, term } from '../ui/basics.tsx'
import { FindingView } from '../ui/finding-view.tsx'
import { Heading } from '../ui/heading.tsx'

/** The incident that contains the finding, where a person can act on it. */
function InIncident({ id }: { id: string }) {
  const question = useQuestion('/v1/incidents', { query: { q: term('finding_ids', id), limit: 1 } })
  const incident = question.answer?.items[0]
  if (incident === undefined) return null
  return (
    <a class="button" href={incidentPath(incident.id)}>
      Open its incident
    </a>
  )
}

export function FindingPage({ id }: { id: string }) {
  const question = useQuestion('/v1/findings/{id}', { path: { id } })
  return (
    <Answered question={question}>
      {(finding) => (
        <>
          <Heading title={finding.title}>
            <InIncident id={id} />
          </Heading>
          <Card title="Finding" aside={<Agent identity={finding.agent} />}>
            <FindingView finding={finding} />
          </Card>
        </>
      )}
    </Answered>
  )
}
