/**
 * A finding: what a detector reports to a person, with everything needed to understand it without the raw log. Its body
 * is a function of the log alone: no wall-clock field, numbers rounded to six digits. Revision 1 is sent when it first
 * fires, revision 2 at most once, when its window closes.
 */
import Type, { type Static } from 'typebox'
import { validator } from './columns.ts'
import { LIMITS } from './limits.ts'

export const SEVERITIES = ['info', 'low', 'medium', 'high', 'critical'] as const
export type Severity = (typeof SEVERITIES)[number]
/** Whether `severity` is `floor` or worse. */
export const severityAtLeast = (severity: Severity, floor: Severity): boolean =>
  SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(floor)

export const Evidence = Type.Object({
  event_id: Type.String(),
  source_id: Type.String({ description: "The producer's own id: gen_ai.tool.call.id, CloudTrail eventID" }),
  time: Type.String({ description: 'ISO 8601 in UTC' }),
  action: Type.String(),
  target: Type.String(),
})
export type Evidence = Static<typeof Evidence>

/** Named numbers and short texts: what was seen, or what was expected. */
export const Measures = Type.Record(
  Type.String(),
  Type.Union([Type.Number(), Type.String(), Type.Array(Type.String())]),
)
export type Measures = Static<typeof Measures>

export const Finding = Type.Object(
  {
    id: Type.String({ pattern: '^[0-9a-f]{32}$' }),
    revision: Type.Integer({ minimum: 1, maximum: 2 }),
    detector: Type.String({ description: 'Detector id, tactic/name' }),
    version: Type.Integer({ minimum: 1 }),
    mode: Type.Enum(['live', 'shadow'], {
      description: 'A shadow finding is stored and shown, and never acted on or sent',
    }),
    severity: Type.Unsafe<Severity>(Type.Enum([...SEVERITIES], { description: 'high means: wake somebody' })),
    tenant: Type.String(),
    agent: Type.String({ description: 'The identity' }),
    owner: Type.String(),
    session: Type.Union([Type.String(), Type.Null()], {
      description: 'Session of the root evidence; null only in stage two',
    }),
    time: Type.String({ description: 'Event time of the root evidence, ISO 8601 in UTC' }),
    title: Type.String(),
    why: Type.String({ maxLength: LIMITS.why_chars_max, description: 'One plain sentence' }),
    observed: Measures,
    expected: Measures,
    surprise: Type.Number({ description: '-log10 of the probability under the baseline; 0 for absolute rules' }),
    learned_since: Type.Union([Type.String(), Type.Null()], {
      description: 'When the baseline began, ISO 8601; null for absolute rules',
    }),
    techniques: Type.Array(Type.String()),
    evidence: Type.Array(Evidence, { maxItems: LIMITS.evidence_events_max }),
    evidence_count: Type.Optional(
      Type.Integer({
        minimum: 1,
        description: 'Events that it rests on, where `evidence` shows a sample of them; absent where it shows them all',
      }),
    ),
    history: Type.Boolean({ description: 'From history: never acted on' }),
    epoch: Type.String({ description: 'Hash of the configuration and code version that found it' }),
  },
  { $id: 'finding', additionalProperties: false },
)
export type Finding = Static<typeof Finding>
export const findingValidator = validator(Finding)

/** A finding as a record of the topic `findings` holds it. */
export interface FindingRecord {
  readonly finding: Finding
  /** Log time when it was found, in ms. Not part of the body, because it depends on when frames and ticks came. */
  readonly foundAt: number | undefined
  /** When its agent's first event was, in ms since 1970; undefined where the detector does not know. No part of the body either. */
  readonly agentSince: number | undefined
}

/** What is stored next to the body, in ms since 1970; see `FindingRecord`. */
type Beside = Readonly<Pick<FindingRecord, 'agentSince'> & { foundAt: number }>

const isoOf = (ms: number): string => new Date(ms).toISOString()

/** The body, and behind its last field `found_at` and `agent_since`, which are no part of it. */
export function writeFindingRecord(finding: Finding, { foundAt, agentSince }: Beside): string {
  const since = agentSince === undefined ? '' : `,"agent_since":"${isoOf(agentSince)}"`
  return `${JSON.stringify(finding).slice(0, -1)},"found_at":"${isoOf(foundAt)}"${since}}`
}

type ReadFinding =
  | { readonly ok: true; readonly record: FindingRecord }
  | { readonly ok: false; readonly reason: 'malformed' | 'invalid'; readonly detail: string }

/** ms since 1970 of a text that is a time; undefined for everything else. */
function msOf(text: unknown): number | undefined {
  const ms = typeof text === 'string' ? Date.parse(text) : Number.NaN
  return Number.isNaN(ms) ? undefined : ms
}

/** Reads a record of `findings`; those of earlier versions have neither `found_at` nor `agent_since`. */
export function readFindingRecord(text: string): ReadFinding {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { ok: false, reason: 'malformed', detail: 'the finding is not JSON' }
  }
  const {
    found_at: found,
    agent_since: since,
    ...finding
  } = Object(value) as {
    found_at?: unknown
    agent_since?: unknown
  }
  if (!findingValidator.check(finding)) {
    const said = findingValidator.problems(finding).map(({ path, message }) => `${path} ${message}`)
    return { ok: false, reason: 'invalid', detail: `the finding breaks its schema: ${said.join('; ')}` }
  }
  return { ok: true, record: { finding, foundAt: msOf(found), agentSince: msOf(since) } }
}

/** Rounds to six significant digits, so that a finding's bytes do not depend on the last bits of a sum. */
export const round6 = (x: number): number => (Number.isFinite(x) ? Number(x.toPrecision(6)) : 0)
