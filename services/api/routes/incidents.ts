/**
 * `/v1/incidents`: findings that belong together, what people make of them, and what was done. Everything except the full
 * findings comes from the responder's memory, so it works while the warehouse is away.
 */
import Type from 'typebox'
import { Tie, tiesOf } from '../../../schemas/chain.ts'
import type { Finding } from '../../../schemas/finding.ts'
import { Incident, INCIDENT_STATUSES, VERDICTS } from '../../../schemas/incident.ts'
import { LIMITS } from '../../../schemas/limits.ts'
import { Quarantine } from '../../../schemas/quarantine.ts'
import { riskAt } from '../../../schemas/risk.ts'
import { FindingAnswer, OrderAnswer } from '../answers.ts'
import { notFound } from '../errors.ts'
import { changesAfter, isOffset, tailRoute } from '../exports.ts'
import { HASH, REASON, word } from '../parameters.ts'
import { type TenantReader, unlessAway } from '../query.ts'
import { findingsById } from '../questions/findings.ts'
import { type Ask, defineRoute, type Route } from '../route.ts'
import { heldSubject } from '../search/recall.ts'
import { viewedRoutes } from '../viewed.ts'

const ChainLink = Type.Object(
  {
    incident: Incident,
    from: HASH,
    ties: Type.Array(Tie, { description: 'What it shares with the incident in `from`' }),
  },
  { additionalProperties: false },
)

const ChainAnswer = Type.Object(
  {
    links: Type.Array(ChainLink, { description: 'Incidents of other identities, nearest first' }),
    more: Type.Boolean({ description: 'There are more than are shown' }),
    common: Type.Array(Type.Object({ ...Tie.properties, agents: Type.Integer({ minimum: 1 }) }), {
      description: 'What so many agents share that it links nobody',
    }),
  },
  { additionalProperties: false, description: 'What belongs together by session, credential, peer or delegation' },
)

const IncidentInFull = Type.Object(
  {
    ...Incident.properties,
    findings: Type.Union([Type.Array(FindingAnswer), Type.Null()], {
      description: 'In full, earliest first; null while the warehouse is away',
    }),
    quarantines: Type.Array(Quarantine, { description: 'Of its agent, newest first' }),
    chain: ChainAnswer,
  },
  { additionalProperties: false },
)

async function findingsOf(reader: TenantReader, ids: readonly string[]): Promise<Finding[] | null> {
  const found = await unlessAway(findingsById(reader, ids))
  if (found === undefined) return null
  return [...found.values()].toSorted((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0))
}

/** The incident of this id. Throws Answer where the tenant has none. */
async function known({ views, grant }: Pick<Ask, 'views' | 'grant'>, id: string): Promise<Incident> {
  const incident = await views.incident(grant.tenant, id)
  if (incident === undefined) throw notFound(`there is no incident ${id}`)
  return incident
}

const triage = {
  status: Type.Optional(Type.Enum([...INCIDENT_STATUSES])),
  assignee: Type.Optional(
    Type.Union([Type.String({ minLength: 1, maxLength: LIMITS.name_chars_max }), Type.Null()], {
      description: 'Who works on it; `me` is the name of the token, null takes the name off',
    }),
  ),
  verdict: Type.Optional(Type.Enum([...VERDICTS], { description: 'Told to the detectors that spoke' })),
  reason: REASON,
}

/** `me` is the caller. */
const named = <T extends { readonly assignee?: string | null }>(wish: T, name: string): T =>
  wish.assignee === 'me' ? { ...wish, assignee: name } : wish

async function inFull(incident: Incident, { grant, views, reader }: Pick<Ask, 'views' | 'grant' | 'reader'>) {
  const held = await views.quarantines(grant.tenant, {
    limit: LIMITS.list_limit_max,
    cursor: null,
    only: { key: incident.agent, holds: (item) => (item as Quarantine).identity === incident.agent },
  })
  return {
    ...incident,
    findings: await findingsOf(reader, incident.finding_ids),
    quarantines: held.ok ? held.items : [],
    chain: await views.chain(grant.tenant, incident),
  }
}

const WORST_ITEMS_DEFAULT = 50

const OPEN: ReadonlySet<string> = new Set(['new', 'in_progress'])

/** The newest quarantine of each of these identities. */
async function newestOf(identities: ReadonlySet<string>, { views, grant }: Pick<Ask, 'views' | 'grant'>) {
  const held = await views.quarantines(grant.tenant, {
    limit: LIMITS.quarantines_kept_max,
    cursor: null,
    only: { key: '', holds: (item) => identities.has((item as Quarantine).identity) },
  })
  // The list is newest first.
  return held.ok ? [...new Map(held.items.toReversed().map((one) => [one.identity, one])).values()] : []
}

const openRoute = defineRoute({
  method: 'GET',
  path: '/incidents/open',
  right: 'read',
  about:
    'Open incidents by their risk as of now, the worst first, with the newest quarantine of each agent among them.',
  query: Type.Object(
    {
      limit: Type.Optional(
        Type.Integer({ minimum: 1, maximum: LIMITS.list_limit_max, description: '50 where absent' }),
      ),
    },
    { additionalProperties: false },
  ),
  answer: Type.Object({
    items: Type.Array(Incident),
    quarantines: Type.Array(Quarantine),
    open: Type.Integer({ minimum: 0, description: 'How many there are in all' }),
  }),
  async handle({ query, views, grant, now }) {
    const answer = await views.incidents(grant.tenant, { limit: LIMITS.incidents_kept_max, cursor: null })
    const open = (answer.ok ? answer.items : []).filter(({ status }) => OPEN.has(status))
    // Of equal risk, as it is shown, the one that was found last.
    const worst = open.toSorted(
      (a, b) => riskAt(b, now) - riskAt(a, now) || Date.parse(b.last_time) - Date.parse(a.last_time),
    )
    const items = worst.slice(0, query.limit ?? WORST_ITEMS_DEFAULT)
    const agents = new Set(items.map(({ agent }) => agent))
    return { items, quarantines: await newestOf(agents, { views, grant }), open: open.length }
  },
})

