/**
 * Fires when one identity goes through the stages of an intrusion in order within a week, each of them new to it: it
 * looks around, reaches for rights or credentials, collects from places that it never read, and sends to somebody it
 * never contacted. Three stages in order, the reach among them, are medium; all four are high.
 *
 * Why: each stage alone happens to everybody now and then. In this order, and all new to one identity, they are an
 * intruder who arrived and moved on.
 *
 * Misses: a chain over several identities; stages that the identity always does; a chain longer than a week, or across
 * two of the fixed weeks.
 */
import Type from 'typebox'
import { counted } from '../../schemas/counted.ts'
import type { EventView } from '../../schemas/event.ts'
import { defineDetector, type Step } from '../detector.ts'
import { actions } from '../habits/actions.ts'
import { peers } from '../habits/peers.ts'
import { targets } from '../habits/targets.ts'
import { isAnonymous } from '../lib/anonymous.ts'
import type { Handles } from '../lib/columns.ts'
import { consequenceOf, isReach, isLook } from '../lib/consequence.ts'
import { evidenceList, evidenceOf } from '../lib/evidence.ts'
import { counter, small } from '../lib/fields.ts'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

const Settings = Type.Object({
  looks_min: Type.Integer({
    default: 4,
    minimum: 1,
    description: 'First-time reading or listing actions that make the first stage',
  }),
  reads_min: Type.Integer({ default: 4, minimum: 1, description: 'New places read that make the third stage' }),
  read_bytes_min: Type.Number({
    default: 1_000_000,
    description: 'Bytes read there in total',
  }),
  sent_bytes_min: Type.Number({ default: 1_000_000, description: 'Bytes sent that make the fourth stage' }),
  history_ms: Type.Integer({ default: 5 * DAY_MS, description: 'Age before anything counts as new' }),
})

/** By level: without anything sent, with it, and with all four stages. */
const SEVERITY = [undefined, 'low', 'medium', 'high'] as const

const uses = { actions, peers, targets }
const open = {
  looks: small(),
  reaches: small(),
  reads: small(),
  level: small(),
  /** When the stage was complete, in minutes since 1970; 0: not yet. */
  lookedAt: counter(),
  reachedAt: counter(),
  readAt: counter(),
  readBytes: counter(),
  /** The first reach. */
  evidence: evidenceList({ bytes: 160 }),
}
type Window = Handles<typeof open>
type Context = Step<Type.Static<typeof Settings>, Record<never, never>, typeof open, typeof uses>

const raise = (count: { value: number }): number => (count.value = Math.min(255, count.value + 1))

/** Which stage an act that is new to the identity belongs to: 1 to 4, or 0. */
function stageOf({ event, habits, settings }: Context): number {
  const consequence = consequenceOf(event)
  const does = habits.actions.isNew
  const reads = isLook(consequence) || event.activity === 'read' || event.activity === 'list'
  if (
    habits.peers.isNew &&
    (consequence === 'send' || event.bytes_out >= settings.sent_bytes_min) &&
    event.bytes_out >= settings.sent_bytes_min
  )
    return 4
  if (isReach(consequence) && consequence !== 'logging' && (does || habits.targets.isNew)) return 2
  if (reads && does && !(event.bytes_in >= settings.read_bytes_min)) return 1
  if ((reads || event.bytes_in > 0) && habits.targets.isNew && event.bytes_in >= settings.read_bytes_min / 10) return 3
  return 0
}

/** Takes the act into its stage, where the stages before it allow that; answers whether it changed anything. */
function take(window: Window, stage: number, minute: number, { event, settings }: Context): boolean {
  if (stage === 1) {
    if (window.reachedAt.value !== 0) return false
    if (raise(window.looks) === settings.looks_min) window.lookedAt.value = minute
    return true
  }
  if (stage === 2) {
    raise(window.reaches)
    if (window.reachedAt.value === 0) window.reachedAt.value = minute
    return true
  }
  if (window.reachedAt.value === 0) return false
  if (stage === 3) {
    window.readBytes.value = Math.min(0xffff_ffff, window.readBytes.value + event.bytes_in)
    if (raise(window.reads) >= settings.reads_min && window.readBytes.value >= settings.read_bytes_min)
      window.readAt.value ||= minute
  }
  return true
}

export const killChain = defineDetector({
  id: 'lateral/kill-chain',
  version: 2,

  title: 'Stages of an intrusion in sequence',
  severity: 'medium',
  mode: 'live',
  needs: { fields: [['action'], ['target'], ['bytes_out'], ['peer', 'peer_domains']], learns_ms: 5 * 86_400_000 },
  techniques: ['T1550', 'T1530', 'AML.T0086', 'ASI08'],
  falsePositives: ['A new duty that begins with an inventory and ends with a report to a new place'],

  settings: Settings,
  key: 'identity',
  uses,
  state: {},
  window: { lengthMs: 7 * DAY_MS, state: open },

  matches: (event: EventView) => event.action !== 'user.message' && event.kind !== 'control' && !isAnonymous(event),
  step(context) {
    const { event, time, since, settings, openWindow } = context
    if (time - since < settings.history_ms || event.approval !== '') return undefined
    const stage = stageOf(context)
    if (stage === 0) return undefined
    const window = openWindow()
    if (!take(window, stage, Math.floor(time / MINUTE_MS), context)) return undefined
    const looked = window.lookedAt.value !== 0
    const read = window.readAt.value !== 0
    if (stage === 2 && window.evidence.length === 0) window.evidence.add(evidenceOf(event))
    if (window.reachedAt.value === 0) return undefined
    const stages = (looked ? 1 : 0) + 1 + (read ? 1 : 0) + (stage === 4 ? 1 : 0)
    // Until something leaves, it is for looking up: who takes over an incident looks around, reaches and reads, too.
    const level = stages < 3 ? 0 : stage !== 4 ? 1 : stages - 1
    if (level <= window.level.value) return undefined
    window.level.value = level
    const done = [
      ...(looked ? [`reconnaissance (${counted(window.looks.value, 'first-time action')})`] : []),
      `access to permissions or credentials (${counted(window.reaches.value, 'action')})`,
      ...(read ? [`collection (${counted(window.reads.value, 'new place')} read)`] : []),
      ...(stage === 4
        ? [`exfiltration (to ${event.peer_domains[0] ?? event.peer}, which it never contacted before)`]
        : []),
    ]
    return {
      why: `${event.identity} went through stages of an intrusion within a week, each of them new to it: ${done.join(', then ')}.`,
      observed: { stages, looks: window.looks.value, reaches: window.reaches.value, reads: window.reads.value },
      expected: { stages_max: 2 },
      severity: SEVERITY[level] ?? 'low',
      level: String(level),
      rooted: false,
      learnedSince: since,
      evidence: [...window.evidence.list(), evidenceOf(event)],
    }
  },
})
