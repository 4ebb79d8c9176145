/** One agent: whose it is, what it normally does against now, its findings, and where its quarantine stands. */
import type { Finding, Hours, IdentityInFull, List, Quarantine } from '../answers.ts'
import { counted } from '../format.ts'
import { useQuestion } from '../question.ts'
import { Answered, Card, Empty, Foreign, searchPath, Tag, Time, term } from '../ui/basics.tsx'
import { FindingsTable } from '../ui/findings-table.tsx'
import { Heading } from '../ui/heading.tsx'
import { HeatMap, heatLegend } from '../ui/heat.tsx'
import { QuarantineAct, QuarantineActs, QuarantineFacts, isHeld } from '../ui/quarantine.tsx'
import { UsedCard } from '../ui/used.tsx'

const USES = [
  ['Actions', 'action', 'actions'],
  ['Sources', 'source_address', 'sources'],
  ['Peers', 'peer_domains', 'peers'],
  ['Credentials', 'credential', 'credentials'],
  ['Clients', 'user_agent', 'user_agents'],
  ['Versions', 'agent_version', 'agent_versions'],
  ['Outcomes', 'outcome', 'outcomes'],
] as const

function Who({ agent }: { agent: IdentityInFull }) {
  return (
    <Card title="Who it is">
      <dl class="facts">
        <dt>Kind</dt>
        <dd>
          <Tag text={agent.principal_kind} />
        </dd>
        <dt>Owner</dt>
        <dd>{agent.owner === '' ? 'unknown' : <Foreign text={agent.owner} />}</dd>
        <dt>Role</dt>
        <dd>{agent.role === '' ? 'unknown' : <Foreign text={agent.role} />}</dd>
        <dt>First seen</dt>
        <dd>
          <Time at={agent.first_seen} />
        </dd>
        <dt>Last seen</dt>
        <dd>
          <Time at={agent.last_seen} />
        </dd>
        <dt>Events</dt>
        <dd>
          <a href={searchPath(term('identity', agent.identity))}>{counted(agent.events, 'event')}</a>,{' '}
          {counted(agent.sessions, 'session')}
          {agent.instances === 0 ? null : `, ${counted(agent.instances, 'instance')}`}
        </dd>
      </dl>
    </Card>
  )
}

function Contained({
  identity,
  quarantines,
  done,
}: {
  identity: string
  quarantines: readonly Quarantine[]
  done(): void
}) {
  return (
    <Card
      title="Quarantine"
      aside={quarantines.some(isHeld) ? null : <QuarantineAct identity={identity} findingIds={[]} done={done} />}
    >
      {quarantines.length === 0 ? <Empty>It was never held back.</Empty> : null}
      {quarantines.map((quarantine) => (
        <div key={quarantine.id}>
          <QuarantineFacts quarantine={quarantine} />
          <QuarantineActs quarantine={quarantine} done={done} />
        </div>
      ))}
    </Card>
  )
}

const Findings = ({ findings }: { findings: readonly Finding[] }) => (
  <Card title="Findings">
    {findings.length === 0 ? <Empty>None.</Empty> : null}
    <FindingsTable findings={findings} agent={false} />
  </Card>
)

export function AgentPage({ id }: { id: string }) {
  const path = `/v1/identities/${encodeURIComponent(id)}`
  const agent = useQuestion<IdentityInFull>(path, {}, 30_000)
  const hours = useQuestion<Hours>(`${path}/hours`)
  const findings = useQuestion<List<Finding>>('/v1/findings', { agent: id, limit: 50 }, 'findings')
  const quarantines = useQuestion<List<Quarantine>>('/v1/quarantines', { identity: id }, 5_000)
  return (
    <>
      <Heading title={id} />
      <div class="columns">
        <Answered question={agent}>{(known) => <Who agent={known} />}</Answered>
        <Answered question={quarantines}>
          {({ items }) => <Contained identity={id} quarantines={items} done={quarantines.ask} />}
        </Answered>
        <Card title="When it acts">
          <Answered question={hours}>
            {(known) =>
              agent.answer === undefined ? null : (
                <>
                  <HeatMap hours={known} since={agent.answer.first_seen} />
                  <p class="faint">{heatLegend(agent.answer.first_seen)}</p>
                </>
              )
            }
          </Answered>
        </Card>
      </div>
      <Answered question={findings}>{({ items }) => <Findings findings={items} />}</Answered>
      <Answered question={agent}>
        {(known) => (
          <div class="columns">
            {USES.map(([title, field, uses]) => (
              <UsedCard
                key={field}
                title={title}
                field={field}
                identity={id}
                values={known[uses]}
                watchedSince={known.first_seen}
              />
            ))}
          </div>
        )}
      </Answered>
    </>
  )
}
