/** One finding, with a link to the incident that it belongs to. */
import type { Finding, Incident, List } from '../answers.ts'
import { useQuestion } from '../question.ts'
import { Agent, Answered, Card, incidentPath, term } from '../ui/basics.tsx'
import { FindingView } from '../ui/finding-view.tsx'
import { Heading } from '../ui/heading.tsx'

/** Where a person acts on it: the incident that it lies in. */
function InIncident({ id }: { id: string }) {
  const question = useQuestion<List<Incident>>('/v1/incidents', { q: term('finding_ids', id), limit: 1 })
  const incident = question.answer?.items[0]
  if (incident === undefined) return null
  return (
    <a class="button" href={incidentPath(incident.id)}>
      Open its incident
    </a>
  )
}

export function FindingPage({ id }: { id: string }) {
  const question = useQuestion<Finding>(`/v1/findings/${encodeURIComponent(id)}`)
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
