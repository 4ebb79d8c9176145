/**
 * Fires when callers without any credential read the records of many: agents, users, customers, keys, messages. It
 * counts distinct records that were returned within six hours, over all anonymous callers together.
 *
 * Why: an endpoint that was meant to be closed answers anybody, and somebody is walking through its numbers. Visitors
 * of public pages read pages. A harvester reads one kind of record after another.
 *
 * Misses: records whose address does not say what they are; fewer than the floor in six hours; callers who present a
 * key.
 */
import Type from 'typebox'
import { hash32 } from '../../schemas/ids.ts'
import { defineDetector } from '../detector.ts'
import { wordSet } from '../lib/act-words.ts'
import { isAnonymous } from '../lib/anonymous.ts'
import { evidenceList, evidenceOf } from '../lib/evidence.ts'
import { distinct } from '../lib/fields.ts'

const HOUR_MS = 3_600_000

const Settings = Type.Object({
  records_min: Type.Integer({ default: 30, minimum: 2, description: 'Distinct records that make a harvest' }),
  records_high: Type.Integer({ default: 120, minimum: 2, description: 'Distinct records from which it is high' }),
})

/** Words for records of somebody, in the address of a target. */
const RECORDS = wordSet(
  'agent agents user users customer customers account accounts member members patient patients employee employees key keys token tokens secret secrets credential credentials profile profiles message messages mail mails conversation conversations session sessions invoice invoices order orders payment payments record records contact contacts owner owners',
)

/**
 * Whether the target names one record of somebody: a word for such records, and a number or code that identifies it.
 */
function isRecord(target: string): boolean {
  const parts = target
    .slice(0, 300)
    .toLowerCase()
    .split(/[^a-z0-9]+/)
  return parts.some((part) => RECORDS.has(part)) && parts.some((part) => /\d/.test(part))
}

export const unauthenticatedHarvest = defineDetector({
  id: 'identity/unauthenticated-harvest',
  version: 2,

  title: 'Many records read without a credential',
  severity: 'medium',
  mode: 'live',
  needs: { fields: [['target']], learns_ms: 0 },
  techniques: ['T1530', 'T1552', 'ASI03'],
  falsePositives: ['Records that are meant to be public, such as a directory: raise records_min'],

  settings: Settings,
  key: 'identity',
  state: {},
  window: {
    lengthMs: 6 * HOUR_MS,
    state: { records: distinct({ exact: 16, registers: 128 }), evidence: evidenceList({ bytes: 170 }) },
  },

  matches: (event) =>
    isAnonymous(event) &&
    event.outcome === 'success' &&
    (event.activity === 'read' || event.activity === 'list') &&
    isRecord(event.target),
  step({ event, settings, openWindow }) {
    const window = openWindow()
    if (!window.records.add(hash32(event.target))) return undefined
    const { count } = window.records
    if (count <= 3 || count === settings.records_min || count === settings.records_high) {
      window.evidence.add(evidenceOf(event))
    }
    if (count < settings.records_min) return undefined
    const isHigh = count >= settings.records_high
    return {
      why: `At least ${isHigh ? settings.records_high : settings.records_min} records, such as ${event.target}, were read without any credential within six hours.`,
      observed: { records: count, example: event.target, from: event.source_network },
      expected: { records_max: settings.records_min - 1 },
      severity: isHigh ? 'high' : 'medium',
      level: isHigh ? 'high' : 'medium',
      evidence: window.evidence.list(),
      evidenceCount: count,
      rooted: false,
    }
  },
})
