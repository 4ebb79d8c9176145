/** The response queue: what waits for a person, what is held back, and whether the sinks were notified. */
import type { Delivery, Quarantine } from '../answers.ts'
import { change } from '../client.ts'
import { useQuestion } from '../question.ts'
import {
  Ago,
  Agent,
  Answered,
  Card,
  Empty,
  findingPath,
  Foreign,
  incidentPath,
  Sentence,
  Tag,
  Time,
} from '../ui/basics.tsx'
import { type Choosing, inListOrder, useChoosing } from '../ui/choosing.ts'
import { Act } from '../ui/dialog.tsx'
import { Heading } from '../ui/heading.tsx'
import { QuarantineActs, QuarantineTag } from '../ui/quarantine.tsx'
import { Rows } from '../ui/rows.tsx'

const DELIVERY_TONES: Readonly<Record<string, 'good' | 'bad' | 'warn'>> = {
  delivered: 'good',
  dead: 'bad',
  pending: 'warn',
}

/** Approves or refuses many at once, with one reason. */
function Decide({ ids, done }: { ids: readonly string[]; done(): void }) {
  const order = (type: 'approve' | 'release') => (reason: string) =>
    change('POST', '/v1/commands', { body: { type, quarantine_ids: [...ids], reason } })
  return (
    <div class="acts">
      <Act
        label={`Approve ${ids.length}`}
        tone="danger"
        explain="Carries out what was proposed for each of them."
        disabled={ids.length === 0}
        run={order('approve')}
        done={done}
      />
      <Act
        label={`Refuse ${ids.length}`}
        explain="None of them is stopped."
        disabled={ids.length === 0}
        run={order('release')}
        done={done}
      />
    </div>
  )
}

const Table = (props: { label: string; items: readonly Quarantine[]; choosing?: Choosing; done(): void }) => (
  <Rows
    label={props.label}
    rows={props.items}
    keyOf={({ id }) => id}
    {...(props.choosing === undefined ? {} : { selected: props.choosing.selected, toggle: props.choosing.toggle })}
    columns={[
      { title: 'Agent', cell: ({ identity }) => <Agent identity={identity} /> },
      { title: 'Status', cell: (quarantine) => <QuarantineTag quarantine={quarantine} /> },
      { title: 'Where it stands', cell: ({ status_reason }) => <Sentence text={status_reason} /> },
      { title: 'Asked for by', cell: ({ requested_by }) => <Foreign text={requested_by} short /> },
      { title: 'When', cell: ({ requested_at }) => <Ago at={requested_at} /> },
      {
        title: 'Ends',
        cell: ({ ended_at: ended, expires_at: expires }) => <Time at={ended ?? expires} brief />,
      },
      { title: 'Acts', cell: (quarantine) => <QuarantineActs quarantine={quarantine} done={props.done} /> },
    ]}
  />
)

const SHOWN_MAX = 100

/** Quarantines of some statuses. Each list is a question of its own, so that many of one kind hide none of another. */
function Quarantines(props: { title: string; empty: string; status: string; decide?: true }) {
  const question = useQuestion('/v1/quarantines', { query: { status: props.status, limit: SHOWN_MAX } }, 3_000)
  const choosing = useChoosing()
  const items = question.answer?.items ?? []
  const chosen = inListOrder(items, choosing)
  const isAll = chosen.length === items.length
  const done = (): void => {
    choosing.choose([])
    question.ask()
  }
  const canDecide = props.decide === true && items.length > 1
  return (
    <Card
      title={props.title}
      aside={
        canDecide ? (
          <div class="acts">
            <button type="button" onClick={() => choosing.choose(isAll ? [] : items.map(({ id }) => id))}>
              {isAll ? 'Select none' : `Select all ${items.length}`}
            </button>
            <Decide ids={chosen} done={done} />
          </div>
        ) : null
      }
    >
      <Answered question={question}>
        {({ next_cursor }) => (
          <>
            {items.length === 0 ? <Empty>{props.empty}</Empty> : null}
            {next_cursor === null ? null : <p class="faint">The newest {SHOWN_MAX} are shown.</p>}
            <Table label={props.title} items={items} done={done} {...(canDecide ? { choosing } : {})} />
          </>
        )}
      </Answered>
    </Card>
  )
}

/** What was delivered, with a link to its subject. */
const What = ({ delivery: { type, subject } }: { delivery: Delivery }) => {
  if (type === 'finding.created' || type === 'finding.updated') return <a href={findingPath(subject)}>{type}</a>
  return type.startsWith('incident.') ? <a href={incidentPath(subject)}>{type}</a> : <>{type}</>
}

const Deliveries = ({ items }: { items: readonly Delivery[] }) => (
  <Rows
    label="Deliveries"
    rows={items}
    keyOf={({ id }) => id}
    columns={[
      { title: 'Sink', cell: ({ sink }) => <Foreign text={sink} short /> },
      { title: 'What', cell: (delivery) => <What delivery={delivery} /> },
      {
        title: 'Status',
        cell: ({ status }) => {
          const tone = DELIVERY_TONES[status]
          return <Tag text={status} {...(tone === undefined ? {} : { tone })} />
        },
      },
      { title: 'Attempts', number: true, cell: ({ attempts }) => attempts },
      { title: 'Last outcome', cell: ({ last_outcome }) => <Foreign text={last_outcome} /> },
      { title: 'Made', cell: ({ created_ms }) => <Time at={new Date(created_ms).toISOString()} brief /> },
    ]}
  />
)

export function ResponsePage() {
  const deliveries = useQuestion('/v1/deliveries', { query: { limit: 50 } }, 5_000)
  return (
    <>
      <Heading title="Response" />
      <Quarantines title="Waits for a person" empty="Nothing waits." status="proposed" decide />
      <Quarantines title="Held back" empty="Nobody is held back." status="requested,sent,acknowledged" />
      <Quarantines title="Ended or not carried out" empty="None." status="shadow,refused,released,expired" />
      <Card title="What the sinks were told" aside={<a href="/console/settings">Health of the sinks</a>}>
        <Answered question={deliveries}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty>No sink is set up, or nothing had to be told.</Empty>
            ) : (
              <Deliveries items={items} />
            )
          }
        </Answered>
      </Card>
    </>
  )
}
