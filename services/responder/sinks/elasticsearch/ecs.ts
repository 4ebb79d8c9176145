/**
 * A notice as a document of the Elastic Common Schema. Findings and pages are alerts, the rest are events. What ECS has
 * no field for is under `moltwatch`. The whole notice is in `event.original`, unindexed: a measure of a detector is
 * sometimes a number and sometimes a text, which an index would refuse.
 */
import type { Notice, NoticeType } from '../../../../schemas/notice.ts'
import { writeJson } from '../lib/json.ts'
import { type Summary, summaryOf } from '../lib/summary.ts'

const ECS_VERSION = '8.17.0'

/** Elastic's own scale of risk, by its severities. */
const RISK: Readonly<Record<Summary['severity'], number>> = { info: 1, low: 21, medium: 47, high: 73, critical: 99 }

/** Values that ECS allows together, by the first word of the notice's type. */
const CLASSES: ReadonlyMap<string, { readonly category: string; readonly type: string }> = new Map([
  ['finding', { category: 'intrusion_detection', type: 'info' }],
  ['findings', { category: 'intrusion_detection', type: 'info' }],
  ['incident', { category: 'intrusion_detection', type: 'info' }],
  ['quarantine', { category: 'iam', type: 'change' }],
  ['suppression', { category: 'configuration', type: 'change' }],
])

const TECHNIQUE = /^T\d{4}$/
const SUBTECHNIQUE = /^T\d{4}\.\d{3}$/

const isAlert = (type: NoticeType): boolean => type.startsWith('finding') || type === 'incident.paged'

const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)

/** The fields that have a value; undefined if none has. */
function present(fields: Readonly<Record<string, unknown>>): object | undefined {
  const some = Object.entries(fields).filter(([, value]) => value !== undefined && value !== null)
  return some.length === 0 ? undefined : Object.fromEntries(some)
}

function threatOf(techniques: readonly string[]): object | undefined {
  const whole = techniques.filter((id) => TECHNIQUE.test(id))
  const parts = techniques.filter((id) => SUBTECHNIQUE.test(id))
  const parents = [...new Set([...whole, ...parts.map((id) => id.split('.')[0]!)])]
  if (parents.length === 0) return undefined
  const sub = parts.length === 0 ? {} : { subtechnique: { id: parts } }
  return { framework: 'MITRE ATT&CK', technique: { id: parents, ...sub } }
}

function eventOf(notice: Notice, { severity, subject, text }: Summary): object | undefined {
  const { type, time, data } = notice
  const known = CLASSES.get(type.split('.')[0]!)
  return present({
    kind: isAlert(type) ? 'alert' : 'event',
    category: known && [known.category],
    type: known && [known.type],
    action: type,
    id: textOf(subject),
    created: time,
    start: type.startsWith('finding.') ? textOf(data['time']) : undefined,
    provider: 'moltwatch',
    module: 'moltwatch',
    dataset: 'moltwatch.notice',
    severity: RISK[severity],
    risk_score: RISK[severity],
    reason: text,
    original: writeJson(notice),
  })
}

export function ecsOf(notice: Notice): object {
  const summary = summaryOf(notice)
  const { data, time, type } = notice
  const { identity, tenant, title, severity, facts } = summary
  const detector = textOf(data['detector'])
  const techniques = Array.isArray(data['techniques']) ? (data['techniques'] as string[]) : []
  const fact = new Map(facts)
  return present({
    '@timestamp': time,
    ecs: { version: ECS_VERSION },
    message: title,
    event: eventOf(notice, summary),
    observer: { vendor: 'moltwatch', product: 'moltwatch', type: 'ids' },
    organization: present({ id: textOf(tenant) }),
    user: present({ name: textOf(identity) }),
    related: identity === '' ? undefined : { user: [identity] },
    rule: present({
      id: detector,
      name: type.startsWith('finding.') ? textOf(data['title']) : undefined,
      version: typeof data['version'] === 'number' ? String(data['version']) : undefined,
      category: detector?.split('/')[0],
      ruleset: detector && 'moltwatch',
    }),
    threat: threatOf(techniques),
    tags: techniques.length === 0 ? undefined : techniques,
    moltwatch: present({
      notice: type,
      severity,
      incident_id: textOf(data['incident_id']),
      finding_id: type.startsWith('finding.') ? textOf(data['id']) : fact.get('finding_id'),
      revision: data['revision'],
      surprise: data['surprise'],
      owner: fact.get('owner'),
      session: fact.get('session'),
      sink: fact.get('sink'),
      status: fact.get('status'),
      by: fact.get('by'),
    }),
  })!
}
