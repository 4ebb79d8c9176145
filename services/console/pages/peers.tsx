/** Peers and movement: who talks to whom, new edges marked, and every peer with how many touch it. */
import { useState } from 'preact/hooks'
import { useQuestion } from '../question.ts'
import { Ago, Answered, Card, Empty, Foreign, peerPath, searchPath, term } from '../ui/basics.tsx'
import { Graph } from '../ui/graph.tsx'
import { useParameters } from '../ui/address.ts'
import { Choice } from '../ui/choice.tsx'
import { Narrow } from '../ui/narrow.tsx'
import { Turn, useTurning } from '../ui/pages-of.tsx'
import { Heading } from '../ui/heading.tsx'
import { type Column, Rows } from '../ui/rows.tsx'

const SPANS = [
  ['-1h', 'New in the last hour'],
  ['-24h', 'New in the last day'],
  ['-7d', 'New in the last week'],
] as const

/** What identities have in common, each with its page of events or agents. */
const LISTS = [
  ['peers', 'Peers', peerPath],
  ['credentials', 'Credentials', (name: string) => searchPath(term('credential', name))],
  ['sources', 'Addresses', (name: string) => searchPath(term('source_address', name))],
] as const

interface Thing {
  readonly thing: string
  readonly identities: number
  readonly events: number
  readonly first_seen: string
  readonly last_seen: string
}

const columnsOf = (pathOf: (name: string) => string): readonly Column<Thing>[] => [
  {
    title: 'Name',
    cell: ({ thing }) => (
      <a href={pathOf(thing)}>
        <Foreign text={thing} short />
      </a>
    ),
  },
  {
    title: 'Agents',
    number: true,
    cell: ({ identities }) => (identities > 1 ? <strong>{identities}</strong> : identities),
  },
  { title: 'Events', number: true, cell: ({ events }) => events.toLocaleString('en-GB') },
  { title: 'First seen', cell: ({ first_seen }) => <Ago at={first_seen} /> },
  { title: 'Last seen', cell: ({ last_seen }) => <Ago at={last_seen} /> },
]

function Things() {
  const parameters = useParameters()
  const name = parameters.of('name') || undefined
  const [list, title, pathOf] = LISTS.find(([one]) => one === parameters.of('list')) ?? LISTS[0]
  const turning = useTurning(`${list} ${name}`)
  const question = useQuestion(`/v1/${list}`, { query: { limit: 100, cursor: turning.cursor, name } }, 30_000)
  const rows = (question.answer?.items ?? []).map((item) => ({
    ...item,
    thing: 'peer' in item ? item.peer : 'credential' in item ? item.credential : item.source,
  }))
  return (
    <Card
      title={`${title}, and how many agents use each`}
      aside={
        <div class="acts">
          <Choice
            label="What agents have in common"
            of={LISTS}
            value={list}
            change={(one) => parameters.set({ list: one })}
          />
          <Narrow
            label="Filter by name"
            placeholder="part of a name"
            value={name ?? ''}
            change={(typed) => parameters.set({ name: typed })}
          />
        </div>
      }
    >
      <Answered question={question}>
        {({ next_cursor }) => (
          <>
            {rows.length > 0 ? null : (
              <Empty>{name === undefined ? 'None has been seen yet.' : 'None has a name like that.'}</Empty>
            )}
            <Rows
              label={title}
              rows={rows}
              keyOf={({ thing }) => thing}
              pathOf={({ thing }) => pathOf(thing)}
              columns={columnsOf(pathOf)}
            />
            <Turn turning={turning} next={next_cursor} />
          </>
        )}
      </Answered>
    </Card>
  )
}

export function PeersPage() {
  const [since, setSince] = useState('-24h')
  const edges = useQuestion('/v1/graph', { query: { since } }, 30_000)
  return (
    <>
      <Heading title="Peers and movement">
        <Choice label="What counts as new" of={SPANS} value={since} change={setSince} />
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
      <Things />
    </>
  )
}
