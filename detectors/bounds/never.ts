/**
 * Fires when an identity does, or tries to do, what the trust registry lists under `never` for it: an operation, a target or a
 * peer. High for an act that succeeded or whose outcome is unknown, medium for one that was denied or failed. One finding per
 * identity, entry, outcome and day, from the first event on. No warm-up, no habit and no approval softens it.
 *
 * Why: what an agent must never do is known to its owner and to no statistic. An agent that was taken over slowly has learned the
 * act as its habit; a list that a person wrote has not.
 *
 * Misses: identities that no entry of the registry fits; acts that their source names in another way (a target behind a link, an
 * alias, a path with `..`); peers beyond the hosts of an act that are read (`peer/padded-contact` reports those).
 */
import Type from 'typebox'
import { defineDetector } from '../detector.ts'
import { hasFailed } from '../lib/outcome.ts'

const DAY_MS = 86_400_000

export const never = defineDetector({
  id: 'bounds/never',
  version: 1,

  title: 'Act that its owner has forbidden',
  severity: 'high',
  mode: 'live',
  needs: { fields: [['action', 'target', 'peer', 'peer_domains']], learns_ms: 0 },
  techniques: ['T1078', 'ASI03', 'ASI10'],
  falsePositives: ['An entry that is too broad: narrow it in agents.yaml'],

  settings: Type.Object({}),
  key: 'identity',
  state: {},

  matches: (event, lists) => lists.boundsOf(event.identity)?.forbids(event) !== undefined,
  step({ event, time, lists }) {
    const bounds = lists.boundsOf(event.identity)
    const match = bounds?.forbids(event)
    if (bounds === undefined || match === undefined) return undefined
    const stopped = hasFailed(event)
    const level = stopped ? 'tried' : 'done'
    return {
      why: `${event.identity} ${stopped ? 'tried' : 'did'} what the trust registry says it must never do: its ${match.part} ${match.value} falls under ${match.entry}${stopped ? `, and it ended as ${event.outcome}` : ''}.${bounds.advice}`,
      observed: { action: event.action, target: event.target, [match.part]: match.value, outcome: event.outcome },
      expected: { never: match.entry },
      severity: stopped ? 'medium' : 'high',
      level,
      window: `${Math.floor(time / DAY_MS) * DAY_MS}/${match.part}/${match.entry}`,
      rooted: false,
    }
  },
})
