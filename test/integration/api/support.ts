/** An API over the real engine and the real log, with two tenants whose data can be told apart. */
import { hash } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { blankDeadLetter, type DeadLetter } from '../../../schemas/dead-letter.ts'
import { AUDIT_ROOT, type AuditEntry, sealed } from '../../../schemas/audit.ts'
import { DETECTORS } from '../../../detectors/registry.ts'
import type { Command, CommandOf, CommandOutcome } from '../../../schemas/command.ts'
import type { Delivery } from '../../../schemas/delivery.ts'
import type { Event } from '../../../schemas/event.ts'
import type { Finding } from '../../../schemas/finding.ts'
import { H } from '../../../schemas/ids.ts'
import { type Incident, UNTRIAGED } from '../../../schemas/incident.ts'
import type { Quarantine } from '../../../schemas/quarantine.ts'
import type { StopSwitch } from '../../../schemas/stop.ts'
import type { Suppression } from '../../../schemas/suppression.ts'
import { type KeptToken } from '../../../schemas/token.ts'
import { topicSpecs } from '../../../schemas/topics.ts'
import { type ApiTools, createApi, type Readiness } from '../../../services/api/index.ts'
import { createAuthenticator } from '../../../services/lib/auth.ts'
import { systemClock } from '../../../services/lib/clock.ts'
import { defaultConfig } from '../../../services/lib/config.ts'
import { createCommandSender } from '../../../services/lib/command-sender.ts'
import { createFindingFeed } from '../../../services/lib/finding-feed.ts'
import { createHttp } from '../../../services/lib/http.ts'
import type { Log } from '../../../services/lib/log/port.ts'
import { createSqliteLog } from '../../../services/lib/log/sqlite/index.ts'
import { shownTokens, withMadeTokens } from '../../../services/lib/made-tokens.ts'
import { createMetrics } from '../../../services/lib/metrics.ts'
import type { Warehouse } from '../../../services/lib/warehouse/port.ts'
import { deadLetterRow, findingRow } from '../../../services/lib/warehouse/tables.ts'
import type { SinkState } from '../../../services/responder/sink-states.ts'
import { registriesOf } from '../../../services/roles/registries.ts'
import { effectivePolicy } from '../../../services/responder/policy.ts'
import { createViews } from '../../../services/responder/views.ts'
import { linesOf, scratch, silent, T0, whenOver } from '../warehouse/support.ts'

export const TOKENS = {
  acme: 'mw_acme',
  globex: 'mw_globex',
  responder: 'mw_responder',
  analyst: 'mw_analyst',
  sender: 'mw_sender',
} as const

/** What the configuration says. */
const CONFIGURED = {
  policy: (tenant: string) => effectivePolicy(defaultConfig().policy, tenant),
  registry: registriesOf({}),
}
const configured = createAuthenticator([
  { name: 'boss', token: TOKENS.acme, tenant: 'acme', role: 'admin', scopes: ['live', 'history'] },
  { name: 'rival', token: TOKENS.globex, tenant: 'globex', role: 'admin', scopes: ['live'] },
  { name: 'night-shift', token: TOKENS.responder, tenant: 'acme', role: 'responder', scopes: [] },
  { name: 'soc', token: TOKENS.analyst, tenant: 'acme', role: 'analyst', scopes: [] },
  { name: 'shipper', token: TOKENS.sender, tenant: 'acme', role: 'ingest', scopes: ['live'] },
])

export function finding(n: number, fields: Partial<Finding> = {}): Finding {
  const one: Finding = {
    id: '',
    revision: 1,
    detector: n % 2 === 0 ? 'credential/new-source' : 'lateral/recon-burst',
    version: 1,
    mode: 'live',
    severity: (['low', 'medium', 'high', 'critical'] as const)[n % 4] as Finding['severity'],
    tenant: 'acme',
    agent: `agent-${n % 5}`,
    owner: '',
    session: n % 3 === 0 ? null : `session-${n % 7}`,
    time: new Date(T0 + Math.floor(n / 2) * 1_000).toISOString(),
    title: `Finding ${n}`,
    why: 'It came from elsewhere.',
    observed: { source: '198.51.100.7', count: n },
    expected: { sources: ['192.0.2.1'] },
    surprise: n + 0.25,
    learned_since: null,
    techniques: ['T1078'],
    evidence: [],
    history: n % 10 === 9,
    epoch: 'e',
    ...fields,
  }
  return { ...one, id: fields.id ?? H('finding', one.tenant, String(n)) }
}

