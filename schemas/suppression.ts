/**
 * A suppression: for one tenant, findings in a scope become shadow findings until it ends. People create it by command. Each
 * is a separate record in `state` and a separate control record in every partition of `events` and `signals`. A tenant's
 * suppressions therefore never grow into a record that the log refuses, and a detector reads each at a fixed position of its
 * log.
 */
import Type, { type Static } from 'typebox'
import { ANY_DETECTOR } from './any-detector.ts'
import { LIMITS } from './limits.ts'

const name = (description: string) =>
  Type.Optional(Type.String({ minLength: 1, maxLength: LIMITS.name_chars_max, description }))

const scopeProperties = {
  detector: Type.String({
    minLength: 1,
    maxLength: LIMITS.name_chars_max,
    description: "Detector id, or '*' for every detector",
  }),
  agent: name('Identity that the finding names'),
  target: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: LIMITS.text_chars_max,
      description: 'Target of the root evidence; a * at the end stands for any rest',
    }),
  ),
  peer: name('Host, peer or listed network that the finding observed'),
  network: name('Address or CIDR range of the source that the finding observed'),
}

/** What is suppressed. A finding must match every given part. */
export const SuppressionScope = Type.Object(scopeProperties, { additionalProperties: false })
export type SuppressionScope = Static<typeof SuppressionScope>

export const SUPPRESSION_SCOPE_PROPERTIES = scopeProperties

/** The scope alone, out of whatever carries it. */
export function scopeOf({ detector, agent, target, peer, network }: SuppressionScope): SuppressionScope {
  return {
    detector,
    ...(agent === undefined ? {} : { agent }),
    ...(target === undefined ? {} : { target }),
    ...(peer === undefined ? {} : { peer }),
    ...(network === undefined ? {} : { network }),
  }
}

/** A suppression as the responder keeps it and the API shows it. */
export const Suppression = Type.Object(
  {
    id: Type.String({ pattern: '^[0-9a-f]{32}$', description: 'Id of the command that made it' }),
    tenant: Type.String(),
    scope: SuppressionScope,
    until: Type.String({ description: 'Event time up to which it holds, ISO 8601 in UTC' }),
    reason: Type.String(),
    by: Type.String({ description: 'Name of the token of the person' }),
    time: Type.String({ description: 'When it was made' }),
  },
  { $id: 'suppression', additionalProperties: false },
)
export type Suppression = Static<typeof Suppression>

/** A shorter pattern, or a wider range of addresses, is as good as no scope at all. */
const TARGET_PREFIX_CHARS_MIN = 3
const NETWORK_BITS_MIN = { ipv4: 8, ipv6: 16 } as const

/** What makes a scope so wide that it holds of nearly everything, for people; undefined for a narrow one. */
export function widthProblem(scope: SuppressionScope): string | undefined {
  const { target, network } = scope
  if (target?.endsWith('*') === true && target.length <= TARGET_PREFIX_CHARS_MIN) {
    return `target needs at least ${TARGET_PREFIX_CHARS_MIN} characters before the *`
  }
  const bits = network?.includes('/') === true ? Number(network.split('/')[1]) : undefined
  const bitsMin = network?.includes(':') === true ? NETWORK_BITS_MIN.ipv6 : NETWORK_BITS_MIN.ipv4
  if (bits !== undefined && !(bits >= bitsMin)) return `network must be /${bitsMin} or narrower`
  return undefined
}

/** Whether a scope names no more than a detector, and that one is every detector. */
export const isEverything = (scope: SuppressionScope): boolean =>
  scope.detector === ANY_DETECTOR && Object.keys(scopeOf(scope)).length === 1
