/** One peer, and everybody who touched it. */
import type { PeerLine } from '../answers.ts'
import { counted } from '../format.ts'
import { useQuestion } from '../question.ts'
import { Agent, Ago, agentPath, Answered, Card, searchPath, Time, term } from '../ui/basics.tsx'
import { Heading } from '../ui/heading.tsx'
import { Rows } from '../ui/rows.tsx'

interface PeerInFull extends PeerLine {
  readonly touched_by: readonly {
    readonly identity: string
    readonly events: number
    readonly first_seen: string
    readonly last_seen: string
  }[]
}

export function PeerPage({ id }: { id: string }) {
  const question = useQuestion<PeerInFull>(`/v1/peers/${encodeURIComponent(id)}`, {}, 30_000)
  return (
    <>
      <Heading title={id} />
      <Answered question={question}>
        {(peer) => (
          <Card
            title={`${counted(peer.identities, 'agent')} touched it`}
            aside={<a href={searchPath(term('peer', id))}>{counted(peer.events, 'event')}</a>}
          >
            <p class="faint">
              First seen <Time at={peer.first_seen} />, last seen <Time at={peer.last_seen} />
            </p>
            <Rows
              label="Agents"
              rows={peer.touched_by}
              keyOf={({ identity }) => identity}
              pathOf={({ identity }) => agentPath(identity)}
              columns={[
                { title: 'Agent', cell: ({ identity }) => <Agent identity={identity} /> },
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
