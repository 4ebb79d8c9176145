/** The inventory that builds itself: every identity that was seen, who owns it, and what is known of it. */
import type { IdentityLine, List } from '../answers.ts'
import { useQuestion } from '../question.ts'
import { Ago, agentPath, Agent, Answered, Card, Empty, Foreign, Tag } from '../ui/basics.tsx'
import { Heading } from '../ui/heading.tsx'
import { Turn, useTurning } from '../ui/pages-of.tsx'
import { Rows } from '../ui/rows.tsx'

export function AgentsPage() {
  const turning = useTurning()
  const question = useQuestion<List<IdentityLine>>('/v1/identities', { limit: 100, cursor: turning.cursor }, 30_000)
  return (
    <>
      <Heading title="Agents" />
      <Card title="Every identity that was seen">
        <Answered question={question}>
          {({ items, next_cursor }) => (
            <>
              {items.length === 0 ? <Empty>No identity has been seen yet.</Empty> : null}
              <Rows
                label="Agents"
                rows={items}
                keyOf={({ identity }) => identity}
                pathOf={({ identity }) => agentPath(identity)}
                columns={[
                  { title: 'Identity', cell: ({ identity }) => <Agent identity={identity} /> },
                  { title: 'Kind', cell: ({ principal_kind }) => <Tag text={principal_kind} /> },
                  { title: 'Owner', cell: ({ owner }) => <Foreign text={owner} short /> },
                  { title: 'Events', number: true, cell: ({ events }) => events.toLocaleString('en-GB') },
                  { title: 'Sessions', number: true, cell: ({ sessions }) => sessions.toLocaleString('en-GB') },
                  { title: 'First seen', cell: ({ first_seen }) => <Ago at={first_seen} /> },
                  { title: 'Last seen', cell: ({ last_seen }) => <Ago at={last_seen} /> },
                ]}
              />
              <Turn turning={turning} next={next_cursor} />
            </>
          )}
        </Answered>
      </Card>
    </>
  )
}
