/**
 * Fires when an identity runs something on many machines that it never ran anything on, within hours, far faster than
 * it ever gained new machines.
 *
 * Why: an intruder moves through a network from machine to machine. A job knows its machines; a new one comes now and
 * then.
 *
 * Misses: moves to machines that the identity knows, one new machine a day, and machines named only in arguments. An
 * identity whose job is to run on ever new machines (a deployer) is quiet while it keeps its pace.
 */
import Type from 'typebox'
import { hash32 } from '../../schemas/ids.ts'
import type { EventView } from '../../schemas/event.ts'
import { defineDetector } from '../detector.ts'
import { actWords, hasWord, wordSet } from '../lib/act-words.ts'
import { learned } from '../lib/columns.ts'
import { counter, decayedCount, small } from '../lib/fields.ts'
import { seenFilter } from '../lib/filter.ts'
import { gammaPoissonLogTail, surpriseOf } from '../lib/maths.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

const Settings = Type.Object({
  machines_min: Type.Number({ default: 5, minimum: 2, description: 'New machines, decayed over three hours' }),
  surprise_min: Type.Number({ default: 3, description: '-log10 of the probability at the pace of the identity' }),
  surprise_high: Type.Number({ default: 9, description: 'The same, from which it is high' }),
})

const RUNS = wordSet('exec execute run ssh shell rdp winrm connect command invoke')
const MACHINES = wordSet('host server instance node vm machine pod container desktop')
const PROTOCOLS: ReadonlySet<string> = new Set(['ssh', 'rdp', 'winrm', 'telnet', 'smb', 'psexec'])

/** How long a machine counts as new, and for how long the pace remembers, each by half. */
export const FRESH_HALF_LIFE_MS = 3 * HOUR_MS
export const PACE_HALF_LIFE_MS = 14 * DAY_MS

/** New machines in as long as `fresh` counts them, by the pace: `older` of them (decayed) in the life of the identity. */
const perHoursOf = (older: number, ageMs: number): number =>
  (Math.max(0, older) / Math.min(20, Math.max(0.5, ageMs / DAY_MS))) * (4.3 / 24)

/** -log10 of the probability of so many new machines (decayed) at the pace of an identity of that age. */
export const surpriseOfNew = (fresh: number, older: number, ageMs: number): number =>
  surpriseOf(gammaPoissonLogTail(Math.round(fresh), 0.5 + perHoursOf(older, ageMs), 1))

/** Whether the target is a machine on which something is run. */
function runsOnMachine(event: EventView): boolean {
  if (event.target === '') return false
  if (PROTOCOLS.has(event.protocol.toLowerCase())) return true
  const words = actWords(event)
  return hasWord(words, RUNS) && hasWord(words, MACHINES)
}

export const fanOut = defineDetector({
  id: 'lateral/fan-out',
  version: 2,

  title: 'Commands on many new machines',
  severity: 'medium',
  mode: 'live',
  needs: { fields: [['target'], ['action', 'protocol']], learns_ms: 1 * 86_400_000 },
  techniques: ['T1021.007', 'ASI08'],
  falsePositives: ['An incident or a migration: somebody works on machines that are not usually theirs'],

  settings: Settings,
  key: 'identity',
  state: {
    known: learned(seenFilter({ bytes: 24 })),
    fresh: decayedCount({ halfLifeMs: FRESH_HALF_LIFE_MS }),
    pace: learned(decayedCount({ halfLifeMs: PACE_HALF_LIFE_MS })),
    told: small(),
  },

  window: { lengthMs: HOUR_MS, state: { last: counter() } },

  matches: runsOnMachine,
  step({ event, time, since, state, settings, openWindow }) {
    const machine = hash32(event.target)
    if (state.known.has(machine)) return undefined
    // What is doubted does not become known: a repeat on the same machine counts no more than one on a known machine.
    const { last } = openWindow()
    if (last.value === machine) return undefined
    last.value = machine
    state.known.add(machine)
    state.fresh.add(time)
    const fresh = state.fresh.at(time)
    const older = state.pace.at(time) - fresh
    state.pace.add(time)
    if (fresh < settings.machines_min) {
      state.told.value = 0
      return undefined
    }
    const surprise = surpriseOfNew(fresh, older, time - since)
    const level = surprise >= settings.surprise_high ? 2 : surprise >= settings.surprise_min ? 1 : 0
    if (level <= state.told.value) return undefined
    state.told.value = level
    return {
      why: `${event.identity} ran something on about ${Math.round(fresh)} machines within hours, most recently ${event.target}; it never ran anything on them before.`,
      evidenceCount: fresh,
      observed: { machines_new: fresh, machine: event.target, action: event.action },
      expected: { machines_new: perHoursOf(older, time - since) },
      surprise,
      severity: level === 2 ? 'high' : 'medium',
      level: String(level),
      window: Math.floor(time / (6 * HOUR_MS)),
      rooted: false,
      learnedSince: since,
    }
  },
})
