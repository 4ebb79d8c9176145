/**
 * A notice in OCSF 1.8. Findings and incidents are Detection Finding (class 2004); an incident's triage becomes its
 * updates and its closing. Everything else is a Base Event. What OCSF has no attribute for is in `unmapped`. Source:
 * https://schema.ocsf.io/1.8.0/classes/detection_finding.
 */
import type { Evidence, Finding, Measures } from '../../../../schemas/finding.ts'
import type { Notice, NoticeType } from '../../../../schemas/notice.ts'
import { type Summary, summaryOf } from './summary.ts'

const OCSF_VERSION = '1.8.0'
const CATEGORY = 2
const CLASS = 2004
const OTHER = 99

const SEVERITY: Readonly<Record<Summary['severity'], { readonly id: number; readonly name: string }>> = {
  info: { id: 1, name: 'Informational' },
  low: { id: 2, name: 'Low' },
  medium: { id: 3, name: 'Medium' },
  high: { id: 4, name: 'High' },
  critical: { id: 5, name: 'Critical' },
}

interface Stage {
  readonly activity: 1 | 2 | 3
  readonly status: 1 | 2 | 4
}

/** What a notice says of the life of its finding. */
const STAGES: ReadonlyMap<NoticeType, Stage> = new Map([
  ['finding.created', { activity: 1, status: 1 }],
  ['finding.updated', { activity: 2, status: 1 }],
  ['incident.paged', { activity: 1, status: 1 }],
  ['incident.acknowledged', { activity: 2, status: 2 }],
  ['incident.closed', { activity: 3, status: 4 }],
  ['incident.reopened', { activity: 2, status: 1 }],
])
const ACTIVITIES = { 1: 'Create', 2: 'Update', 3: 'Close' } as const
const STATUSES = { 1: 'New', 2: 'In Progress', 4: 'Resolved' } as const

const ATTACK = /^(?:T\d{4}|AML\.T\d{4})(?:\.\d{3})?$/

export interface OcsfDocument {
  readonly metadata: {
    readonly version: string
    readonly product: object
    readonly tenant_uid?: string
    readonly event_code: string
    readonly log_name: string
  }
  readonly [attribute: string]: unknown
}

const filled = (fields: Readonly<Record<string, unknown>>): object =>
  Object.fromEntries(
    Object.entries(fields).filter(
      ([, value]) => value !== undefined && value !== '' && !(Array.isArray(value) && value.length === 0),
    ),
  )

const attackOf = (id: string): object => {
  const parts = id.split('.')
  const isSub = /^\d{3}$/.test(parts.at(-1)!)
  if (!isSub) return { technique: { uid: id } }
  return { technique: { uid: parts.slice(0, -1).join('.') }, sub_technique: { uid: id } }
}

const observationsOf = (measures: Measures): { observation_parameter: string; observations: { value: string }[] }[] =>
  Object.entries(measures).flatMap(([name, value]) => {
    const values = (Array.isArray(value) ? value : [value]).map((one) => ({ value: String(one) }))
    return values.length === 0 ? [] : [{ observation_parameter: name, observations: values }]
  })

function anomaliesOf({ agent, observed, expected }: Finding): object[] {
  const anomalies = observationsOf(observed)
  if (anomalies.length === 0) return []
  const baselines = observationsOf(expected)
  // The schema asks for a target with a name; what concerns many at once names nobody.
  const targets = [{ name: agent === '' ? 'unknown' : agent, type: 'identity' }]
  return [{ analysis_targets: targets, anomalies, ...(baselines.length === 0 ? {} : { baselines }) }]
}

const evidenceOf = ({ event_id: id, source_id: sourceId, time, action, target }: Evidence): object => ({
  uid: id,
  api: { operation: action },
  data: { source_id: sourceId, time, target },
})

/** The part of a Detection Finding that only a finding of a detector has. */
function findingParts(finding: Finding): { info: object; rest: object } {
  const { detector, version, techniques, evidence, session, surprise, revision, mode, learned_since: since } = finding
  const times = evidence.map(({ time }) => Date.parse(time)).filter(Number.isFinite)
  const attacks = techniques.filter((id) => ATTACK.test(id)).map(attackOf)
  const learned = since !== null
  return {
    info: filled({
      created_time: Date.parse(finding.time),
      analytic: {
        uid: detector,
        name: detector,
        type_id: learned ? 2 : 1,
        type: learned ? 'Behavioral' : 'Rule',
        version: String(version),
      },
      attacks,
      types: techniques.filter((id) => !ATTACK.test(id)),
    }),
    rest: filled({
      start_time: times.length === 0 ? undefined : Math.min(...times),
      end_time: times.length === 0 ? undefined : Math.max(...times),
      evidences: evidence.map(evidenceOf),
      anomaly_analyses: anomaliesOf(finding),
      unmapped: { session, surprise, revision, mode, learned_since: since },
    }),
  }
}

function detectionFinding(notice: Notice, summary: Summary, { activity, status }: Stage): object {
  const { identity, subject, title, text, facts } = summary
  const isFinding = notice.type.startsWith('finding.')
  const { info, rest } = isFinding
    ? findingParts(notice.data as unknown as Finding)
    : { info: {}, rest: { unmapped: Object.fromEntries(facts) } }
  const owner = new Map(facts).get('owner')
  const resource = filled({ uid: identity, name: identity, type: 'agent', owner: owner && { name: owner } })
  return {
    activity_id: activity,
    activity_name: ACTIVITIES[activity],
    category_uid: CATEGORY,
    category_name: 'Findings',
    class_uid: CLASS,
    class_name: 'Detection Finding',
    type_uid: 100 * CLASS + activity,
    type_name: `Detection Finding: ${ACTIVITIES[activity]}`,
    status_id: status,
    status: STATUSES[status],
    is_alert: true,
    finding_info: { uid: subject, title, desc: text, ...info },
    ...(identity === '' ? {} : { resources: [resource] }),
    ...rest,
  }
}

const baseEvent = ({ type, data }: Notice): object => ({
  activity_id: OTHER,
  activity_name: type,
  category_uid: 0,
  category_name: 'Uncategorized',
  class_uid: 0,
  class_name: 'Base Event',
  type_uid: OTHER,
  type_name: 'Base Event: Other',
  unmapped: data,
})

/** The document. The sender sets `metadata.uid`. */
export function ocsfOf(notice: Notice): OcsfDocument {
  const summary = summaryOf(notice)
  const { severity, tenant, title } = summary
  const stage = STAGES.get(notice.type)
  return {
    ...(stage === undefined ? baseEvent(notice) : detectionFinding(notice, summary, stage)),
    time: Date.parse(notice.time),
    severity_id: SEVERITY[severity].id,
    severity: SEVERITY[severity].name,
    message: title,
    metadata: {
      version: OCSF_VERSION,
      product: { name: 'moltwatch', vendor_name: 'moltwatch' },
      event_code: notice.type,
      log_name: 'notices',
      ...(tenant === '' ? {} : { tenant_uid: tenant }),
    },
  }
}