export function letter(n: number, fields: Partial<DeadLetter> = {}): DeadLetter {
  const one = {
    ...blankDeadLetter(),
    tenant: 'acme',
    time: Date.now() - n * 1_000,
    origin: 'events',
    detail: 'no identity',
    ...fields,
  }
  return { ...one, id: fields.id ?? H('letter', one.tenant, String(n)) }
}

const rows = (all: readonly (readonly unknown[])[]): Buffer =>
  Buffer.from(all.map((row) => `${JSON.stringify(row)}\n`).join(''))

export interface Contents {
  readonly events?: readonly Event[]
  readonly findings?: readonly Finding[]
  readonly letters?: readonly DeadLetter[]
}

/** Offset of the next finding's record: what is filled in later was written later. */
let place = 0
const foundAt = (one: Finding): number => Date.parse(one.time) + 1_500

/** A finding as the API answers it. */
export const answered = (one: Finding) => ({ ...one, found_at: new Date(foundAt(one)).toISOString() })

export async function fill(store: Warehouse, { events = [], findings = [], letters = [] }: Contents): Promise<void> {
  if (events.length > 0) await store.insert('events', linesOf(events))
  if (findings.length > 0) {
    await store.insert(
      'findings',
      rows(findings.map((one) => findingRow({ finding: one, foundAt: foundAt(one), agentSince: undefined }, place++))),
    )
  }
  if (letters.length > 0) await store.insert('dead_letters', rows(letters.map(deadLetterRow)))
}

export function quarantine(n: number, fields: Partial<Quarantine> = {}): Quarantine {
  const at = new Date(T0 + n * 1_000).toISOString()
  const one: Quarantine = {
    id: '',
    tenant: 'acme',
    identity: `agent-${n % 5}`,
    action: 'quarantine',
    status: 'acknowledged',
    status_reason: 'Every sink has taken it.',
    sequence: n + 1,
    order_sequence: n + 1,
    reason: 'stolen key',
    finding_ids: [],
    incident_id: null,
    automatic: false,
    requested_by: 'boss',
    requested_at: at,
    approved_by: null,
    ordered_at: at,
    sent_at: at,
    acknowledged_at: at,
    acknowledged_by: ['pager'],
    expires_at: null,
    ended_at: null,
    released_by: null,
    release_reason: null,
    ...fields,
  }
  return { ...one, id: fields.id ?? H('quarantine', one.tenant, String(n)) }
}

export function incident(n: number, fields: Partial<Incident> = {}): Incident {
  const at = new Date(T0 + n * 1_000).toISOString()
  const one: Incident = {
    id: '',
    tenant: 'acme',
    agent: `agent-${n % 5}`,
    owner: '',
    severity: n % 2 === 0 ? 'high' : 'medium',
    first_time: at,
    last_time: at,
    opened_at: at,
    updated_at: at,
    finding_ids: [],
    detectors: ['credential/new-source'],
    techniques: ['T1078'],
    timeline: [{ time: at, kind: 'finding', text: 'It came from elsewhere.', finding_id: null }],
    paged: false,
    ...UNTRIAGED,
    ...fields,
  }
  return { ...one, id: fields.id ?? H('incident', one.tenant, String(n)) }
}

export function delivery(n: number, fields: Partial<Delivery> = {}): Delivery {
  const one: Delivery = {
    id: '',
    tenant: 'acme',
    sink: 'pager',
    type: 'finding.created',
    action_id: H('action', String(n)),
    subject: H('finding', 'acme', String(n)),
    identity: '',
    order_sequence: 0,
    status: 'delivered',
    attempts: 1,
    created_ms: T0 + n * 1_000,
    next_attempt_ms: 0,
    closed_ms: T0 + n * 1_000 + 200,
    last_outcome: '200',
    ...fields,
  }
  return { ...one, id: fields.id ?? H('delivery', one.tenant, String(n)) }
}

/** The state of a sink that is well. */
export const sink = (name: string, { tenant }: { readonly tenant: string }): SinkState => ({
  name,
  url_hash: H('sink', name),
  status: 'ok',
  since: new Date(T0).toISOString(),
  detail: '',
  shown: { type: 'webhook', tenant, receives: ['findings'], min_severity: 'medium' },
})

