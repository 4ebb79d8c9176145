/** `/v1/overview`, `/v1/graph` and `/v1/detectors`: the current state, who talks to whom, and what watches it. */
import { counted, countedInGroups } from '../../../schemas/counted.ts'
import Type from 'typebox'
import { type Severity, SEVERITIES } from '../../../schemas/finding.ts'
import { isOpen, type Verdict, VERDICTS } from '../../../schemas/incident.ts'
import type { Delivery } from '../../../schemas/delivery.ts'
import { LIMITS } from '../../../schemas/limits.ts'
import { PageAnswer, time } from '../answers.ts'
import { notFound } from '../errors.ts'
import { ID_TEXT, timesOf, timeWord } from '../parameters.ts'
import { unlessAway, type WarehouseStatus } from '../query.ts'
import { type Activity, activity, edges, findingsByDetector } from '../questions/behaviour.ts'
import { type Ask, type DetectorFacts, defineRoute, type Route } from '../route.ts'

const count = (description: string) => Type.Integer({ minimum: 0, description })
const maybe = (description: string) => Type.Union([count(''), Type.Null()], { description })
const DAY_MS = 86_400_000

interface Health {
  readonly state: 'ok' | 'warn' | 'bad'
  readonly text: string
}

/** Sinks whose newest delivery that came to an end was given up. What failed before and is taken again since is over. */
function deafSinks(deliveries: readonly Delivery[]): string[] {
  const newest = new Map<string, Delivery>()
  for (const one of deliveries) {
    if (one.status !== 'delivered' && one.status !== 'dead') continue
    if ((newest.get(one.sink)?.closed_ms ?? -1) < one.closed_ms) newest.set(one.sink, one)
  }
  return [...newest.values()].filter(({ status }) => status === 'dead').map(({ sink }) => sink)
}

/** How the sinks are: which take nothing any more, and what waits. */
async function sinkHealth({ views, grant }: Ask): Promise<Health> {
  const ill = (await views.sinks(grant.tenant)).filter(({ status }) => status !== 'ok')
  if (ill.length > 0) return { state: 'bad', text: ill.map(({ name, status }) => `${name} is ${status}`).join(', ') }
  const answer = await views.deliveries(grant.tenant, { limit: LIMITS.list_limit_max, cursor: null })
  const newest = answer.ok ? answer.items : []
  const deaf = deafSinks(newest)
  const waiting = newest.filter(({ status, attempts }) => status === 'pending' && attempts > 1).length
  if (deaf.length > 0) return { state: 'bad', text: `the newest delivery was given up at ${deaf.join(', ')}` }
  if (waiting > 0)
    return { state: 'warn', text: `${counted(waiting, 'delivery waits', 'deliveries wait')} for another attempt` }
  return { state: 'ok', text: newest.length === 0 ? 'nothing was to be delivered' : 'every sink takes what it is sent' }
}

async function openIncidents({ views, grant }: Ask): Promise<Record<Severity, number>> {
  const answer = await views.incidents(grant.tenant, { limit: LIMITS.incidents_kept_max, cursor: null })
  const open = answer.ok ? answer.items.filter(isOpen) : []
  return Object.fromEntries(
    SEVERITIES.map((severity) => [severity, open.filter((one) => one.severity === severity).length]),
  ) as Record<Severity, number>
}

/** An empty list is an all-clear only where the warehouse is whole. */
function warehouseHealth({ reason, wholeSince }: WarehouseStatus, answers: boolean): Health {
  if (!answers) return { state: 'bad', text: reason === '' ? 'it does not answer; detection goes on' : reason }
  if (wholeSince === undefined) return { state: 'ok', text: 'answers' }
  const since = new Date(wholeSince).toISOString()
  return {
    state: 'warn',
    text: `it was lost once: lists lack what was received before ${since}, which the log no longer held`,
  }
}

const untimedText = ({ untimed_last_hour: untimed }: Activity): string =>
  untimed.length === 0
    ? ''
    : `; without a time that can be believed: ${untimed.map(({ sender, events }) => `${events} of ${sender || 'an import'}`).join(', ')}`

async function overview(ask: Ask) {
  const [seen, open, sinks, { ready, reasons }] = await Promise.all([
    unlessAway(activity(ask.reader, ask.now)),
    openIncidents(ask),
    sinkHealth(ask),
    ask.readiness(),
  ])
  const inputs: Health =
    seen === undefined
      ? { state: 'warn', text: 'unknown while the warehouse is away' }
      : {
          state: seen.events_last_hour > 0 ? 'ok' : 'warn',
          text: `${countedInGroups(seen.events_last_hour, 'event')} in the last hour${untimedText(seen)}`,
        }
  const health: Record<string, Health> = {
    service: ready ? { state: 'ok', text: 'ready' } : { state: 'bad', text: reasons.join('; ') },
    inputs,
    warehouse: warehouseHealth(ask.warehouse(), seen !== undefined),
    sinks,
  }
  return {
    open_incidents: open,
    events: seen?.events ?? null,
    events_last_hour: seen?.events_last_hour ?? null,
    agents_last_hour: seen?.agents_last_hour ?? null,
    untimed_last_hour: seen?.untimed_last_hour ?? null,
    health,
  }
}

