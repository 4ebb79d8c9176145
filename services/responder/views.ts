/**
 * Lists of the responder's memory, page by page, newest first. A cursor names the item to continue after, so that what is
 * added meanwhile shifts nothing. It contains a hash of its tenant and is refused for any other.
 */
import { chainOf } from '../../schemas/chain.ts'
import { H } from '../../schemas/ids.ts'
import type { Delivery } from '../../schemas/delivery.ts'
import type { StopSwitch } from '../../schemas/stop.ts'
import type { SinkView } from '../../schemas/sink.ts'
import type { ResponderViews, ViewAnswer, ViewPage } from '../lib/quarantine-view.ts'
import type { Audit } from './audit.ts'
import type { Deliveries } from './deliveries/index.ts'
import type { Incidents } from './incidents.ts'
import { isActive } from '../../schemas/quarantine.ts'
import type { Outcomes } from './outcomes.ts'
import type { Quarantines } from './quarantines/index.ts'
import type { Sinks, SinkState } from './sink-states.ts'
import type { Suppressions } from './suppressions.ts'
import type { Tokens } from './tokens.ts'

interface Position {
  readonly order: string
  readonly id: string
}

const markOf = (tenant: string, list: string, { only }: ViewPage): string =>
  H('cursor', tenant, list, only?.key ?? '').slice(0, 8)

const encode = (mark: string, at: Position): string =>
  Buffer.from(JSON.stringify([mark, at.order, at.id])).toString('base64url')

function decode(cursor: string, mark: string): Position | undefined {
  try {
    const parts = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')) as unknown
    if (!Array.isArray(parts) || parts.length !== 3 || parts[0] !== mark) return undefined
    const [, order, id] = parts as unknown[]
    return typeof order === 'string' && typeof id === 'string' ? { order, id } : undefined
  } catch {
    return undefined
  }
}

/** One page of `items`. `order` is the sort key, descending; ties are sorted by id. */
export function pageOf<T extends { readonly id: string }>(
  items: readonly T[],
  order: (item: T) => string,
  mark: string,
  { limit, cursor, only }: ViewPage,
): ViewAnswer<T> {
  const after = cursor === null ? undefined : decode(cursor, mark)
  if (cursor !== null && after === undefined) return { ok: false, reason: 'the cursor is not one of this list' }
  const compare = (a: Position, b: Position): number => {
    if (a.order !== b.order) return a.order < b.order ? 1 : -1
    return a.id === b.id ? 0 : a.id < b.id ? -1 : 1
  }
  const sorted = items
    .filter((item) => only?.holds(item) ?? true)
    .map((item) => ({ item, order: order(item), id: item.id }))
    .filter((at) => after === undefined || compare(at, after) > 0)
    .sort(compare)
  const page = sorted.slice(0, limit)
  const last = page.at(-1)
  const more = sorted.length > page.length && last !== undefined
  return { ok: true, items: page.map(({ item }) => item), next_cursor: more ? encode(mark, last) : null }
}

/** Where the lists come from: the responder's memory, or what another process reads of its state. */
export interface ViewSources {
  readonly quarantines: Pick<Quarantines, 'list'>
  readonly incidents: Pick<Incidents, 'list'>
  readonly deliveries: Pick<Deliveries, 'list'>
  readonly suppressions: Pick<Suppressions, 'list'>
  readonly outcomes: Pick<Outcomes, 'list'>
  readonly tokens: Pick<Tokens, 'list'>
  readonly audit: Pick<Audit, 'list'>
  readonly sinks: Pick<Sinks, 'states'>
  readonly switches: { get(tenant: string): StopSwitch | undefined }
}

const byId =
  <T extends { readonly id: string }>({ list }: { list(tenant: string): T[] }) =>
  async (tenant: string, id: string): Promise<T | undefined> =>
    list(tenant).find((item) => item.id === id)

/** The tenant's sinks and those of everybody, with what waits for each of this tenant's. */
function sinkViews(states: readonly SinkState[], deliveries: readonly Delivery[], tenant: string): SinkView[] {
  const bySink = Map.groupBy(deliveries, ({ sink }) => sink)
  const views = states.flatMap(({ name, status, since, detail, shown }): SinkView[] => {
    if (shown === undefined || shown === null || (shown.tenant !== tenant && shown.tenant !== '*')) return []
    const own = bySink.get(name) ?? []
    const count = (wanted: Delivery['status']): number => own.filter((one) => one.status === wanted).length
    const last = own.reduce((ms, one) => (one.status === 'delivered' ? Math.max(ms, one.closed_ms) : ms), 0)
    return [
      {
        name,
        ...shown,
        status,
        since,
        detail,
        pending: count('pending'),
        held: count('held'),
        dead: count('dead'),
        last_delivered: last === 0 ? null : new Date(last).toISOString(),
      },
    ]
  })
  return views.sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** The lists that the API shows. */
export const createViews = ({
  quarantines,
  incidents,
  deliveries,
  suppressions,
  outcomes,
  tokens,
  audit,
  sinks,
  switches,
}: ViewSources): ResponderViews => ({
  stop: async (tenant) => switches.get(tenant),
  sinks: async (tenant) => sinkViews(sinks.states(), deliveries.list(tenant), tenant),
  suppressions: async (tenant, page) =>
    pageOf(suppressions.list(tenant), (one) => one.time, markOf(tenant, 'suppressions', page), page),
  tokens: async (tenant, page) =>
    pageOf(tokens.list(tenant), (token) => token.created_at, markOf(tenant, 'tokens', page), page),
  audit: async (tenant, page) =>
    pageOf(
      audit.list(tenant),
      ({ sequence }) => String(sequence).padStart(15, '0'),
      markOf(tenant, 'audit', page),
      page,
    ),
  commands: async (tenant, page) =>
    pageOf(outcomes.list(tenant), (outcome) => outcome.time, markOf(tenant, 'commands', page), page),
  async held(tenant) {
    const all = quarantines.list(tenant)
    return {
      suppressions: suppressions.list(tenant),
      quarantines: new Set(all.map(({ id }) => id)),
      open: all.filter((q) => isActive(q) || q.status === 'proposed').length,
      identities: new Set([
        ...all.map(({ identity }) => identity),
        ...incidents.list(tenant).map(({ agent }) => agent),
      ]),
    }
  },
  quarantines: async (tenant, page) =>
    pageOf(quarantines.list(tenant), (q) => q.requested_at, markOf(tenant, 'quarantines', page), page),
  incidents: async (tenant, page) =>
    pageOf(incidents.list(tenant), (incident) => incident.opened_at, markOf(tenant, 'incidents', page), page),
  deliveries: async (tenant, page) =>
    pageOf(
      deliveries.list(tenant),
      (delivery) => String(delivery.created_ms).padStart(15, '0'),
      markOf(tenant, 'deliveries', page),
      page,
    ),
  quarantine: byId(quarantines),
  incident: byId(incidents),
  chain: async (tenant, incident) => chainOf(incident, incidents.list(tenant)),
  delivery: byId(deliveries),
  suppression: byId(suppressions),
  command: byId(outcomes),
  token: byId(tokens),
  auditEntry: byId(audit),
})
