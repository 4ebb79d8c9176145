/** `/v1/identities`: who acts here, and what is known of one identity. */
import Type from 'typebox'
import { SEVERITIES } from '../../../schemas/finding.ts'
import { PageAnswer, time, timeOrNull } from '../answers.ts'
import { notFound } from '../errors.ts'
import { incidentsAbout, openIncidents } from '../incidents-of.ts'
import { API_LIMITS } from '../limits.ts'
import { ID_TEXT, listQuery, NAME, pageOf } from '../parameters.ts'
import { compare } from '../permissions.ts'
import { doubtOf, isGrave } from '../proposal.ts'
import { hours } from '../questions/behaviour.ts'
import { identityInFull, isKnown, listIdentities } from '../questions/identities.ts'
import { usedSince } from '../questions/permissions.ts'
import { defineRoute, type Route } from '../route.ts'

const count = (description: string) => Type.Integer({ minimum: 0, description })

const Summary = {
  identity: Type.String(),
  principal_kind: Type.String({ description: 'agent, service or person' }),
  owner: Type.String(),
  role: Type.String(),
  first_seen: time('Its earliest event'),
  last_seen: time('Its latest event'),
  events: count('Repeats count once'),
  sessions: count('Distinct'),
  instances: count('Distinct copies of it'),
}

const usedValue = {
  value: Type.String(),
  events: count('With this value'),
  first_seen: time('First with this value'),
  last_seen: time('Last with this value'),
}
const Used = Type.Array(Type.Object(usedValue, { $id: 'used-value' }), { description: 'The 50 most used' })

const Entries = (description: string) =>
  Type.Array(
    Type.Object(
      {
        entry: Type.String({ description: 'As it stands in agents.yaml' }),
        events: count('Under it in these days, those counted that name several values each time; 0: never used'),
        last_used: timeOrNull('The last of these events; null where there is none'),
      },
      { $id: 'registry-entry' },
    ),
    { description },
  )

const Permissions = Type.Object(
  {
    allowed: Entries('What it may do, last used first, never used last; where a list exists, all else is a finding'),
    never: Entries('What it must never do'),
    undeclared: Type.Array(
      Type.Object({
        ...usedValue,
        trusted: Type.Boolean({ description: 'A peer that the registry trusts for everybody' }),
      }),
      { description: `Used and under no entry of allowed: the ${API_LIMITS.permissions_undeclared_max} most used` },
    ),
    undeclared_count: count('All of these values'),
    proposed: Type.Array(Type.String(), {
      description: `Of what is undeclared, what may be written into the registry: the ${API_LIMITS.permissions_undeclared_max} most used that nothing casts doubt on`,
    }),
    left_out: Type.Object(
      {
        denied: count('Only ever denied'),
        recent: count('First used within the last day, by receipt where an event came live'),
        incident: count(
          'First used from a day before an incident of it until that ends, if it is open or was called a true positive',
        ),
        never: count('Forbidden by the registry'),
        pattern: count('The registry would read it as a pattern or a range'),
        more: count('Less used than those proposed'),
      },
      { $id: 'left-out-of-proposal', description: 'What is undeclared and not proposed, by reason' },
    ),
    whole: Type.Boolean({
      description: `False: it used more than ${API_LIMITS.permission_values_max.toLocaleString('en-GB')} values, and the rarest were not compared`,
    }),
  },
  { $id: 'permissions' },
)

const DAY_MS = 86_400_000
const PERMISSION_DAYS = 30

const WeekAnswer = Type.Array(Type.Array(Type.Integer({ minimum: 0 })), {
  description: 'Seven rows, Monday first, of 24',
})

