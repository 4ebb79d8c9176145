/**
 * The memory of deliveries: what waits, what is closed, and where the payload of each action lies. Payloads are written
 * once per action and read back from the log when they are not in a small cache, so that a sink that is away for days
 * costs a few hundred bytes per delivery.
 */
import { LRUCache } from 'lru-cache'
import type { Delivery, DeliveryStatus } from '../../schemas/delivery.ts'
import { deliveryId } from '../../schemas/ids.ts'
import { LIMITS } from '../../schemas/limits.ts'
import type { Notice, NoticeType } from '../../schemas/notice.ts'
import type { Sink } from '../lib/config.ts'
import { surplusOf } from './shares.ts'
import type { Place, StateStore, Transaction } from './store.ts'

/** How the outcome of a delivery begins that was given up because its sink had answered 410. */
export const SINK_DISABLED = 'the sink is disabled'

/** Nobody asks for the payload of these again. */
const NEEDS_NOTHING: ReadonlySet<DeliveryStatus> = new Set(['delivered', 'joined', 'superseded'])

/** What is to be told, to whichever sinks. */
export interface Message {
  readonly type: NoticeType
  readonly id: string
  readonly subject: string
  readonly notice: Notice
  /** Orders only. */
  readonly identity: string | undefined
  readonly orderSequence: number | undefined
}

/** State record `payload`: a notice, or the body that an older version had already written for webhooks. */
type Payload = { readonly notice: Notice } | { readonly text: string }

function noticeOf(payload: Payload): Notice {
  if ('notice' in payload) return payload.notice
  const { timestamp: time, ...rest } = JSON.parse(payload.text) as Omit<Notice, 'time'> & { readonly timestamp: string }
  return { ...rest, time }
}

interface Action {
  readonly tenant: string
  readonly deliveries: Set<string>
  /** Where the payload lies; undefined once it is removed, or not yet durable. */
  place: Place | undefined
}

export interface Deliveries {
  restore(delivery: Delivery): void
  restorePayload(tenant: string, actionId: string, place: Place): void
  /** Stages one delivery per sink; those that exist stay as they are. A new one is held where `isHeld` says so. */
  create(
    tx: Transaction,
    message: Message,
    sinks: readonly Sink[],
    nowMs: number,
    isHeld?: (sink: Sink) => boolean,
  ): void
  get(id: string): Delivery | undefined
  update(tx: Transaction, delivery: Delivery, change: Partial<Delivery>): Delivery
  /** Begins it again with all its attempts. */
  revive(tx: Transaction, delivery: Delivery, why: string, nowMs: number): Delivery
  /** Ends it. A payload that nobody can ask for any more goes with it. */
  close(
    tx: Transaction,
    delivery: Delivery,
    status: Exclude<DeliveryStatus, 'pending' | 'held'>,
    outcome: string,
    nowMs: number,
  ): Delivery
  ofAction(actionId: string): readonly Delivery[]
  /** What it tells; undefined where the log does not hold it any more. */
  notice(delivery: Delivery): Promise<Notice | undefined>
  pending(): Iterable<Delivery>
  /** Those that wait for a digest. */
  held(): Delivery[]
  dead(tenant: string): readonly Delivery[]
  /** Dead ones that a disabled sink never had, whatever their tenant. */
  missed(sink: string): readonly Delivery[]
  list(tenant: string): Delivery[]
  expire(nowMs: number): Promise<void>
}

