/**
 * Questions about identities: which exist, and what is known of one. Both follow the order of the table (tenant, identity,
 * time), so they only read the identities that they answer about.
 */
import type { Severity } from '../../../schemas/finding.ts'
import { decodeCursor, encodeCursor, type Page } from '../cursor.ts'
import { condition, equal, holding, oneOf, type TenantReader } from '../query.ts'
import { DISTINCT_EVENTS, newestNamed } from '../search/fields.ts'
import { isoOf } from './events.ts'
import { findingCounts } from './findings.ts'
import { type Used, usedBy } from './used.ts'

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

/** What is listed of an identity; see usedBy. */
const USED = {
  actions: '[action]',
  sources: '[source_address]',
  peers: 'peer_domains',
  credentials: '[credential]',
  user_agents: '[user_agent]',
  agent_versions: '[agent_version]',
  outcomes: '[outcome]',
} as const

export interface IdentityInFull extends Identity, Readonly<Record<keyof typeof USED, readonly Used[]>> {
  readonly findings: Readonly<Record<Severity, number>>
}

/** Values of one kind that are listed for an identity. */
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

const summaries = async (reader: TenantReader, identities: readonly string[]): Promise<Identity[]> => {
  const rows = await reader.rows<SummaryRow>({
    name: 'identity_summaries',
    columns: SUMMARY,
    from: 'events',
    where: oneOf('identity', identities),
    groupBy: 'identity',
    orderBy: 'identity',
  })
  return rows.map(identityOf)
}

/** By name; `name`: only those that hold it. Throws CursorError. */
export async function listIdentities(
  reader: TenantReader,
  page: { limit: number; cursor: string | undefined },
  name?: string,
): Promise<Page<Identity>> {
  const scope = { tenant: reader.tenant, list: 'identities', filters: name === undefined ? {} : { name } }
  const after = page.cursor === undefined ? undefined : (decodeCursor(scope, page.cursor, ['string'])[0] as string)
  const names = await reader.rows<{ identity: string }>({
    name: 'identities',
    columns: ['DISTINCT identity'],
    from: 'events',
    where: [
      ...(after === undefined ? [] : [condition('identity > {after:String}', { after })]),
      ...holding('identity', name),
    ],
    orderBy: 'identity',
    limit: page.limit + 1,
  })
  const shown = names.slice(0, page.limit).map(({ identity }) => identity)
  const last = names.length > page.limit ? shown.at(-1) : undefined
  return {
    items: shown.length === 0 ? [] : await summaries(reader, shown),
    next_cursor: last === undefined ? null : encodeCursor(scope, [last]),
  }
}

/** Whether any event names the identity. */
export async function isKnown(reader: TenantReader, identity: string): Promise<boolean> {
  const where = equal('identity', identity)
  const rows = await reader.rows({ name: 'identity_known', columns: ['1 AS seen'], from: 'events', where, limit: 1 })
  return rows.length > 0
}

export async function identityInFull(reader: TenantReader, identity: string): Promise<IdentityInFull | undefined> {
  const [summary] = await summaries(reader, [identity])
  if (summary === undefined) return undefined
  const [used, findings] = await Promise.all([
    usedBy(reader, identity, USED, { most: USED_MAX }),
    findingCounts(reader, identity),
  ])
  return { ...summary, ...used, findings }
}
