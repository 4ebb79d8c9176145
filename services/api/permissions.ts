/**
 * What an identity may do, as people wrote it down in the trust registry, beside what it did: entries that nothing fell under for
 * long are candidates to remove, and what falls under no entry was never declared.
 */
import { API_LIMITS } from './limits.ts'
import type { UsedSince } from './questions/permissions.ts'
import type { Used } from './questions/used.ts'
import { type Doubt, type Proposal, proposalOf } from './proposal.ts'

/** Parts of an act that a registry can list. */
export const PARTS = { actions: 'action', targets: 'target', peers: 'peer' } as const
export type PartName = keyof typeof PARTS
type Part = (typeof PARTS)[PartName]
type ListName = 'allowed' | 'never'

/** What the registry says of one identity. */
export interface ShownBounds {
  /** Whom to ask; '' where nobody is named. */
  readonly owner: string
  /** As people wrote them. */
  entries(list: ListName, part: Part): readonly string[]
  /** The entries that a value falls under. */
  fitting(list: ListName, part: Part, value: string): readonly string[]
}

/** The trust registry of a tenant, with that of all tenants. */
export interface ShownRegistry {
  /** Whether no agent is listed at all. */
  readonly isEmpty: boolean
  /** Whether an agent that is not listed is a finding. */
  readonly isStrict: boolean
  boundsOf(identity: string): ShownBounds | undefined
  /** Whether a peer is no news, whoever contacts it. */
  isTrusted(peer: string): boolean
}

/** An entry, and what fell under it. */
export interface Entry {
  readonly entry: string
  /** An event with several values under it counts for each. */
  readonly events: number
  readonly last_used: string | null
}

/** A value that no entry of `allowed` names. */
export interface Undeclared extends Used {
  /** A peer that the registry trusts for everybody. */
  readonly trusted: boolean
}

export interface Permissions extends Proposal {
  readonly allowed: readonly Entry[]
  readonly never: readonly Entry[]
  /** Most used first. */
  readonly undeclared: readonly Undeclared[]
  readonly undeclared_count: number
  /** Whether every value was compared; otherwise the rarest were not. */
  readonly whole: boolean
}

/** Most recently used first, then what was never used, by name. */
const byUse = (a: Entry, b: Entry): number =>
  (b.last_used ?? '').localeCompare(a.last_used ?? '') || a.entry.localeCompare(b.entry)

function entriesOf(bounds: ShownBounds, list: ListName, part: Part, used: readonly Used[]): Entry[] {
  const entries = new Map(
    bounds.entries(list, part).map((entry): [string, Entry] => [entry, { entry, events: 0, last_used: null }]),
  )
  for (const { value, events, last_seen } of used) {
    for (const entry of bounds.fitting(list, part, value)) {
      const { events: before = 0, last_used = null } = entries.get(entry) ?? {}
      entries.set(entry, {
        entry,
        events: before + events,
        last_used: last_used !== null && last_used > last_seen ? last_used : last_seen,
      })
    }
  }
  return [...entries.values()].sort(byUse)
}

/**
 * What the registry says of an identity in one part of acts, beside what it used, and what of the rest may be proposed to it. Without
 * bounds everything is undeclared.
 */
export function compare(
  registry: ShownRegistry,
  identity: string,
  name: PartName,
  used: readonly UsedSince[],
  doubt: Doubt,
): Permissions {
  const bounds = registry.boundsOf(identity)
  const part = PARTS[name]
  const undeclared = used.filter(({ value }) => (bounds?.fitting('allowed', part, value) ?? []).length === 0)
  return {
    allowed: bounds === undefined ? [] : entriesOf(bounds, 'allowed', part, used),
    never: bounds === undefined ? [] : entriesOf(bounds, 'never', part, used),
    undeclared: undeclared.slice(0, API_LIMITS.permissions_undeclared_max).map(({ settled_ms: _settled, ...one }) => ({
      ...one,
      trusted: name === 'peers' && registry.isTrusted(one.value),
    })),
    undeclared_count: undeclared.length,
    ...proposalOf(part, undeclared, doubt, (value) => (bounds?.fitting('never', part, value) ?? []).length > 0),
    whole: used.length < API_LIMITS.permission_values_max,
  }
}
