/** `/v1/identities`: who acts here, and what is known of one. */
import Type from 'typebox'
import { SEVERITIES } from '../../../schemas/finding.ts'
import { PageAnswer, time } from '../answers.ts'
import { notFound } from '../errors.ts'
import { ID_TEXT, listQuery, pageOf } from '../parameters.ts'
import { hours } from '../questions/behaviour.ts'
import { identityInFull, isKnown, listIdentities } from '../questions/identities.ts'
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

const Used = Type.Array(
  Type.Object({
    value: Type.String(),
    events: count('With this value'),
    first_seen: time('First with this value'),
    last_seen: time('Last with this value'),
  }),
  { description: 'The 50 most used' },
)

const WeekAnswer = Type.Array(Type.Array(Type.Integer({ minimum: 0 })), {
  description: 'Seven rows, Monday first, of 24',
})

export const identityRoutes: readonly Route[] = [
  defineRoute({
    method: 'GET',
    path: '/identities',
    right: 'read',
    about: 'Identities by name.',
    query: listQuery({}),
    answer: PageAnswer(Type.Object(Summary)),
    handle: ({ query, door }) => listIdentities(door, pageOf(query)),
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
    async handle({ params: { identity }, door }) {
      const known = await identityInFull(door, identity)
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
    async handle({ params: { identity }, query, door, now }) {
      if (!(await isKnown(door, identity))) throw notFound(`nothing is known of the identity ${identity}`)
      return hours(door, identity, now, query.days ?? 7)
    },
  }),
]
