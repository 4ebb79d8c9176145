/** What an identity was seen doing, in the parts that a trust registry can list. */
import type { TenantReader } from '../query.ts'
import { API_LIMITS } from '../limits.ts'
import { LEARNED_FROM } from '../search/fields.ts'
import { type Used, usedBy } from './used.ts'

/** A value, and since when it was really used: neither refused, nor of an event that was dated back. */
export interface UsedSince extends Used {
  /** In ms since 1970; undefined where it was only denied. */
  readonly settled_ms: number | undefined
}

const SETTLED = {
  columns: [
    "countIf(outcome != 'denied') AS granted",
    `toUnixTimestamp64Milli(minIf(${LEARNED_FROM}, outcome != 'denied')) AS settled`,
  ],
  read: ({ granted, settled }: Readonly<Record<string, string>>) => ({
    settled_ms: Number(granted) === 0 ? undefined : Number(settled),
  }),
}

/** The name of a peer and the domains of an act; a domain is left out where the name says more exactly which host of it. */
const PEERS =
  "arrayDistinct(arrayPushFront(arrayFilter(d -> NOT endsWith(lower(peer), concat('.', d)), peer_domains), peer))"

/** What a user says to an agent is no act of the agent. */
const ACTIONS = "if(action = 'user.message', [], [action])"

const LISTS = { actions: ACTIONS, targets: '[target]', peers: PEERS, kinds: '[kind]' } as const

/** Used since then (ms since 1970), most used first, at most `permission_values_max` of each. */
export const usedSince = (
  reader: TenantReader,
  identity: string,
  since: number,
): Promise<Record<keyof typeof LISTS, readonly UsedSince[]>> =>
  usedBy(reader, identity, LISTS, { most: API_LIMITS.permission_values_max, since, beside: SETTLED })
