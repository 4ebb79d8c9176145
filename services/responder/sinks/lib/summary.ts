/**
 * A notice in words, for forms that people read and for records with few fields: how bad, whose, what, in one line and in
 * one sentence, and the facts by name. Texts come out on one line; each form escapes what means something in it.
 */
import { SEVERITIES, type Severity } from '../../../../schemas/finding.ts'
import { LIMITS } from '../../../../schemas/limits.ts'
import { techniqueText } from '../../../../schemas/techniques.ts'
import type { Notice, NoticeType } from '../../../../schemas/notice.ts'
import { oneLine } from './text.ts'

export interface Summary {
  readonly severity: Severity
  readonly tenant: string
  /** The identity that it is about; empty if there is none. */
  readonly identity: string
  /** What it is about: id of the incident if there is one. */
  readonly subject: string
  readonly title: string
  readonly text: string
  /** What else there is to know, by name, in the order in which people read it. */
  readonly facts: readonly (readonly [string, string])[]
}

const TITLES: Readonly<Record<NoticeType, string>> = {
  'finding.created': 'Finding',
  'finding.updated': 'Finding updated',
  'findings.digest': 'Findings digest',
  'incident.paged': 'Incident',
  'incident.acknowledged': 'Incident acknowledged',
  'incident.closed': 'Incident closed',
  'incident.reopened': 'Incident reopened',
  'quarantine.requested': 'Quarantine ordered',
  'quarantine.released': 'Quarantine lifted',
  'quarantine.proposed': 'Quarantine needs a decision',
  'quarantine.unheard': 'Quarantine not carried out',
  'suppression.added': 'Findings suppressed',
  'suppression.ended': 'Suppression ended',
  'sink.disabled': 'Sink disabled',
  'sink.failing': 'Sink failing',
  'sink.test': 'Sink test',
}

/** How bad it is where the notice does not say. */
const SEVERITY: ReadonlyMap<NoticeType, Severity> = new Map([
  ['quarantine.requested', 'high'],
  ['quarantine.proposed', 'high'],
  ['quarantine.unheard', 'critical'],
  ['suppression.added', 'low'],
  ['sink.disabled', 'high'],
  ['sink.failing', 'high'],
])

const FACTS = [
  'detector',
  'owner',
  'session',
  'sink',
  'status',
  'by',
  'ordered_by',
  'reason',
  'detail',
  'until',
  'expires_at',
  'finding_id',
  'delivery_id',
] as const

const isSeverity = (value: unknown): value is Severity => SEVERITIES.includes(value as Severity)

export function summaryOf({ type, data }: Notice): Summary {
  const word = (...keys: readonly string[]): string => {
    const value = keys.map((key) => data[key]).find((one) => typeof one === 'string' && one !== '')
    return typeof value === 'string' ? oneLine(value, LIMITS.text_chars_max) : ''
  }
  const identity = word('agent', 'identity')
  const scope = data['scope'] as { readonly detector?: string; readonly agent?: string } | undefined
  const about = word('title') || scope?.detector || word('sink') || word('action')
  const named = [TITLES[type], oneLine(about, LIMITS.name_chars_max)].filter((part) => part !== '').join(': ')
  const title = identity === '' ? named : `${named} (${identity})`
  const techniques = Array.isArray(data['techniques'])
    ? data['techniques'].map((id) => techniqueText(String(id))).join(', ')
    : ''
  return {
    severity: isSeverity(data['severity']) ? data['severity'] : (SEVERITY.get(type) ?? 'info'),
    tenant: word('tenant'),
    identity,
    subject: word('incident_id') || word('id') || word('delivery_id'),
    title: oneLine(title, 2 * LIMITS.name_chars_max),
    text: word('why') || word('reason') || word('detail') || TITLES[type],
    facts: [
      ...FACTS.map((name) => [name, word(name)] as const),
      ['techniques', oneLine(techniques, LIMITS.text_chars_max)] as const,
    ].filter(([, value]) => value !== ''),
  }
}
