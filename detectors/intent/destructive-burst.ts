/**
 * Fires when an identity deletes many different things within six hours, far more than it ever deleted in such a time,
 * without an approval and without making as many things as it removes.
 *
 * Why: deletion cannot be undone. An agent that misunderstands, or is made to, destroys in bulk; so does an attacker
 * who covers tracks or holds data to ransom. A move deletes, too, but makes the things elsewhere.
 *
 * Misses: one deletion that takes everything with it; deletions by an identity that always deletes that much; a slow
 * one, below the floor in every six hours.
 */
import Type from 'typebox'
import { hash32 } from '../../schemas/ids.ts'
import type { EventView } from '../../schemas/event.ts'
import { defineDetector } from '../detector.ts'
import { actWords, hasWord, wordSet } from '../lib/act-words.ts'
import { evidenceList, evidenceOf } from '../lib/evidence.ts'
import { counter, decayedCount, distinct } from '../lib/fields.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

const Settings = Type.Object({
  lasting_min: Type.Integer({
    default: 12,
    minimum: 2,
    description: 'Distinct lasting things (databases, snapshots, accounts) from which it fires',
  }),
  targets_min: Type.Integer({
    default: 80,
    minimum: 2,
    description: 'Distinct things of any kind from which it fires',
  }),
  lasting_high: Type.Integer({ default: 30, minimum: 2, description: 'Distinct lasting things from which it is high' }),
  habit_factor: Type.Number({
    default: 3,
    description: 'Times the deletions of a usual day of the identity that it must exceed',
  }),
  made_share_max: Type.Number({
    default: 0.5,
    description: 'Share of things made beside those deleted, from which it is a move and no destruction',
  }),
})

const DELETES = wordSet('delete remove destroy terminate drop purge wipe erase truncate shred rm deprovision')
/** What does not come back by itself. */
const LASTING = wordSet(
  'database db table snapshot backup bucket volume disk instance cluster repository repo key account user customer tenant vault image archive branch dataset index',
)
/** What is short-lived by nature. */
const PASSING = wordSet('session cache lock token reaction label tag temp tmp draft notification cursor subscription')

const isDeletion = (event: EventView): boolean => {
  const words = actWords(event)
  return (event.activity === 'delete' || hasWord(words, DELETES)) && hasWord(words, DELETES) && !hasWord(words, PASSING)
}

const rest = {
  /** Deletions of the last weeks, those of the present window too, which `mine` takes off again. */
  usual: decayedCount({ halfLifeMs: 14 * DAY_MS }),
}
const open = {
  targets: distinct({ exact: 16, registers: 128 }),
  lasting: counter(),
  made: counter(),
  mine: counter(),
  evidence: evidenceList({ bytes: 440 }),
}

export const destructiveBurst = defineDetector({
  id: 'intent/destructive-burst',
  version: 1,

  title: 'Many deletions within hours',
  severity: 'medium',
  mode: 'live',
  needs: { fields: [['action']], learns_ms: 0 },
  techniques: ['T1485', 'AML.T0101', 'ASI10'],
  falsePositives: ['A first clean-up by an identity: record its approval with the acts'],

  settings: Settings,
  key: 'identity',
  state: rest,
  window: { lengthMs: 6 * HOUR_MS, state: open },

  matches: (event) =>
    event.outcome !== 'denied' && event.outcome !== 'failure' && (isDeletion(event) || event.activity === 'create'),
  step({ event, time, since, state, settings, openWindow }) {
    if (!isDeletion(event)) {
      // Creations are counted only for an identity that already deletes: an open window costs memory.
      if (state.usual.at(time) > 0) openWindow().made.value++
      return undefined
    }
    const window = openWindow()
    state.usual.add(time)
    window.mine.value++
    if (event.approval !== '' || !window.targets.add(hash32(event.target || event.event_id))) return undefined
    const isLasting = hasWord(actWords(event), LASTING)
    if (isLasting) window.lasting.value++
    const { count } = window.targets
    const lasting = window.lasting.value
    if (count <= 2 || lasting === settings.lasting_min || lasting === settings.lasting_high)
      window.evidence.add(evidenceOf(event))
    if (
      (lasting < settings.lasting_min && count < settings.targets_min) ||
      window.made.value >= settings.made_share_max * count
    )
      return undefined
    const days = Math.min(20, Math.max(1, (time - since) / DAY_MS))
    const daily = Math.max(0, state.usual.at(time) - window.mine.value) / days
    if (count < settings.habit_factor * daily) return undefined
    const isHigh = lasting >= settings.lasting_high
    return {
      why: `${event.identity} deleted ${count} different things within six hours without an approval; on a usual day it deletes about ${Math.round(daily)}.`,
      observed: { deleted: count, lasting, made: window.made.value, newest: event.target },
      expected: { deleted_a_day: daily },
      severity: isHigh ? 'high' : 'medium',
      level: isHigh ? 'high' : 'medium',
      learnedSince: since,
      evidence: window.evidence.list(),
      evidenceCount: count,
      rooted: false,
    }
  },
  summarise: ({ targets, lasting, made }) => ({
    observed: { deleted: targets.count, lasting: lasting.value, made: made.value },
    evidenceCount: targets.count,
  }),
})
