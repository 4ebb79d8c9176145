/** One agent: its owner, what it normally does against now, its findings, who watches it, what it may do, and the state of its quarantine. */
import type { Finding, IdentityInFull, Permissions, Quarantine, Used } from '../answers.ts'
import { counted } from '../format.ts'
import { useQuestion } from '../question.ts'
import { Answered, Card, Empty, Foreign, searchPath, Tag, Time, term } from '../ui/basics.tsx'
import { FindingsTable } from '../ui/findings-table.tsx'
import { Heading } from '../ui/heading.tsx'
import { HeatMap, heatLegend } from '../ui/heat.tsx'
import { PermissionsCard } from '../ui/permissions.tsx'
import { Held, QuarantineAct, QuarantineActs, QuarantineFacts, isHeld } from '../ui/quarantine.tsx'
import { UsedCard } from '../ui/used.tsx'
import { WatchedCard } from '../ui/watched.tsx'

const USES = [
  ['Actions', 'action', 'actions'],
  ['Targets', 'target', 'targets'],
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
      title="Is it contained?"
      aside={quarantines.some(isHeld) ? null : <QuarantineAct identity={identity} findingIds={[]} done={done} />}
    >
      {quarantines.length === 0 ? <Empty>It was never held back.</Empty> : <Held quarantines={quarantines} />}
      {quarantines.map((quarantine) => (
        <div key={quarantine.id}>
          <QuarantineFacts quarantine={quarantine} />
          <QuarantineActs quarantine={quarantine} done={done} />
        </div>
      ))}
    </Card>
  )
}

const Findings = ({ findings, agent }: { findings: readonly Finding[]; agent: string }) => (
  <Card
    title="Findings"
    aside={
      findings.length === 0 ? null : (
        <a href={`/console/incidents?${new URLSearchParams({ q: term('agent', agent) })}`}>Its incidents</a>
      )
    }
  >
    {findings.length === 0 ? <Empty>None.</Empty> : null}
    <FindingsTable findings={findings} agent={false} />
  </Card>
)

/** Its targets, where no list of the registry shows them beside what is declared. */
const targetsOf = (permissions: Permissions | undefined): { values: readonly Used[]; count?: number } =>
  permissions === undefined || permissions.registry === 'listed'
    ? { values: [] }
    : { values: permissions.targets.undeclared, count: permissions.targets.undeclared_count }

/** What it uses, of each kind. */
function Uses({ agent, targets }: { agent: IdentityInFull; targets: ReturnType<typeof targetsOf> }) {
  const uses = USES.map(
    ([title, field, kind]) => [title, field, kind === 'targets' ? targets : { values: agent[kind] }] as const,
  )
  return (
    <div class="columns">
      {uses.map(([title, field, values]) => (
        <UsedCard
          key={field}
          title={title}
          field={field}
          identity={agent.identity}
          {...values}
          watchedSince={agent.first_seen}
        />
      ))}
    </div>
  )
}

export function AgentPage({ id }: { id: string }) {
  const path = { identity: id }
  const agent = useQuestion('/v1/identities/{identity}', { path }, 30_000)
  // Of an identity that nobody knows the other questions would say the same.
  const known = agent.answer
  const hours = useQuestion(known === undefined ? undefined : '/v1/identities/{identity}/hours', { path })
  const permissions = useQuestion(known === undefined ? undefined : '/v1/identities/{identity}/permissions', { path })
  const coverage = useQuestion(known === undefined ? undefined : '/v1/identities/{identity}/coverage', { path })
  const findings = useQuestion('/v1/findings', { query: { agent: id, limit: 50 } }, 'findings')
  const quarantines = useQuestion('/v1/quarantines', { query: { identity: id } }, 5_000)
  return (
    <>
      <Heading title={id} />
      <div class="columns">
        <div>
          <Answered question={agent}>{(answer) => <Who agent={answer} />}</Answered>
          <Answered question={quarantines}>
            {({ items }) => <Contained identity={id} quarantines={items} done={quarantines.ask} />}
          </Answered>
        </div>
        {known === undefined ? null : (
          <Card title="When it acts">
            <Answered question={hours}>
              {(answer) => (
                <>
                  <HeatMap hours={answer} since={known.first_seen} />
                  <p class="faint">{heatLegend(known.first_seen)}</p>
                </>
              )}
            </Answered>
          </Card>
        )}
      </div>
      <Answered question={findings}>{({ items }) => <Findings findings={items} agent={id} />}</Answered>
      {known === undefined ? null : <WatchedCard question={coverage} />}
      {known === undefined ? null : <PermissionsCard identity={id} question={permissions} />}
      {known === undefined ? null : <Uses agent={known} targets={targetsOf(permissions.answer)} />}
    </>
  )
}
