/**
 * The memory of deliveries: what waits, what is closed, and where the payload of each action is stored. Payloads are
 * written once per action, and read back from the log if a small cache lacks them. So a sink that is away for days costs
 * a few hundred bytes per delivery.
 */
import type { Delivery, DeliveryStatus } from '../../../schemas/delivery.ts'
import { deliveryId } from '../../../schemas/ids.ts'
import { LIMITS } from '../../../schemas/limits.ts'
import type { Notice, NoticeType } from '../../../schemas/notice.ts'
import type { Sink } from '../../lib/config.ts'
import { surplusOf } from '../shares.ts'
import type { RecordPlace, StateStore, Transaction } from '../store.ts'
import { actionOf, among, emptyMemory, forget, type Memory, ofAction, remember } from './memory.ts'
import { dropPayload, readPayload, writePayload } from './payloads.ts'

/** How the outcome of a delivery begins that was given up because its sink had answered 410. */
export const SINK_DISABLED = 'the sink is disabled'

/** Nobody asks for the payload of these again. */
const NEEDS_NOTHING: ReadonlySet<DeliveryStatus> = new Set(['delivered', 'joined', 'superseded'])

/** What to report, to whichever sinks. */
export interface Message {
  readonly type: NoticeType
  readonly id: string
  readonly subject: string
  readonly notice: Notice
  /** Orders only. */
  readonly identity: string | undefined
  readonly orderSequence: number | undefined
}

export interface Deliveries {
  restore(delivery: Delivery): void
  restorePayload(tenant: string, actionId: string, place: RecordPlace): void
  /** Stages one delivery per sink; existing ones stay as they are. A new one is held if `isHeld` says so. */
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
  /** What it reports; undefined if the log no longer holds it. */
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

function update(memory: Memory, tx: Transaction, delivery: Delivery, change: Partial<Delivery>): Delivery {
  const next = { ...delivery, ...change }
  tx.put('delivery', next.id, next)
  remember(memory, next)
  return next
}

interface Making {
  readonly nowMs: number
  isHeld(sink: Sink): boolean
  /** Hears of each new one as soon as it is durable. */
  created(delivery: Delivery): void
}

function create(
  memory: Memory,
  tx: Transaction,
  message: Message,
  sinks: readonly Sink[],
  { nowMs, isHeld, created }: Making,
): void {
  const fresh = sinks
    .map((sink) => ({ id: deliveryId(message.id, sink.name), sink }))
    .filter(({ id }) => !memory.deliveries.has(id))
  if (fresh.length === 0) return
  writePayload(memory, tx, message.id, message.notice)
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
    remember(memory, delivery)
    if (delivery.status === 'pending') tx.after(() => created(delivery))
  }
}

/** Ends a delivery; dead ones can be replayed, and nothing else needs the payload again. */
function close(memory: Memory, tx: Transaction, delivery: Delivery, ending: Partial<Delivery>): Delivery {
  const next = update(memory, tx, delivery, { ...ending, next_attempt_ms: 0 })
  const isDone = ofAction(memory, delivery.action_id).every(({ status }) => NEEDS_NOTHING.has(status))
  if (isDone) dropPayload(memory, tx, delivery.action_id)
  return next
}

async function remove(memory: Memory, store: StateStore, delivery: Delivery): Promise<void> {
  const tx = store.begin(delivery.tenant)
  tx.remove('delivery', delivery.id)
  if (forget(memory, delivery)) {
    dropPayload(memory, tx, delivery.action_id)
    memory.actions.delete(delivery.action_id)
  }
  await tx.commit()
}

async function expire(memory: Memory, store: StateStore, nowMs: number): Promise<void> {
  const over = among(memory, ({ status }) => status !== 'pending' && status !== 'held')
  const old = over.filter((delivery) => delivery.closed_ms <= nowMs - LIMITS.delivery_closed_ms)
  const surplus = surplusOf(over, LIMITS.deliveries_closed_max)
  await Promise.all([...new Set([...old, ...surplus])].map((delivery) => remove(memory, store, delivery)))
}

const isMissed = ({ status, last_outcome }: Delivery): boolean =>
  status === 'dead' && last_outcome.startsWith(SINK_DISABLED)

/** Makes the deliveries' memory. `created` hears of each new one as soon as it is durable. */
export function createDeliveries(store: StateStore, created: (delivery: Delivery) => void): Deliveries {
  const memory = emptyMemory()
  return {
    restore: (delivery) => remember(memory, delivery),
    restorePayload(tenant, actionId, place) {
      actionOf(memory, tenant, actionId).place = place
    },
    create: (tx, message, sinks, nowMs, isHeld = () => false) =>
      create(memory, tx, message, sinks, { nowMs, isHeld, created }),
    get: (id) => memory.deliveries.get(id),
    update: (tx, delivery, change) => update(memory, tx, delivery, change),
    revive(tx, delivery, why, nowMs) {
      const anew = { status: 'pending', attempts: 0, next_attempt_ms: nowMs, closed_ms: 0 } as const
      return update(memory, tx, delivery, { ...anew, last_outcome: why })
    },
    close: (tx, delivery, status, outcome, nowMs) =>
      close(memory, tx, delivery, { status, closed_ms: nowMs, last_outcome: outcome }),
    ofAction: (actionId) => ofAction(memory, actionId),
    notice: (delivery) => readPayload(memory, store, delivery),
    *pending() {
      for (const delivery of memory.deliveries.values()) if (delivery.status === 'pending') yield delivery
    },
    held: () => [...memory.held].map((id) => memory.deliveries.get(id)!),
    dead: (tenant) => among(memory, (delivery) => delivery.tenant === tenant && delivery.status === 'dead'),
    missed: (sink) => among(memory, (delivery) => delivery.sink === sink && isMissed(delivery)),
    list: (tenant) => among(memory, (delivery) => delivery.tenant === tenant),
    expire: (nowMs) => expire(memory, store, nowMs),
  }
}
