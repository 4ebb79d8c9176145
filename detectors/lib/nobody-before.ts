/**
 * The second half of detectors that tell of the first one ever: everybody who does it is remembered under what they share, and
 * a candidate fires where nobody else did it at an earlier event time.
 */
import type { EventView } from '../../schemas/event.ts'
import { hash32 } from '../../schemas/ids.ts'
import type { CrossKey } from '../../schemas/signal.ts'
import type { Decision, SecondHalf } from '../detector.ts'
import { earliest } from './fields.ts'

/** How many are remembered: one other is enough. */
const REMEMBERED = 4

type Remembered<Name extends string> = Record<Name, ReturnType<typeof earliest>>

/**
 * `field`: the name of the state, which is a column of snapshots and so never changes. `fired`: what a decision that fires
 * says besides.
 */
export function nobodyBefore<Name extends string>(
  key: CrossKey,
  field: Name,
  fired: Omit<Extract<Decision, { fire: true }>, 'fire'> = {},
): SecondHalf<unknown, Remembered<Name>, Record<never, never>> {
  return {
    keys: [key],
    state: { [field]: earliest({ size: REMEMBERED }) } as Remembered<Name>,
    absorb({ signal, state, time, tie }) {
      state[field].add(signal.fingerprint, time, tie)
      return undefined
    },
    decide({ candidate, state }) {
      const others = state[field].countBefore(candidate.time, candidate.tie, candidate.fingerprint)
      return others > 0 ? { fire: false } : { fire: true, ...fired }
    },
  }
}

/**
 * What a first half sends and asks under `peer_group`: whether another identity of the same role did `what` before. An identity
 * without a role is compared within its owner.
 */
export const askOfRole = (event: EventView, what: string | number) => ({
  keyKind: 'peer_group' as const,
  key: `${event.principal_kind}/${event.role || event.owner || event.identity}/${what}`,
  fingerprint: hash32(event.identity),
})
