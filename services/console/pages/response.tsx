/** The response queue: what waits for a person, what is held back, and whether the sinks were told. */
import type { Delivery, List, Quarantine } from '../answers.ts'
import { useQuestion } from '../question.ts'
import { Agent, Answered, Card, Empty, findingPath, Foreign, incidentPath, Sentence, Tag, Time } from '../ui/basics.tsx'
import { Heading } from '../ui/heading.tsx'
import { isHeld, QuarantineActs, QuarantineTag } from '../ui/quarantine.tsx'
import { Rows } from '../ui/rows.tsx'

const DELIVERY_TONES: Readonly<Record<string, 'good' | 'bad' | 'warn'>> = {
  delivered: 'good',
  dead: 'bad',
  pending: 'warn',
}

const Quarantines = (props: { title: string; empty: string; items: readonly Quarantine[]; done(): void }) => (
  <Card title={props.title}>
    {props.items.length === 0 ? <Empty>{props.empty}</Empty> : null}
    {props.items.length === 0 ? null : (
      <Rows
        label={props.title}
        rows={props.items}
        keyOf={({ id }) => id}
        columns={[
          { title: 'Agent', cell: ({ identity }) => <Agent identity={identity} /> },
          { title: 'Status', cell: (quarantine) => <QuarantineTag quarantine={quarantine} /> },
          { title: 'Where it stands', cell: ({ status_reason }) => <Sentence text={status_reason} /> },
          { title: 'Asked for by', cell: ({ requested_by }) => <Foreign text={requested_by} short /> },
          { title: 'When', cell: ({ requested_at }) => <Time at={requested_at} brief /> },
          {
            title: 'Ends',
            cell: ({ ended_at: ended, expires_at: expires }) => <Time at={ended ?? expires} brief />,
          },
          { title: 'Acts', cell: (quarantine) => <QuarantineActs quarantine={quarantine} done={props.done} /> },
        ]}
      />
    )}
  </Card>
)

/** What was told, with a way to what it is about. */
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
  const quarantines = useQuestion<List<Quarantine>>('/v1/quarantines', { limit: 200 }, 3_000)
  const deliveries = useQuestion<List<Delivery>>('/v1/deliveries', { limit: 50 }, 5_000)
  return (
    <>
      <Heading title="Response" />
      <Answered question={quarantines}>
        {({ items }) => {
          const waiting = items.filter(({ status }) => status === 'proposed')
          const held = items.filter(isHeld)
          const rest = items.filter((quarantine) => !waiting.includes(quarantine) && !held.includes(quarantine))
          return (
            <>
              <Quarantines title="Waits for a person" empty="Nothing waits." items={waiting} done={quarantines.ask} />
              <Quarantines title="Held back" empty="Nobody is held back." items={held} done={quarantines.ask} />
              <Quarantines title="Ended or not carried out" empty="None." items={rest} done={quarantines.ask} />
            </>
          )
        }}
      </Answered>
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
