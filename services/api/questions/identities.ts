/**
 * Questions about identities: which there are, and what is known of one. Both follow the order of the table (tenant,
 * identity, time), so they read the identities they answer about and no others.
 */
import type { Severity } from '../../../schemas/finding.ts'
import { decodeCursor, encodeCursor, type Page } from '../cursor.ts'
import { condition, equal, oneOf, type TenantDoor } from '../query.ts'
import { DISTINCT_EVENTS, newestNamed } from '../search/fields.ts'
import { isoOf } from './events.ts'
import { findingCounts } from './findings.ts'

export interface Identity {
  readonly identity: string
  readonly principal_kind: string
  readonly owner: string
  readonly role: string
  readonly first_seen: string
  readonly last_seen: string
  /** Repeats counted once. */
  readonly events: number
  readonly sessions: number
  readonly instances: number
}

/** One value that an identity has used, most used first. */
export interface Used {
  readonly value: string
  readonly events: number
  readonly first_seen: string
  readonly last_seen: string
}

export interface IdentityInFull extends Identity {
  readonly actions: readonly Used[]
  readonly sources: readonly Used[]
  readonly peers: readonly Used[]
  readonly credentials: readonly Used[]
  readonly user_agents: readonly Used[]
  readonly agent_versions: readonly Used[]
  readonly outcomes: readonly Used[]
  readonly findings: Readonly<Record<Severity, number>>
}

/** Values of one kind that are told of an identity. */
const USED_MAX = 50

const SUMMARY = [
  'identity',
  'argMax(principal_kind, time) AS principal_kind',
  newestNamed('owner'),
  newestNamed('role'),
  'min(time) AS first_seen',
  'max(time) AS last_seen',
  `${DISTINCT_EVENTS} AS events`,
  "uniqExactIf(session, session != '') AS sessions",
  "uniqExactIf(instance, instance != '') AS instances",
]

type Numbers = 'events' | 'sessions' | 'instances'
type SummaryRow = Omit<Identity, Numbers> & Record<Numbers, string>

const identityOf = (row: SummaryRow): Identity => ({
  ...row,
  first_seen: isoOf(row.first_seen),
  last_seen: isoOf(row.last_seen),
  events: Number(row.events),
  sessions: Number(row.sessions),
  instances: Number(row.instances),
})

const summaries = async (door: TenantDoor, identities: readonly string[]): Promise<Identity[]> => {
  const rows = await door.rows<SummaryRow>({
    name: 'identity_summaries',
    columns: SUMMARY,
    from: 'events',
    where: oneOf('identity', identities),
    groupBy: 'identity',
    orderBy: 'identity',
  })
  return rows.map(identityOf)
}

/** By name. Throws CursorError. */
export async function listIdentities(
  door: TenantDoor,
  page: { limit: number; cursor: string | undefined },
): Promise<Page<Identity>> {
  const scope = { tenant: door.tenant, list: 'identities', filters: {} }
  const after = page.cursor === undefined ? undefined : (decodeCursor(scope, page.cursor, ['string'])[0] as string)
  const names = await door.rows<{ identity: string }>({
    name: 'identities',
    columns: ['DISTINCT identity'],
    from: 'events',
    where: after === undefined ? [] : [condition('identity > {after:String}', { after })],
    orderBy: 'identity',
    limit: page.limit + 1,
  })
  const shown = names.slice(0, page.limit).map(({ identity }) => identity)
  const last = names.length > page.limit ? shown.at(-1) : undefined
  return {
    items: shown.length === 0 ? [] : await summaries(door, shown),
    next_cursor: last === undefined ? null : encodeCursor(scope, [last]),
  }
}

/** The values of one column (an expression of ours) that an identity has used. */
async function used(door: TenantDoor, identity: string, what: string, expression: string): Promise<Used[]> {
  type Row = Omit<Used, 'events'> & { events: string }
  const rows = await door.rows<Row>({
    name: `identity_${what}`,
    columns: [
      `${expression} AS value`,
      `${DISTINCT_EVENTS} AS events`,
      'min(time) AS first_seen',
      'max(time) AS last_seen',
    ],
    from: 'events',
    where: [...equal('identity', identity), condition("value != ''", {})],
    groupBy: 'value',
    orderBy: 'events DESC, value',
    limit: USED_MAX,
  })
  return rows.map(({ value, events, first_seen, last_seen }) => ({
    value,
    events: Number(events),
    first_seen: isoOf(first_seen),
    last_seen: isoOf(last_seen),
  }))
}

/** Whether any event names the identity. */
export async function isKnown(door: TenantDoor, identity: string): Promise<boolean> {
  const where = equal('identity', identity)
  const rows = await door.rows({ name: 'identity_known', columns: ['1 AS seen'], from: 'events', where, limit: 1 })
  return rows.length > 0
}

export async function identityInFull(door: TenantDoor, identity: string): Promise<IdentityInFull | undefined> {
  const [summary] = await summaries(door, [identity])
  if (summary === undefined) return undefined
  const [actions, sources, peers, credentials, user_agents, agent_versions, outcomes, findings] = await Promise.all([
    used(door, identity, 'actions', 'action'),
    used(door, identity, 'sources', 'source_address'),
    used(door, identity, 'peers', 'arrayJoin(peer_domains)'),
    used(door, identity, 'credentials', 'credential'),
    used(door, identity, 'user_agents', 'user_agent'),
    used(door, identity, 'agent_versions', 'agent_version'),
    used(door, identity, 'outcomes', 'outcome'),
    findingCounts(door, identity),
  ])
  return { ...summary, actions, sources, peers, credentials, user_agents, agent_versions, outcomes, findings }
}
