/** What an identity costs, by habit and detector: counted from what they declare. */
import type { Detector } from '../../detectors/detector.ts'
import { bytesOf, type Fields } from '../../detectors/lib/columns.ts'
import { habitsOf } from '../../services/detector/engine/index.ts'

export interface Share {
  readonly what: string
  readonly bytes: number
}

/** Key 16, newest event 6, beginning 4, tenant and sender 2, and two places of the index at 70 % load. */
const ENGINE_BYTES = 28 + Math.ceil((4 * 2) / 0.7)
/** A window's own columns and its head in the row. */
const WINDOW_BYTES = 44

interface Windowed {
  readonly id: string
  readonly state: Fields
  readonly window?: { readonly lengthMs: number; readonly state: Fields } | undefined
}

/** All habits that the detectors use, as `habits/<id>`, then the detectors of the key. */
const membersOf = (detectors: readonly Detector[], key: 'identity' | 'session'): Windowed[] => [
  ...(key === 'identity' ? habitsOf(detectors).map((habit) => ({ ...habit, id: `habits/${habit.id}` })) : []),
  ...detectors.filter((detector) => detector.key === key),
]

const lengthsOf = (members: readonly Windowed[]): Set<number> =>
  new Set(members.flatMap(({ window }) => (window === undefined ? [] : [window.lengthMs])))

/** The row of an identity at rest. */
export function restBytesOf(detectors: readonly Detector[]): Share[] {
  const members = membersOf(detectors, 'identity')
  return [
    { what: 'engine', bytes: ENGINE_BYTES + 4 * lengthsOf(members).size },
    ...members.map(({ id, state }) => ({ what: id, bytes: bytesOf(state) })),
  ]
}

/** One open window of each length. */
export function windowBytesOf(detectors: readonly Detector[], key: 'identity' | 'session'): number {
  const members = membersOf(detectors, key)
  return members.reduce(
    (sum, { window }) => sum + (window === undefined ? 0 : bytesOf(window.state)),
    WINDOW_BYTES * lengthsOf(members).size,
  )
}
