/** The inventory that builds itself: every identity that was seen, its owner, and what is known about it. */
import type { Coverage, IdentityLine } from '../answers.ts'
import { counted } from '../format.ts'
import { useQuestion } from '../question.ts'
import {
  Ago,
  agentPath,
  Agent,
  Answered,
  Card,
  Empty,
  Foreign,
  SeverityMark,
  Tag,
  term,
  Time,
  watchedPath,
} from '../ui/basics.tsx'
import { useParameters } from '../ui/address.ts'
import { Heading } from '../ui/heading.tsx'
import { Narrow } from '../ui/narrow.tsx'
import { Lost, Turn, useTurning } from '../ui/pages-of.tsx'
import { type Column, Rows } from '../ui/rows.tsx'

/** Whether its habits are known yet; until then only rules and comparisons with others speak. Its page says which detectors these are. */
function Learned({
  identity,
  coverage,
  asking,
}: {
  identity: string
  coverage: Coverage | undefined
  asking: boolean
}) {
  if (coverage === undefined) return <span class="faint">{asking ? 'asking…' : 'unknown'}</span>
  const learning = coverage.detectors.filter(({ sees }) => sees === 'learning')
  const blind = coverage.detectors.filter(({ sees }) => sees === 'blind')
  const until = learning
    .map((one) => one.until ?? '')
    .toSorted()
    .at(-1)
  const counts = [
    ...(blind.length === 0 ? [] : [`${counted(blind.length, 'detector')} blind`]),
    ...(learning.length === 0 ? [] : [`${learning.length} learning`]),
  ]
  return (
    <>
      {until === undefined ? 'yes' : <Tag text="learning" tone="warn" />}
      {counts.length === 0 ? null : (
        <div class="beneath">
          <a href={watchedPath(identity)}>{counts.join(', ')}</a>
        </div>
      )}
      {until === undefined ? null : (
        <div class="beneath">
          until <Time at={until} brief />
        </div>
      )}
    </>
  )
}

/** The list of its open incidents, those that took in one of its own with them. */
const openPath = (identity: string): string => {
  const q = `${term('agent', identity)} OR ${term('also', identity)}`
  return `/console/incidents?${new URLSearchParams({ status: 'new,in_progress', q })}`
}

const Open = ({ identity, incidents_open: open, incidents_worst: worst }: IdentityLine) =>
  worst === null ? (
    <span class="faint">none</span>
  ) : (
    <a href={openPath(identity)}>
      {open.toLocaleString('en-GB')} <span class="visually-hidden">open, the worst </span>
      <SeverityMark severity={worst} />
    </a>
  )

const columnsOf = (
  coverageOf: (identity: string) => Coverage | undefined,
  asking: boolean,
): readonly Column<IdentityLine>[] => [
  {
    title: 'Identity',
    cell: ({ identity, owner }) => (
      <>
        <Agent identity={identity} />
        {owner === '' ? null : (
          <div class="beneath">
            <Foreign text={owner} short />
          </div>
        )}
      </>
    ),
  },
  { title: 'Open incidents', cell: (line) => <Open {...line} /> },
  { title: 'Kind', cell: ({ principal_kind }) => <Tag text={principal_kind} /> },
  {
    title: 'Habits known',
    cell: ({ identity }) => <Learned identity={identity} coverage={coverageOf(identity)} asking={asking} />,
  },
  { title: 'Events', number: true, cell: ({ events }) => events.toLocaleString('en-GB') },
  { title: 'Sessions', number: true, cell: ({ sessions }) => sessions.toLocaleString('en-GB') },
  { title: 'First seen', cell: ({ first_seen }) => <Ago at={first_seen} /> },
  { title: 'Last seen', cell: ({ last_seen }) => <Ago at={last_seen} /> },
]

const PAGE = 100

export function AgentsPage() {
  const parameters = useParameters()
  const name = parameters.of('name') || undefined
  const turning = useTurning(name)
  const question = useQuestion('/v1/identities', { query: { limit: PAGE, cursor: turning.cursor, name } }, 30_000)
  const first = question.answer?.items[0]?.identity
  // Both lists are sorted by name, so this is the same page of the other one.
  const coverage = useQuestion(first === undefined ? undefined : '/v1/coverage', {
    query: { limit: PAGE, from: first, name },
  })
  const asking = coverage.answer === undefined && coverage.error === undefined
  const covered = new Map((coverage.answer?.items ?? []).map((one) => [one.name, one]))
  return (
    <>
      <Heading title="Agents">
        <Narrow
          label="Filter by name"
          placeholder="part of a name"
          value={name ?? ''}
          change={(typed) => parameters.set({ name: typed })}
        />
      </Heading>
      <Card title="Every identity that was seen">
        <Answered question={question}>
          {({ items, next_cursor, whole_since }) => (
            <>
              <Lost since={whole_since} />
              {items.length > 0 ? null : (
                <Empty>
                  {name === undefined ? 'No identity has been seen yet.' : 'No identity has a name like that.'}
                </Empty>
              )}
              <Rows
                label="Agents"
                rows={items}
                keyOf={({ identity }) => identity}
                pathOf={({ identity }) => agentPath(identity)}
                columns={columnsOf((identity) => covered.get(identity), asking)}
              />
              <Turn turning={turning} next={next_cursor} />
            </>
          )}
        </Answered>
      </Card>
    </>
  )
}