const subject = heldSubject('incidents', Incident, {
  time: 'last_time',
  facets: ['severity', 'status', 'agent', 'owner', 'detectors', 'techniques', 'assignee'],
  aliases: { identity: 'agent', detector: 'detectors', technique: 'techniques', finding: 'finding_ids' },
})

export const incidentRoutes: readonly Route[] = [
  tailRoute(
    'incidents',
    'Incidents as they open and change.',
    ({ views, grant, now }) => {
      const all = async (): Promise<readonly Incident[]> => {
        const answer = await views.incidents(grant.tenant, { limit: LIMITS.incidents_kept_max, cursor: null })
        return answer.ok ? answer.items : []
      }
      return changesAfter(all, ({ updated_at }) => Date.parse(updated_at), now)
    },
    isOffset,
  ),
  openRoute,
  ...viewedRoutes({
    list: 'incidents',
    singular: 'incident',
    about: 'Incidents, newest first. `since` and `until` go by the time of the newest finding.',
    aboutOne: 'One incident, with its findings in full and the quarantines of its agent.',
    item: Incident,
    filters: {
      agent: word('Identity'),
      severity: word('One or several with commas'),
      status: word('One or several with commas'),
    },
    subject,
    one: { answer: IncidentInFull, show: inFull },
  }),
  defineRoute({
    method: 'POST',
    path: '/incidents/triage',
    right: 'triage',
    about: 'Changes the status, the assignee or the verdict of many incidents at once, with one reason.',
    body: Type.Object(
      { incident_ids: Type.Array(HASH, { minItems: 1, maxItems: LIMITS.command_items_max }), ...triage },
      { additionalProperties: false },
    ),
    status: 202,
    answer: OrderAnswer,
    example: {
      body: { incident_ids: ['0'.repeat(32)], status: 'resolved', verdict: 'benign', reason: 'The planned migration.' },
    },
    handle: async ({ body, grant, command }) => ({
      command_id: await command({ type: 'triage', ...named(body, grant.name) }),
    }),
  }),
  defineRoute({
    method: 'POST',
    path: '/incidents/:id/triage',
    right: 'triage',
    about: 'Changes the status, the assignee or the verdict of one incident, with a reason.',
    params: Type.Object({ id: HASH }),
    body: Type.Object(triage, { additionalProperties: false }),
    status: 202,
    answer: OrderAnswer,
    example: { body: { status: 'in_progress', assignee: 'me', reason: 'Looking at it.' } },
    async handle({ params: { id }, body, grant, views, command }) {
      await known({ views, grant }, id)
      return { command_id: await command({ type: 'triage', incident_ids: [id], ...named(body, grant.name) }) }
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/incidents/merge',
    right: 'triage',
    about:
      'Makes one incident of several: the first takes in the findings and timelines of the others, which are archived and name it. Further findings of all their identities join it while it is open.',
    body: Type.Object(
      {
        incident_ids: Type.Array(HASH, { minItems: 2, maxItems: LIMITS.list_items_max, uniqueItems: true }),
        reason: REASON,
      },
      { additionalProperties: false },
    ),
    status: 202,
    answer: OrderAnswer,
    example: { body: { incident_ids: ['0'.repeat(32), '1'.repeat(32)], reason: 'One stolen key.' } },
    handle: async ({ body, command }) => ({ command_id: await command({ type: 'merge', ...body }) }),
  }),
  defineRoute({
    method: 'POST',
    path: '/incidents/:id/split',
    right: 'triage',
    about:
      'Takes findings out of an incident into one of their own. At least one stays. It reads the findings in full, so it cannot be done while the warehouse is away.',
    params: Type.Object({ id: HASH }),
    body: Type.Object(
      {
        finding_ids: Type.Array(HASH, { minItems: 1, maxItems: LIMITS.incident_findings_max, uniqueItems: true }),
        reason: REASON,
      },
      { additionalProperties: false },
    ),
    status: 202,
    answer: OrderAnswer,
    example: { body: { finding_ids: ['0'.repeat(32)], reason: 'Another agent, at the same time by chance.' } },
    async handle({ params: { id }, body, grant, views, reader, command }) {
      const incident = await known({ views, grant }, id)
      const found = [...(await findingsById(reader, incident.finding_ids)).values()]
      const findings = found.map((one) => {
        const { id: finding, agent, owner, severity, time, detector, techniques } = one
        return { id: finding, agent, owner, severity, time, detector, techniques: [...techniques], ties: tiesOf(one) }
      })
      return { command_id: await command({ type: 'split', incident_id: id, ...body, findings }) }
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/incidents/:id/comments',
    right: 'triage',
    about: 'Puts a remark into the timeline of an incident.',
    params: Type.Object({ id: HASH }),
    body: Type.Object(
      { text: Type.String({ minLength: 1, maxLength: LIMITS.why_chars_max }) },
      { additionalProperties: false },
    ),
    status: 202,
    answer: OrderAnswer,
    example: { body: { text: 'Asked the owner.' } },
    async handle({ params: { id }, body, grant, views, command }) {
      await known({ views, grant }, id)
      return { command_id: await command({ type: 'comment', incident_id: id, text: body.text }) }
    },
  }),
]
