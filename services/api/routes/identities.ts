/** `/v1/identities`: who acts here, and what is known of one. */
import Type from 'typebox'
import { SEVERITIES } from '../../../schemas/finding.ts'
import { LIMITS } from '../../../schemas/limits.ts'
import { PageAnswer, time } from '../answers.ts'
import { notFound } from '../errors.ts'
import { listQuery, pageOf } from '../parameters.ts'
import { identityInFull, listIdentities } from '../questions/identities.ts'
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
    params: Type.Object({ identity: Type.String({ minLength: 1, maxLength: LIMITS.name_chars_max }) }),
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
]
