/**
 * What ties incidents of different identities into one chain: a session, a credential or a peer that their findings
 * share, or an identity that one of them names (who acted for whom, whose key it was). A finding carries its own ties,
 * so that the chain is known while the warehouse is away.
 *
 * A chain is computed from the incidents on request. It depends only on the set of findings, never on their order of
 * arrival. Chains join what a person looks at and change no incident: an attacker who writes another agent's session
 * into its own events appears next to that agent's incident, and can neither fill, hide nor close it.
 */
import Type, { type Static } from 'typebox'
import type { Finding } from './finding.ts'
import { LIMITS } from './limits.ts'

export const TIE_KINDS = ['session', 'credential', 'peer', 'identity'] as const
export type TieKind = (typeof TIE_KINDS)[number]

export const Tie = Type.Object(
  {
    by: Type.Unsafe<TieKind>(
      Type.Enum([...TIE_KINDS], { description: 'identity: one that a finding names beside its own' }),
    ),
    value: Type.String({ maxLength: LIMITS.name_chars_max }),
  },
  { additionalProperties: false },
)
export type Tie = Static<typeof Tie>

/** Where findings say them: the names of `observed` that detectors share. */
const OBSERVED: readonly (readonly [string, TieKind])[] = [
  ['credential', 'credential'],
  ['host', 'peer'],
  ['peer', 'peer'],
  ['holder', 'identity'],
  ['user', 'identity'],
  ['chain', 'identity'],
]
/** Separates the hands of a delegation. */
const HANDS = ' > '

const keyOf = ({ by, value }: Tie): string => `${by}\u0000${value}`
const byKey = (a: Tie, b: Tie): number => (keyOf(a) < keyOf(b) ? -1 : keyOf(a) > keyOf(b) ? 1 : 0)

/** Distinct, in one order whatever order they came in, and bounded by it, too. */
export const tiesTogether = (...lists: readonly (readonly Tie[])[]): Tie[] =>
  [...new Map(lists.flat().map((tie) => [keyOf(tie), tie])).values()].toSorted(byKey).slice(0, LIMITS.incident_ties_max)

/** What a finding shares with those of others. */
export function tiesOf({ agent, session, observed }: Pick<Finding, 'agent' | 'session' | 'observed'>): Tie[] {
  const named = new Map(Object.entries(observed))
  const ties = OBSERVED.flatMap(([name, by]) =>
    [named.get(name) ?? []]
      .flat()
      .flatMap((value) => (by === 'identity' ? String(value).split(HANDS) : [String(value)]))
      .filter((value) => by !== 'identity' || value !== agent)
      .map((value): Tie => ({ by, value })),
  )
  if (session !== null) ties.push({ by: 'session', value: session })
  return tiesTogether(ties.filter(({ value }) => value !== '' && value.length <= LIMITS.name_chars_max))
}

/** What a chain needs of an incident. */
export interface Linkable {
  readonly id: string
  readonly agent: string
  readonly also: readonly string[]
  readonly ties: readonly Tie[]
  readonly first_time: string
  readonly last_time: string
  readonly merged_into: string | null
}

/** One incident of a chain: which one it was reached from, and by what. */
export interface Link<T extends Linkable> {
  readonly incident: T
  readonly from: string
  readonly ties: readonly Tie[]
}

export interface Chain<T extends Linkable> {
  /** Nearest first; at most LIMITS.chain_incidents_max. */
  readonly links: readonly Link<T>[]
  /** There were more. */
  readonly more: boolean
  /** Ties of the incident that so many agents share that they say nothing. */
  readonly common: readonly (Tie & { readonly agents: number })[]
}

/** What an incident can be reached by: its ties, and its own identities for those that name them. */
const reachesOf = ({ agent, also, ties }: Linkable): Tie[] => [
  ...ties,
  ...[agent, ...also].map((value): Tie => ({ by: 'identity', value })),
]

const isNear = (a: Linkable, b: Linkable): boolean =>
  Date.parse(a.first_time) - LIMITS.incident_window_ms <= Date.parse(b.last_time) &&
  Date.parse(b.first_time) - LIMITS.incident_window_ms <= Date.parse(a.last_time)

const byTime = (a: Linkable, b: Linkable): number =>
  a.first_time < b.first_time ? -1 : a.first_time > b.first_time ? 1 : a.id < b.id ? -1 : 1

/** The incidents that hold each tie, without those merged into another. */
function holdersOf<T extends Linkable>(incidents: readonly T[]): ReadonlyMap<string, readonly T[]> {
  const holders = new Map<string, T[]>()
  for (const incident of incidents.filter(({ merged_into }) => merged_into === null).toSorted(byTime)) {
    for (const key of new Set(reachesOf(incident).map(keyOf))) {
      const known = holders.get(key)
      if (known === undefined) holders.set(key, [incident])
      else known.push(incident)
    }
  }
  return holders
}

/**
 * The incidents of one chain with `start`, among all of its tenant. A tie that more than LIMITS.chain_agents_max agents
 * share in the time of an incident links nobody to it: a popular peer is no chain.
 */
export function chainOf<T extends Linkable>(start: T, incidents: readonly T[]): Chain<T> {
  const holders = holdersOf(incidents)
  const near = (incident: T, tie: Tie): readonly T[] =>
    (holders.get(keyOf(tie)) ?? []).filter((other) => isNear(incident, other))
  const agentsOf = (incident: T, tie: Tie): number =>
    new Set([incident, ...near(incident, tie)].map(({ agent }) => agent)).size
  const isCommon = (incident: T, tie: Tie): boolean => agentsOf(incident, tie) > LIMITS.chain_agents_max

  const found = new Map<string, Link<T>>()
  let front: readonly T[] = [start]
  for (let hop = 0; hop < LIMITS.chain_hops_max && front.length > 0; hop++) {
    const next = new Map<string, { readonly incident: T; readonly from: string; readonly ties: Tie[] }>()
    for (const from of front) {
      for (const tie of reachesOf(from)) {
        if (isCommon(from, tie)) continue
        for (const incident of near(from, tie)) {
          if (incident.id === start.id || found.has(incident.id) || isCommon(incident, tie)) continue
          const link = next.get(incident.id) ?? { incident, from: from.id, ties: [] }
          if (link.from === from.id) link.ties.push(tie)
          next.set(incident.id, link)
        }
      }
    }
    for (const [id, link] of next) found.set(id, link)
    front = [...next.values()].map(({ incident }) => incident).toSorted(byTime)
  }
  const links = [...found.values()].slice(0, LIMITS.chain_incidents_max)
  const common = start.ties
    .filter((tie) => isCommon(start, tie))
    .map((tie) => ({ ...tie, agents: agentsOf(start, tie) }))
  return { links, more: found.size > links.length, common }
}