const Detector = Type.Object(
  {
    id: Type.String(),
    version: Type.Integer(),
    title: Type.String(),
    severity: Type.Enum([...SEVERITIES]),
    mode: Type.Enum(['live', 'shadow']),
    techniques: Type.Array(Type.String()),
    false_positives: Type.Array(Type.String(), { description: 'What else may look like that' }),
    findings: maybe('Of this tenant; null while the warehouse is away'),
    verdicts: Type.Object(Object.fromEntries(VERDICTS.map((verdict) => [verdict, count('')])), {
      description: 'Of the incidents that it spoke in',
    }),
    precision: Type.Union([Type.Number({ minimum: 0, maximum: 1 }), Type.Null()], {
      description: 'Share of true positives among these verdicts; null before the first',
    }),
  },
  { $id: 'detector' },
)

type Verdicts = Readonly<Record<Verdict, number>>

/** What people made of the incidents that each detector spoke in. */
async function verdictsOf({ views, grant }: Ask): Promise<(detector: string) => Verdicts> {
  const answer = await views.incidents(grant.tenant, { limit: LIMITS.incidents_kept_max, cursor: null })
  const incidents = answer.ok ? answer.items : []
  return (detector) => {
    const own = incidents.filter(({ detectors }) => detectors.includes(detector))
    const counts = VERDICTS.map((verdict) => [verdict, own.filter((one) => one.verdict === verdict).length])
    return Object.fromEntries(counts) as Verdicts
  }
}

const shown = (detector: DetectorFacts, findings: ReadonlyMap<string, number> | undefined, verdicts: Verdicts) => {
  const judged = VERDICTS.reduce((sum, verdict) => sum + verdicts[verdict], 0)
  return {
    id: detector.id,
    version: detector.version,
    title: detector.title,
    severity: detector.severity,
    mode: detector.mode,
    techniques: detector.techniques,
    false_positives: detector.falsePositives,
    findings: findings === undefined ? null : (findings.get(detector.id) ?? 0),
    verdicts,
    precision: judged === 0 ? null : verdicts.true_positive / judged,
  }
}

export const overviewRoutes: readonly Route[] = [
  defineRoute({
    method: 'GET',
    path: '/overview',
    right: 'read',
    about: 'How things stand: incidents by severity, what came in within the last hour, and the health of the parts.',
    answer: Type.Object({
      open_incidents: Type.Object(Object.fromEntries(SEVERITIES.map((severity) => [severity, count('')]))),
      events: maybe(
        'All that are kept; above 100,000, repeats that are not merged yet count again. Null while the warehouse is away, as the next two',
      ),
      events_last_hour: maybe('By receipt; above 100,000, repeats that are not merged yet count again'),
      agents_last_hour: maybe('Identities that acted, by receipt'),
      untimed_last_hour: Type.Union(
        [Type.Array(Type.Object({ sender: Type.String(), events: count('') })), Type.Null()],
        {
          description:
            'Of those, the ones whose time was missing, before 2015 or ahead, by the token that sent them, most first: they are judged and not learned',
        },
      ),
      health: Type.Record(Type.String(), Type.Object({ state: Type.Enum(['ok', 'warn', 'bad']), text: Type.String() })),
    }),
    handle: overview,
  }),
  defineRoute({
    method: 'GET',
    path: '/graph',
    right: 'read',
    about:
      'Who talks to whom: identities and the peers, credentials and people they act for. An edge is new where it was never there before `since`. The busiest 500 of each kind.',
    query: Type.Object(
      { since: timeWord('A day ago where absent: ISO 8601, -24h, or ms since 1970') },
      { additionalProperties: false },
    ),
    answer: Type.Object({
      edges: Type.Array(
        Type.Object({
          from: Type.String({ description: 'An identity' }),
          to: Type.String(),
          kind: Type.Enum(['peer', 'credential', 'delegation']),
          count: count('Events since then'),
          first_seen: time('Its first event of all'),
          new: Type.Boolean(),
        }),
      ),
    }),
    example: { query: { since: '2026-01-31' } },
    async handle({ query, reader, now }) {
      const { since = now - DAY_MS } = timesOf(query, now)
      return { edges: await edges(reader, since) }
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/detectors',
    right: 'read',
    about: 'The detectors of this version, with how many findings each has.',
    answer: PageAnswer(Detector),
    async handle(ask) {
      const findings = await unlessAway(findingsByDetector(ask.reader))
      const verdicts = await verdictsOf(ask)
      const items = ask.detectors.map((detector) => shown(detector, findings, verdicts(detector.id)))
      return { items, next_cursor: null }
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/detectors/:detector',
    right: 'read',
    about: 'One detector.',
    params: Type.Object({ detector: ID_TEXT }),
    answer: Detector,
    async handle(ask) {
      const { detector: wanted } = ask.params
      const detector = ask.detectors.find(({ id }) => id === wanted)
      if (detector === undefined) throw notFound(`there is no detector ${wanted}`)
      const verdicts = await verdictsOf(ask)
      return shown(detector, await unlessAway(findingsByDetector(ask.reader)), verdicts(detector.id))
    },
  }),
]