export const identityRoutes: readonly Route[] = [
  defineRoute({
    method: 'GET',
    path: '/identities',
    right: 'read',
    about: 'Identities by name, with what is open of each.',
    query: listQuery(NAME),
    answer: PageAnswer(
      Type.Object({
        ...Summary,
        incidents_open: count('Incidents that a person still has to look at'),
        incidents_worst: Type.Union([Type.Enum([...SEVERITIES]), Type.Null()], {
          description: 'The worst severity among them; null where there is none',
        }),
      }),
    ),
    async handle({ query, reader, views, grant }) {
      const { items, next_cursor } = await listIdentities(reader, pageOf(query), query.name)
      const openOf = await openIncidents(
        { views, tenant: grant.tenant },
        items.map(({ identity }) => identity),
      )
      return { items: items.map((one) => ({ ...one, ...openOf(one.identity) })), next_cursor }
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/identities/:identity',
    right: 'read',
    about: 'What is known of one identity: what it uses, since when, how often, and its findings by severity.',
    params: Type.Object({ identity: ID_TEXT }),
    answer: Type.Object({
      ...Summary,
      actions: Used,
      sources: Used,
      peers: Used,
      credentials: Used,
      user_agents: Used,
      agent_versions: Used,
      outcomes: Used,
      findings: Type.Object(Object.fromEntries(SEVERITIES.map((severity) => [severity, count('')]))),
    }),
    async handle({ params: { identity }, reader }) {
      const known = await identityInFull(reader, identity)
      if (known === undefined) throw notFound(`nothing is known of the identity ${identity}`)
      return known
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/identities/:identity/hours',
    right: 'read',
    about:
      'When an identity acts: events by weekday and hour in UTC, in the last days and in the four times as many days before.',
    params: Type.Object({ identity: ID_TEXT }),
    query: Type.Object(
      { days: Type.Optional(Type.Integer({ minimum: 1, maximum: 90, description: '7 where absent' })) },
      { additionalProperties: false },
    ),
    answer: Type.Object({
      now: WeekAnswer,
      before: WeekAnswer,
      days_now: Type.Integer(),
      days_before: Type.Integer(),
    }),
    async handle({ params: { identity }, query, reader, now }) {
      if (!(await isKnown(reader, identity))) throw notFound(`nothing is known of the identity ${identity}`)
      return hours(reader, identity, now, query.days ?? 7)
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/identities/:identity/permissions',
    right: 'read',
    about:
      'What an identity may do and what it did in the last days: entries of the trust registry (`agents.yaml`) that were used and that were not, what it used that no entry declares, and which of that may be declared as it is. An act counts for the most exact entry of a list.',
    params: Type.Object({ identity: ID_TEXT }),
    query: Type.Object(
      {
        days: Type.Optional(Type.Integer({ minimum: 1, maximum: 400, description: `${PERMISSION_DAYS} where absent` })),
      },
      { additionalProperties: false },
    ),
    answer: Type.Object({
      registry: Type.Enum(['none', 'unlisted', 'listed'], {
        description: 'none: no agent is listed at all; unlisted: no entry fits this identity',
      }),
      strict: Type.Boolean({ description: 'An agent that is not listed is a finding' }),
      owner: Type.String({ description: 'Whom the registry names as the one to ask; empty where nobody' }),
      days: Type.Integer(),
      since: time('Their beginning'),
      actions: Permissions,
      targets: Permissions,
      peers: Permissions,
      kinds: Type.Array(Type.Object(usedValue), { description: 'Kinds of acts; a registry does not list them' }),
    }),
    async handle({ params: { identity }, query, reader, registry, views, grant, now }) {
      if (!(await isKnown(reader, identity))) throw notFound(`nothing is known of the identity ${identity}`)
      const days = query.days ?? PERMISSION_DAYS
      const since = now - days * DAY_MS
      const [{ kinds, ...used }, incidents] = await Promise.all([
        usedSince(reader, identity, since),
        incidentsAbout({ views, tenant: grant.tenant }, new Set([identity]), isGrave),
      ])
      const doubt = doubtOf(incidents, now)
      const bounds = registry.boundsOf(identity)
      return {
        registry: registry.isEmpty ? 'none' : bounds === undefined ? 'unlisted' : 'listed',
        strict: registry.isStrict,
        owner: bounds?.owner ?? '',
        days,
        since: new Date(since).toISOString(),
        actions: compare(registry, identity, 'actions', used.actions, doubt),
        targets: compare(registry, identity, 'targets', used.targets, doubt),
        peers: compare(registry, identity, 'peers', used.peers, doubt),
        kinds: kinds.map(({ settled_ms: _settled, ...kind }) => kind),
      }
    },
  }),
]
