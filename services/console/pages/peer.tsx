/** One peer, and everybody who touched it. */
import { counted } from '../format.ts'
import { useQuestion } from '../question.ts'
import { Agent, Ago, agentPath, Answered, Card, Foreign, searchPath, term } from '../ui/basics.tsx'
import { Heading } from '../ui/heading.tsx'
import { Rows } from '../ui/rows.tsx'

export function PeerPage({ id }: { id: string }) {
  const question = useQuestion('/v1/peers/{peer}', { path: { peer: id } }, 30_000)
  return (
    <>
      <Heading title={id} />
      <Answered question={question}>
        {(peer) => (
          <Card
            title={`${counted(peer.identities.length, 'agent')} touched it`}
            aside={<a href={searchPath(term('peer', id))}>Its events</a>}
          >
            <Rows
              label="Agents"
              rows={peer.identities}
              keyOf={({ identity }) => identity}
              pathOf={({ identity }) => agentPath(identity)}
              columns={[
                { title: 'Agent', cell: ({ identity }) => <Agent identity={identity} /> },
                { title: 'Owner', cell: ({ owner }) => <Foreign text={owner} short /> },
                { title: 'Events', number: true, cell: ({ events }) => events.toLocaleString('en-GB') },
                { title: 'First contact', cell: ({ first_seen }) => <Ago at={first_seen} /> },
                { title: 'Last contact', cell: ({ last_seen }) => <Ago at={last_seen} /> },
              ]}
            />
          </Card>
        )}
      </Answered>
    </>
  )
}
