/** The deliveries in memory: each by its id, those held for a digest, and what each action has told to whom. */
import { LRUCache } from 'lru-cache'
import type { Delivery } from '../../../schemas/delivery.ts'
import { LIMITS } from '../../../schemas/limits.ts'
import type { Notice } from '../../../schemas/notice.ts'
import type { RecordPlace } from '../store.ts'

interface Action {
  readonly tenant: string
  readonly deliveries: Set<string>
  /** Where the payload is stored; undefined once it is removed, or while it is not durable. */
  place: RecordPlace | undefined
}

export interface Memory {
  readonly deliveries: Map<string, Delivery>
  readonly held: Set<string>
  readonly actions: Map<string, Action>
  /** Recent notices, by action. */
  readonly notices: LRUCache<string, Notice>
}

export const emptyMemory = (): Memory => ({
  deliveries: new Map(),
  held: new Set(),
  actions: new Map(),
  notices: new LRUCache<string, Notice>({
    maxSize: LIMITS.payload_cache_bytes,
    sizeCalculation: (notice) => 2 * JSON.stringify(notice).length + 1,
  }),
})

/** The action with this id; a new one if none is known. */
export function actionOf({ actions }: Memory, tenant: string, id: string): Action {
  const known = actions.get(id)
  if (known !== undefined) return known
  const fresh: Action = { tenant, deliveries: new Set(), place: undefined }
  actions.set(id, fresh)
  return fresh
}

export function remember(memory: Memory, delivery: Delivery): void {
  memory.deliveries.set(delivery.id, delivery)
  if (delivery.status === 'held') memory.held.add(delivery.id)
  else memory.held.delete(delivery.id)
  actionOf(memory, delivery.tenant, delivery.action_id).deliveries.add(delivery.id)
}

/** Whether this was the last delivery of its action. */
export function forget({ deliveries, held, actions }: Memory, { id, action_id }: Delivery): boolean {
  deliveries.delete(id)
  held.delete(id)
  const action = actions.get(action_id)
  action?.deliveries.delete(id)
  return action?.deliveries.size === 0
}

export const ofAction = ({ actions, deliveries }: Memory, actionId: string): Delivery[] =>
  [...(actions.get(actionId)?.deliveries ?? [])].map((id) => deliveries.get(id)!)

/** Those that are meant, in the order in which they came. */
export const among = ({ deliveries }: Memory, isMeant: (delivery: Delivery) => boolean): Delivery[] =>
  [...deliveries.values()].filter(isMeant)