/** Makes the deliveries' memory. `created` hears of each new one as soon as it is durable. */
export function createDeliveries(store: StateStore, created: (delivery: Delivery) => void): Deliveries {
  const deliveries = new Map<string, Delivery>()
  const held = new Set<string>()
  const actions = new Map<string, Action>()
  const notices = new LRUCache<string, Notice>({
    maxSize: LIMITS.payload_cache_bytes,
    sizeCalculation: (notice) => 2 * JSON.stringify(notice).length + 1,
  })
  const actionOf = (tenant: string, id: string): Action => {
    const known = actions.get(id)
    if (known !== undefined) return known
    const fresh: Action = { tenant, deliveries: new Set(), place: undefined }
    actions.set(id, fresh)
    return fresh
  }
  const remember = (delivery: Delivery): void => {
    deliveries.set(delivery.id, delivery)
    if (delivery.status === 'held') held.add(delivery.id)
    else held.delete(delivery.id)
    actionOf(delivery.tenant, delivery.action_id).deliveries.add(delivery.id)
  }
  const ofAction = (actionId: string): Delivery[] =>
    [...(actions.get(actionId)?.deliveries ?? [])].map((id) => deliveries.get(id)!)
  const update = (tx: Transaction, delivery: Delivery, change: Partial<Delivery>): Delivery => {
    const next = { ...delivery, ...change }
    tx.put('delivery', next.id, next)
    remember(next)
    return next
  }
  const dropPayload = (tx: Transaction, actionId: string): void => {
    tx.remove('payload', actionId)
    notices.delete(actionId)
    const action = actions.get(actionId)
    if (action !== undefined) action.place = undefined
  }
  const forget = (tx: Transaction, delivery: Delivery): void => {
    tx.remove('delivery', delivery.id)
    deliveries.delete(delivery.id)
    held.delete(delivery.id)
    const action = actions.get(delivery.action_id)
    action?.deliveries.delete(delivery.id)
    if (action?.deliveries.size !== 0) return
    dropPayload(tx, delivery.action_id)
    actions.delete(delivery.action_id)
  }

  return {
    restore: remember,
    restorePayload: (tenant, actionId, place) => {
      actionOf(tenant, actionId).place = place
    },
    create(tx, message, sinks, nowMs, isHeld = () => false) {
      const fresh = sinks
        .map((sink) => ({ id: deliveryId(message.id, sink.name), sink }))
        .filter(({ id }) => !deliveries.has(id))
      if (fresh.length === 0) return
      const payload: Payload = { notice: message.notice }
      tx.place('payload', message.id, payload, (place) => {
        actionOf(tx.tenant, message.id).place = place
      })
      notices.set(message.id, message.notice)
      for (const { id, sink } of fresh) {
        const delivery: Delivery = {
          id,
          tenant: tx.tenant,
          sink: sink.name,
          type: message.type,
          action_id: message.id,
          subject: message.subject,
          identity: message.identity ?? '',
          order_sequence: message.orderSequence ?? 0,
          status: isHeld(sink) ? 'held' : 'pending',
          attempts: 0,
          created_ms: nowMs,
          next_attempt_ms: nowMs,
          closed_ms: 0,
          last_outcome: '',
        }
        tx.put('delivery', id, delivery)
        remember(delivery)
        if (delivery.status === 'pending') tx.after(() => created(delivery))
      }
    },
    get: (id) => deliveries.get(id),
    update,
    revive: (tx, delivery, why, nowMs) =>
      update(tx, delivery, {
        status: 'pending',
        attempts: 0,
        next_attempt_ms: nowMs,
        closed_ms: 0,
        last_outcome: why,
      }),
    close(tx, delivery, status, outcome, nowMs) {
      const next = update(tx, delivery, {
        status,
        closed_ms: nowMs,
        next_attempt_ms: 0,
        last_outcome: outcome,
      })
      // Dead ones can be replayed; nothing else needs the payload again.
      const done = ofAction(delivery.action_id).every(({ status: of }) => NEEDS_NOTHING.has(of))
      if (done) dropPayload(tx, delivery.action_id)
      return next
    },
    ofAction,
    async notice(delivery) {
      const cached = notices.get(delivery.action_id)
      const place = actions.get(delivery.action_id)?.place
      if (cached !== undefined || place === undefined) return cached
      const body = (await store.readAt(place)) as Payload | undefined
      if (body === undefined) return undefined
      const notice = noticeOf(body)
      notices.set(delivery.action_id, notice)
      return notice
    },
    *pending() {
      for (const delivery of deliveries.values()) if (delivery.status === 'pending') yield delivery
    },
    held: () => [...held].map((id) => deliveries.get(id)!),
    dead: (tenant) => [...deliveries.values()].filter((d) => d.tenant === tenant && d.status === 'dead'),
    missed: (sink) =>
      [...deliveries.values()].filter(
        (d) => d.sink === sink && d.status === 'dead' && d.last_outcome.startsWith(SINK_DISABLED),
      ),
    list: (tenant) => [...deliveries.values()].filter((d) => d.tenant === tenant),
    async expire(nowMs) {
      const over = [...deliveries.values()].filter(({ status }) => status !== 'pending' && status !== 'held')
      const old = over.filter((delivery) => delivery.closed_ms <= nowMs - LIMITS.delivery_closed_ms)
      const surplus = surplusOf(over, LIMITS.deliveries_closed_max)
      const writes = [...new Set([...old, ...surplus])].map((delivery) => {
        const tx = store.begin(delivery.tenant)
        forget(tx, delivery)
        return tx.commit()
      })
      await Promise.all(writes)
    },
  }
}
