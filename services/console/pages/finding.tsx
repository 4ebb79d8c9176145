/** One finding, with a link to the incident that it belongs to. */
import type { Finding } from '../answers.ts'
import { useQuestion } from '../question.ts'
import { Agent, Answered, Card } from '../ui/basics.tsx'
import { FindingView } from '../ui/finding-view.tsx'
import { Heading } from '../ui/heading.tsx'

export function FindingPage({ id }: { id: string }) {
  const question = useQuestion<Finding>(`/v1/findings/${encodeURIComponent(id)}`)
  return (
    <Answered question={question}>
      {(finding) => (
        <>
          <Heading title={finding.title} />
          <Card title="Finding" aside={<Agent identity={finding.agent} />}>
            <FindingView finding={finding} />
          </Card>
        </>
      )}
    </Answered>
  )
}
