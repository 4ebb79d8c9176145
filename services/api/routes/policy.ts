/** `/v1/policy`: what currently happens automatically about findings, and whether somebody has stopped that. */
import Type from 'typebox'
import { SEVERITIES } from '../../../schemas/finding.ts'
import { StopSwitch } from '../../../schemas/stop.ts'
import { MODES, POLICY_ACTIONS } from '../../lib/config/schema.ts'
import { defineRoute, type Route } from '../route.ts'

const HOUR_MS = 3_600_000

const Rule = Type.Object(
  {
    detector: Type.String({ description: 'Detector id; a * at its end stands for any rest' }),
    min_severity: Type.Enum([...SEVERITIES]),
    techniques: Type.Array(Type.String(), { description: 'Any of these; none: any' }),
    min_detectors: Type.Integer({ minimum: 1 }),
    actions: Type.Array(Type.Enum([...POLICY_ACTIONS])),
  },
  { additionalProperties: false },
)

const Answer = Type.Object(
  {
    mode: Type.Enum([...MODES], {
      description:
        'What becomes of a quarantine that a rule asks for: shadow notes it, propose asks a person, enforce orders it',
    }),
    rules: Type.Array(Rule, { description: 'Those of the preset first' }),
    protected: Type.Array(Type.String(), { description: 'Identities that nothing contains by itself' }),
    caps: Type.Object({
      per_hour: Type.Integer({ minimum: 0, description: 'Automatic quarantines in any hour' }),
      share_of_identities: Type.Number({ minimum: 0, maximum: 1, description: 'Under automatic quarantine at once' }),
    }),
    expires_hours: Type.Number({ exclusiveMinimum: 0, description: 'Then an automatic quarantine ends' }),
    stopped_by: Type.Array(Type.Enum(['configuration', 'person']), {
      description: 'Who has set the global stop: while anybody has, nothing is contained by itself',
    }),
    stop: Type.Union([StopSwitch, Type.Null()], {
      description: 'What a person last said of it, by `stop` or `resume`; null where nobody has',
    }),
  },
  { additionalProperties: false },
)

export const policyRoutes: readonly Route[] = [
  defineRoute({
    method: 'GET',
    path: '/policy',
    right: 'read',
    about:
      'The policy in force for the tenant, with every default filled in, and the global stop. It is changed in the configuration file, the stop by a command.',
    answer: Answer,
    async handle({ policy, views, grant }) {
      const { mode, rules, protected: identities, caps, expiresMs, stop: inFile } = policy
      const stop = await views.stop(grant.tenant)
      const stopped = [...(inFile ? ['configuration'] : []), ...(stop?.stopped === true ? ['person'] : [])]
      return {
        mode,
        rules: rules.map(({ detector, min_severity, techniques, min_detectors, actions }) => ({
          detector,
          min_severity,
          techniques,
          min_detectors,
          actions,
        })),
        protected: identities,
        caps: { per_hour: caps.per_hour, share_of_identities: caps.share_of_identities },
        expires_hours: expiresMs / HOUR_MS,
        stopped_by: stopped,
        stop: stop ?? null,
      }
    },
  }),
]
