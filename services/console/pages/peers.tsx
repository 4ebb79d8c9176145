/** Peers and movement: who talks to whom, new edges marked, and every peer with how many touch it. */
import { useState } from 'preact/hooks'
import type { Edge, List, PeerLine } from '../answers.ts'
import { useQuestion } from '../question.ts'
import { Ago, Answered, Card, Empty, Foreign, peerPath } from '../ui/basics.tsx'
import { Graph } from '../ui/graph.tsx'
import { Heading } from '../ui/heading.tsx'
import { Rows } from '../ui/rows.tsx'

const SPANS = [
  ['-1h', 'New in the last hour'],
  ['-24h', 'New in the last day'],
  ['-7d', 'New in the last week'],
] as const

export function PeersPage() {
  const [since, setSince] = useState('-24h')
  const edges = useQuestion<{ edges: readonly Edge[] }>('/v1/graph', { since }, 30_000)
  const peers = useQuestion<List<PeerLine>>('/v1/peers', { limit: 200 }, 30_000)
  return (
    <>
      <Heading title="Peers and movement">
        <select aria-label="What counts as new" value={since} onChange={(event) => setSince(event.currentTarget.value)}>
          {SPANS.map(([value, title]) => (
            <option key={value} value={value}>
              {title}
            </option>
          ))}
        </select>
      </Heading>
      <Card title="Who talks to whom">
        <Answered question={edges}>
          {(answer) =>
            answer.edges.length === 0 ? (
              <Empty>No contact was seen in this time.</Empty>
            ) : (
              <Graph edges={answer.edges} />
            )
          }
        </Answered>
      </Card>
      <Card title="Peers">
        <Answered question={peers}>
          {({ items }) => (
            <Rows
              label="Peers"
              rows={items}
              keyOf={({ peer }) => peer}
              pathOf={({ peer }) => peerPath(peer)}
              columns={[
                {
                  title: 'Peer',
                  cell: ({ peer }) => (
                    <a href={peerPath(peer)}>
                      <Foreign text={peer} short />
                    </a>
                  ),
                },
                { title: 'Agents', number: true, cell: ({ identities }) => identities },
                { title: 'Events', number: true, cell: ({ events }) => events.toLocaleString('en-GB') },
                { title: 'First seen', cell: ({ first_seen }) => <Ago at={first_seen} /> },
                { title: 'Last seen', cell: ({ last_seen }) => <Ago at={last_seen} /> },
              ]}
            />
          )}
        </Answered>
      </Card>
    </>
  )
}