export function suppression(n: number, fields: Partial<Suppression> = {}): Suppression {
  const one: Suppression = {
    id: '',
    tenant: 'acme',
    scope: { detector: 'lateral/recon-burst', agent: `agent-${n % 5}` },
    until: new Date(T0 + 86_400_000).toISOString(),
    reason: 'A scan that we ordered.',
    by: 'boss',
    time: new Date(T0 + n * 1_000).toISOString(),
    ...fields,
  }
  return { ...one, id: fields.id ?? H('suppression', one.tenant, String(n)) }
}

export function outcome(n: number, fields: Partial<CommandOutcome> = {}): CommandOutcome {
  const at = new Date(T0 + n * 1_000).toISOString()
  const one: CommandOutcome = {
    id: '',
    tenant: 'acme',
    type: 'stop',
    by: 'boss',
    reason: 'Too many at once.',
    time: at,
    status: 'applied',
    detail: 'nothing is contained automatically until resume',
    changed: 1,
    done_at: at,
    ...fields,
  }
  return { ...one, id: fields.id ?? H('outcome', one.tenant, String(n)) }
}

export function token(n: number, fields: Partial<KeptToken> = {}): KeptToken {
  const one: KeptToken = {
    id: '',
    tenant: 'acme',
    name: `laptop-${n}`,
    role: 'ingest',
    scopes: ['live'],
    status: 'active',
    created_at: new Date(T0 + n * 1_000).toISOString(),
    created_by: 'boss',
    expires_at: null,
    ended_at: null,
    ended_by: '',
    reason: '',
    sha256: hash('sha256', `${fields.tenant ?? 'acme'} laptop ${n}`),
    ...fields,
  }
  return { ...one, id: fields.id ?? H('token', one.tenant, String(n)) }
}

/** A chain of this many entries. */
export function auditLog(
  count: number,
  fields: { readonly tenant?: string; readonly reason?: string } = {},
): AuditEntry[] {
  const { tenant = 'acme', reason = 'A drill.' } = fields
  const entries: AuditEntry[] = []
  for (let n = 1; n <= count; n++) {
    const at = new Date(T0 + n * 1_000).toISOString()
    const content = { subject: [`agent-${n % 5}`], reason, detail: '1 ordered', salt: String(n) }
    const previous = entries.at(-1)?.hash ?? AUDIT_ROOT
    const act = n % 2 === 0 ? 'release' : 'quarantine'
    const id = H('audit', tenant, String(n))
    entries.push(
      sealed({
        id,
        tenant,
        sequence: n,
        kept_from: 1,
        time: at,
        asked_at: at,
        by: 'boss',
        act,
        status: 'applied',
        content,
        previous,
      }),
    )
  }
  return entries
}

/** What a responder holds of all tenants. */
export interface Held {
  readonly quarantines?: readonly Quarantine[]
  readonly incidents?: readonly Incident[]
  readonly deliveries?: readonly Delivery[]
  readonly suppressions?: readonly Suppression[]
  readonly outcomes?: readonly CommandOutcome[]
  readonly tokens?: readonly KeptToken[]
  readonly audit?: readonly AuditEntry[]
  readonly sinks?: readonly SinkState[]
  readonly switches?: readonly StopSwitch[]
  /** Whether each order is carried out at once; otherwise it waits for ever, because no responder runs here. */
  readonly carriedOut?: true
}

const outcomeOf = ({ id, tenant, type, by, time }: Command): CommandOutcome => ({
  id,
  tenant,
  type,
  by,
  reason: '',
  time,
  status: 'applied',
  detail: '',
  changed: 1,
  done_at: time,
})

const madeBy = ({ id, tenant, name, role, scopes, sha256 }: CommandOf<'create-token'>): KeptToken =>
  token(0, { id, tenant, name, role, scopes, sha256 })

const listOf = <T extends { readonly tenant: string }>(items: readonly T[] = []) => ({
  list: (tenant: string): T[] => items.filter((item) => item.tenant === tenant),
})

