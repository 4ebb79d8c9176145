/** What an attempt came to, written down: delivered, tried again, given up, or the end of its sink. */
import { counted } from '../../../schemas/counted.ts'
import type { Delivery } from '../../../schemas/delivery.ts'
import { LIMITS } from '../../../schemas/limits.ts'
import { SINK_DISABLED } from '../deliveries/index.ts'
import type { SendOutcome } from '../sinks/sink-type.ts'
import { delaysOf, isTest } from './delays.ts'
import type { DispatcherDeps } from './dispatching.ts'
import { empty, type Lane } from './lane.ts'

type Failed = Extract<SendOutcome, { kind: 'failed' }>

/** Gives a delivery up, for this reason. */
export async function kill(deps: DispatcherDeps, delivery: Delivery, reason: string): Promise<void> {
  const { store, deliveries, quarantines, clock, metrics } = deps
  // The letter first: a delivery that is dead has one.
  await deps.deadLetter(delivery, reason)
  const newest = deliveries.get(delivery.id)
  if (newest?.status !== 'pending') return
  const tx = store.begin(delivery.tenant)
  const dead = deliveries.close(tx, newest, 'dead', reason, clock.now())
  if (dead.order_sequence > 0) quarantines.onUndelivered(tx, dead, reason, clock.now())
  metrics.deliveries.inc({ outcome: 'dead' })
  await tx.commit()
}

async function markSink(
  { store, sinks, clock }: DispatcherDeps,
  name: string,
  status: 'ok' | 'failing' | 'disabled',
  detail: string,
): Promise<void> {
  const tx = store.begin('')
  sinks.mark(tx, name, status, detail, clock.now())
  await tx.commit()
}

async function settleGone(deps: DispatcherDeps, lane: Lane, delivery: Delivery, detail: string): Promise<void> {
  const { name } = lane.sink
  // Attempts that were made together are answered one by one: the first of them has told it.
  if (deps.sinks.status(name) === 'disabled') return kill(deps, delivery, `${SINK_DISABLED}: ${detail}`)
  deps.logger.error({ sink: name }, 'the sink answered 410 and is disabled: enable it by command, or change its URL')
  await markSink(deps, name, 'disabled', detail)
  await deps.tellTrouble(delivery, 'sink.disabled', detail)
  empty(lane)
  const rest = [...deps.deliveries.pending()].filter((d) => d.sink === name)
  for (const pending of rest) await kill(deps, pending, `${SINK_DISABLED}: ${detail}`)
}

async function tellFailing(deps: DispatcherDeps, delivery: Delivery, reason: string): Promise<void> {
  if (deps.sinks.status(delivery.sink) !== 'ok') return
  await markSink(deps, delivery.sink, 'failing', reason)
  await deps.tellTrouble(delivery, 'sink.failing', reason)
}

async function giveUp(deps: DispatcherDeps, delivery: Delivery, reason: string): Promise<void> {
  await kill(deps, delivery, reason)
  if (isTest(delivery)) return
  const { sink, id } = delivery
  deps.logger.error({ sink, delivery: id, outcome: reason }, 'a delivery is given up; it can be replayed')
  await tellFailing(deps, delivery, reason)
}

/** Whether a person must hear of the sink: it has failed for a while, and not once. */
const isIll = ({ attempts, created_ms }: Delivery, nowMs: number): boolean =>
  attempts >= LIMITS.sink_failing_attempts && nowMs - created_ms >= LIMITS.sink_failing_ms

async function putOff(deps: DispatcherDeps, delivery: Delivery, { detail, retryAfterMs }: Failed): Promise<Delivery> {
  const { store, deliveries, quarantines, metrics, logger } = deps
  const nowMs = deps.clock.now()
  const tx = store.begin(delivery.tenant)
  const next = deliveries.update(tx, delivery, {
    next_attempt_ms: Math.max(delivery.next_attempt_ms, nowMs + (retryAfterMs ?? 0)),
    last_outcome: detail,
  })
  if (next.order_sequence > 0) quarantines.onUndelivered(tx, next, detail, nowMs)
  await tx.commit()
  metrics.deliveries.inc({ outcome: 'failed' })
  if (isIll(next, nowMs)) await tellFailing(deps, next, detail)
  const { sink, id, attempts: attempt } = next
  logger.warn({ sink, delivery: id, attempt, outcome: detail }, 'a delivery failed; it is tried again')
  return next
}

async function settleFailed(
  deps: DispatcherDeps,
  lane: Lane,
  delivery: Delivery,
  outcome: Failed,
): Promise<Delivery | undefined> {
  const { retryAfterMs, detail } = outcome
  if (retryAfterMs !== undefined) lane.notBeforeMs = Math.max(lane.notBeforeMs, deps.clock.now() + retryAfterMs)
  if (delivery.attempts < delaysOf(deps, delivery).length) return putOff(deps, delivery, outcome)
  const when = isTest(delivery) ? '' : ` at the last of ${counted(delivery.attempts, 'attempt')}`
  await giveUp(deps, delivery, `${detail}${when}`)
  return undefined
}

async function settleDelivered(deps: DispatcherDeps, delivery: Delivery, detail: string): Promise<void> {
  const { store, deliveries, sinks, quarantines, clock } = deps
  const tx = store.begin(delivery.tenant)
  const closed = deliveries.close(tx, delivery, 'delivered', detail, clock.now())
  if (closed.order_sequence > 0) quarantines.onAcknowledged(tx, closed, clock.now())
  await tx.commit()
  if (sinks.status(delivery.sink) === 'failing') await markSink(deps, delivery.sink, 'ok', detail)
}

/** Writes down what came of an attempt; answers the delivery if it is to be tried again. */
export async function settle(
  deps: DispatcherDeps,
  lane: Lane,
  delivery: Delivery,
  outcome: SendOutcome,
): Promise<Delivery | undefined> {
  if (outcome.kind === 'failed') return settleFailed(deps, lane, delivery, outcome)
  deps.metrics.deliveries.inc({ outcome: outcome.kind })
  if (outcome.kind === 'gone') await settleGone(deps, lane, delivery, outcome.detail)
  else if (outcome.kind === 'refused') await giveUp(deps, delivery, `refused for good: ${outcome.detail}`)
  else await settleDelivered(deps, delivery, outcome.detail)
  return undefined
}
