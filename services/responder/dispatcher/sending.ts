/** How deliveries come into their lane, wait for their time and are tried, a few of each sink at once. */
import { counted } from '../../../schemas/counted.ts'
import type { Delivery } from '../../../schemas/delivery.ts'
import { LIMITS } from '../../../schemas/limits.ts'
import type { Sink } from '../../lib/config.ts'
import { SINK_DISABLED } from '../deliveries/index.ts'
import { delayMs, delaysOf } from './delays.ts'
import { type Dispatching, guarded } from './dispatching.ts'
import { hasDue, type Lane, letGo, makeDue, newLane, roomFor, takeDue } from './lane.ts'
import { kill, settle } from './outcomes.ts'

/** Writes down that an attempt begins; undefined where the order is overtaken, which ends the delivery. */
async function begin({ deps }: Dispatching, delivery: Delivery): Promise<Delivery | undefined> {
  const { store, deliveries, quarantines, metrics } = deps
  const nowMs = deps.clock.now()
  const tx = store.begin(delivery.tenant)
  if (quarantines.isStale(delivery)) {
    deliveries.close(tx, delivery, 'superseded', 'a newer order for the identity has been given', nowMs)
    metrics.deliveries.inc({ outcome: 'superseded' })
    await tx.commit()
    return undefined
  }
  const attempts = delivery.attempts + 1
  const begun = deliveries.update(tx, delivery, {
    attempts,
    next_attempt_ms: nowMs + delayMs(delaysOf(deps, delivery), attempts, delivery.id),
    last_outcome: 'under way, or cut off by a restart',
  })
  if (begun.order_sequence > 0) quarantines.onSent(tx, begun, nowMs)
  await tx.commit()
  return begun
}

async function attempt(dispatching: Dispatching, lane: Lane, id: string): Promise<void> {
  const { deps } = dispatching
  const delivery = deps.deliveries.get(id)
  if (delivery?.status !== 'pending') return
  const begun = await begin(dispatching, delivery)
  if (begun === undefined) return
  const notice = await deps.deliveries.notice(begun)
  if (notice === undefined) return kill(deps, begun, 'its notice is not in the log any more')
  const told = lane.channel.tellsWords ? await deps.withWords(notice) : notice
  const outcome = await lane.channel.send(told, { id, nowMs: deps.clock.now() })
  // Aborted by the stop: the attempt counts as made, and the restart continues from the log.
  if (dispatching.stopping && outcome.kind === 'failed') return
  const newest = deps.deliveries.get(id)
  if (newest === undefined) return
  // It may have been given up meanwhile, because another attempt met a 410; only good news changes that.
  if (newest.status !== 'pending' && outcome.kind !== 'delivered') return
  const again = await settle(deps, lane, newest, outcome)
  if (again === undefined) return
  // A changed configuration has replaced the lane meanwhile: the next attempt belongs to the new one.
  if (dispatching.lanes.get(lane.sink.name) === lane) schedule(dispatching, lane, again)
  else enqueue(dispatching, again)
}

/** Attempts what is due, as far as slots are free and the receiver has not asked for a pause. */
function pump(dispatching: Dispatching, lane: Lane): void {
  const { deliveries, clock, timers } = dispatching.deps
  while (!dispatching.stopping && hasDue(lane) && lane.underWay.size < LIMITS.delivery_concurrency_per_sink) {
    const waitMs = lane.notBeforeMs - clock.now()
    if (waitMs > 0) {
      lane.pause?.cancel()
      lane.pause = timers.after(waitMs, () => pump(dispatching, lane))
      return
    }
    const id = takeDue(lane)
    const work = guarded(dispatching, attempt(dispatching, lane, id)).finally(() => {
      lane.underWay.delete(id)
      const delivery = deliveries.get(id)
      if (delivery?.status !== 'pending') letGo(lane, id, delivery?.tenant)
      pump(dispatching, lane)
    })
    lane.underWay.set(id, work)
  }
}

/** Tries the delivery at its time. */
export function schedule(dispatching: Dispatching, lane: Lane, delivery: Delivery): void {
  if (dispatching.stopping) return
  const { clock, timers } = dispatching.deps
  const due = (): void => {
    lane.waiting.delete(delivery.id)
    makeDue(lane, delivery)
    pump(dispatching, lane)
  }
  const waitMs = delivery.next_attempt_ms - clock.now()
  if (waitMs <= 0) due()
  else lane.waiting.set(delivery.id, timers.after(waitMs, due))
}

function laneOf({ lanes, deps }: Dispatching, sink: Sink): Lane {
  const known = lanes.get(sink.name)
  if (known !== undefined) return known
  const lane = newLane(sink, deps.openSink(sink))
  lanes.set(sink.name, lane)
  return lane
}

/** Takes a pending delivery that is durable. */
export function enqueue(dispatching: Dispatching, delivery: Delivery): void {
  const { deps, stopping } = dispatching
  const sink = deps.sinks.get(delivery.sink)
  // Without a configured sink it stays in the log until the sink comes back, or the sweep gives it up.
  if (sink === undefined || stopping) return
  const lane = laneOf(dispatching, sink)
  const own = lane.held.get(delivery.tenant) ?? new Set<string>()
  if (own.has(delivery.id) || lane.underWay.has(delivery.id)) return
  if (deps.sinks.status(sink.name) === 'disabled') {
    void guarded(dispatching, kill(deps, delivery, `${SINK_DISABLED}: it had answered 410`))
  } else if (own.size >= roomFor(lane, delivery)) {
    void guarded(
      dispatching,
      kill(deps, delivery, `${counted(own.size, 'delivery', 'deliveries')} of the tenant wait for the sink already`),
    )
  } else {
    lane.held.set(delivery.tenant, own.add(delivery.id))
    schedule(dispatching, lane, delivery)
  }
}