export interface Api {
  readonly app: FastifyInstance
  readonly log: Log
  /** Answers of the routes under /v1, as a tenant's admin unless told otherwise. */
  get(path: string, token?: string): Promise<{ status: number; body: never }>
  post(
    path: string,
    body: unknown,
    headers?: Record<string, string>,
    token?: string,
  ): Promise<{ status: number; body: never }>
  /** Commands in the log, in order. */
  commands(): Promise<unknown[]>
  setReadiness(next: Readiness): void
  /** Routes under /v1 as `METHOD path`. */
  readonly routes: readonly string[]
}

async function commandsIn(log: Log): Promise<unknown[]> {
  const found: unknown[] = []
  for (let partition = 0; partition < log.partitions('commands'); partition++) {
    for await (const { value } of log.read('commands', partition)) found.push(JSON.parse(String(value)))
  }
  return found
}

const viewsOf = (held: Held, outcomes: NonNullable<Held['outcomes']>, tokens: NonNullable<Held['tokens']>) =>
  createViews({
    quarantines: listOf(held.quarantines),
    incidents: listOf(held.incidents),
    deliveries: listOf(held.deliveries),
    suppressions: listOf(held.suppressions),
    outcomes: listOf(outcomes),
    audit: listOf(held.audit),
    tokens: { list: (tenant) => shownTokens(tokens.filter((one) => one.tenant === tenant)) },
    sinks: { states: () => [...(held.sinks ?? [])] },
    switches: new Map((held.switches ?? []).map((one) => [one.tenant, one])),
  })

export async function api(
  store: Warehouse,
  held: Held = {},
  others: Partial<Pick<ApiTools, 'oidc' | 'clock'>> = {},
): Promise<Api> {
  const log = await createSqliteLog({ directory: scratch(), clock: systemClock, logger: silent })
  whenOver(() => log.close())
  await log.ensureTopics(topicSpecs(2))
  let readiness: Readiness = { ready: true, reasons: [] }
  const outcomes = [...(held.outcomes ?? [])]
  const tokens = [...(held.tokens ?? [])]
  const made = { version: () => tokens.length, all: () => tokens }
  const authenticate = withMadeTokens(configured, made, systemClock)
  const sender = createCommandSender(log)
  const app = createHttp()
  const routes: string[] = []
  app.addHook('onRoute', ({ method, url }) => {
    if (url.startsWith('/v1') && method !== 'HEAD') routes.push(`${String(method)} ${url}`)
  })
  await app.register(
    createApi({
      warehouse: store,
      authenticate,
      readiness: () => readiness,
      metrics: createMetrics(),
      views: viewsOf(held, outcomes, tokens),
      detectors: DETECTORS,
      ...CONFIGURED,
      // Tests ask faster than people do.
      rateLimit: { take: () => undefined },
      findings: createFindingFeed(log),
      commands: {
        async send(command) {
          await sender.send(command)
          if (held.carriedOut !== true) return
          outcomes.push(outcomeOf(command))
          if (command.type === 'create-token') tokens.push(madeBy(command))
        },
      },
      clock: systemClock,
      logger: silent,
      ...others,
    }),
  )
  whenOver(() => app.close())
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
  const answered = ({ statusCode, body }: { statusCode: number; body: string }) => ({
    status: statusCode,
    body: (body === '' ? null : JSON.parse(body)) as never,
  })
  return {
    app,
    log,
    routes,
    get: async (path, token = TOKENS.acme) => answered(await app.inject({ url: path, headers: bearer(token) })),
    post: async (path, body, headers = {}, token = TOKENS.acme) =>
      answered(
        await app.inject({
          method: 'POST',
          url: path,
          payload: typeof body === 'string' ? body : JSON.stringify(body),
          headers: { 'content-type': 'application/json', ...bearer(token), ...headers },
        }),
      ),
    commands: () => commandsIn(log),
    setReadiness(next) {
      readiness = next
    },
  }
}

/** All items of a list, page by page. */
export async function pages<Item>(of: Api, path: string, token?: string): Promise<Item[]> {
  const items: Item[] = []
  let cursor: string | null = null
  do {
    const url: string = cursor === null ? path : `${path}&cursor=${encodeURIComponent(cursor)}`
    const { status, body } = (await of.get(url, token)) as {
      status: number
      body: { items: Item[]; next_cursor: string | null }
    }
    if (status !== 200) throw new Error(`${url} answered ${status}: ${JSON.stringify(body)}`)
    items.push(...body.items)
    cursor = body.next_cursor
  } while (cursor !== null)
  return items
}
