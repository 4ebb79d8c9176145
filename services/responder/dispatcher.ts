/**
 * Sends deliveries when they are due. Every sink has slots and a queue of its own, so that a slow one holds up only
 * itself. The schedule lives in the log: an attempt is written down before it is made and its outcome after it, so a
 * restart between the two counts it as made and goes on with the next.
 */
import type { Delivery } from '../../schemas/delivery.ts'
import { hash32 } from '../../schemas/ids.ts'
import { LIMITS } from '../../schemas/limits.ts'
import type { Sink } from '../lib/config.ts'
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/logger.ts'
import type { Metrics } from '../lib/metrics.ts'
import { type Deliveries, SINK_DISABLED } from './deliveries.ts'
import type { Quarantines } from './quarantines/index.ts'
import type { Sinks } from './sink-states.ts'
import type { OpenSink } from './sinks/open.ts'
import type { SendOutcome } from './sinks/sink-type.ts'
import type { StateStore } from './store.ts'
import type { Timers } from './timers.ts'

export interface DispatcherDeps {
  readonly store: StateStore
  readonly deliveries: Deliveries
  readonly sinks: Sinks
  readonly quarantines: Quarantines
  readonly clock: Clock
  readonly timers: Timers
  readonly logger: Logger
  readonly metrics: Metrics
  /** Delay before each attempt, counted from the one before. */
  readonly delaysMs: readonly number[]
  /** The same for orders. */
  readonly orderDelaysMs: readonly number[]
  openSink(sink: Sink): OpenSink
  /** Keeps the dead letter; durable when it resolves. */
  deadLetter(delivery: Delivery, reason: string): Promise<void>
  /** Tells other sinks that this one is in trouble. */
  tellTrouble(delivery: Delivery, type: 'sink.disabled' | 'sink.failing', detail: string): Promise<void>
  /** The log takes no state any more: the responder must not go on. */
  onFatal(error: Error): void
}

export interface Dispatcher {
  /** Takes a pending delivery that is durable. */
  enqueue(delivery: Delivery): void
  /** Puts changed sinks in force; what waits for one that came back is taken up again. */
  reconfigure(): Promise<void>
  /** Makes waiting deliveries due at once; answers how many. */
  hurry(isMeant: (delivery: Delivery) => boolean): Promise<number>
  /** A person has opened a disabled sink: what it missed is sent; answers how many. */
  reopen(sink: string, nowMs: number): Promise<number>
  /** Sends what any sink missed that is not disabled any more, because its URL has changed. */
  resendAll(): Promise<void>
  /** Gives up deliveries of sinks that are not configured any more. */
  sweep(nowMs: number): Promise<void>
  /** Begins nothing new, waits `graceMs` for what is under way, then cuts it. */
  stop(graceMs: number): Promise<void>
}

/** One sink's slots and queue. */
interface Lane {
  readonly sink: Sink
  readonly channel: OpenSink
  /** Due, in the order in which they became so: pages, orders and other notices before findings. */
  readonly urgent: Set<string>
  readonly ready: Set<string>
  /** All that wait or are under way, by tenant: no tenant may fill a sink that serves others, too. */
  readonly held: Map<string, Set<string>>
  readonly waiting: Map<string, { cancel(): void }>
  readonly underWay: Map<string, Promise<void>>
  /** Nothing is sent before: the receiver asked for a pause. */
  notBeforeMs: number
  pause: { cancel(): void } | undefined
}

/** A person waits for it, or an agent goes on meanwhile: it does not stand behind findings. */
const isUrgent = ({ type }: Delivery): boolean => !type.startsWith('finding')

/** A person waits for the answer and asks again: it is tried once, and wakes nobody else. */
const isTest = ({ type }: Delivery): boolean => type === 'sink.test'
const AT_ONCE: readonly number[] = [0]

/** How many of a tenant's deliveries may wait for a sink when this one comes. */
function roomFor(sink: Sink, delivery: Delivery): number {
  const share = sink.tenant === '*' ? LIMITS.deliveries_pending_tenant_share : 1
  const room = Math.floor(share * LIMITS.deliveries_pending_per_sink_max)
  // Findings alone do not use up the room of what a person must hear.
  return isUrgent(delivery) ? room + LIMITS.deliveries_urgent_per_sink_max : room
}

function letGo(lane: Lane, id: string, tenant: string | undefined): void {
  if (tenant !== undefined) {
    lane.held.get(tenant)?.delete(id)
    return
  }
  // It is not kept any more, and nobody knows whose it was.
  for (const own of lane.held.values()) own.delete(id)
}

/** Nothing waits any more; what is under way goes on. */
function empty(lane: Lane): void {
  for (const { cancel } of lane.waiting.values()) cancel()
  lane.waiting.clear()
  lane.urgent.clear()
  lane.ready.clear()
  lane.held.clear()
}

/** How long after the attempt before, the jitter included: it depends on the delivery, so that a restart repeats it. */
export function delayMs(delaysMs: readonly number[], attempts: number, id: string): number {
  const base = delaysMs[Math.min(attempts, delaysMs.length - 1)] ?? 0
  return Math.round(base * (1 + LIMITS.delivery_jitter_share * (hash32(`${id}/${attempts}`) / 2 ** 32)))
}

/** Makes the dispatcher; it sends nothing until something is enqueued. */
export function createDispatcher(deps: DispatcherDeps): Dispatcher {
  const { store, deliveries, sinks, quarantines, clock, timers, logger, metrics } = deps
  const lanes = new Map<string, Lane>()
  let stopping = false
  const delaysOf = (delivery: Delivery): readonly number[] => {
    if (isTest(delivery)) return AT_ONCE
    return delivery.order_sequence > 0 ? deps.orderDelaysMs : deps.delaysMs
  }

  const laneOf = (sink: Sink): Lane => {
    const known = lanes.get(sink.name)
    if (known !== undefined) return known
    const lane: Lane = {
      sink,
      channel: deps.openSink(sink),
      urgent: new Set(),
      ready: new Set(),
      held: new Map(),
      waiting: new Map(),
      underWay: new Map(),
      notBeforeMs: 0,
      pause: undefined,
    }
    lanes.set(sink.name, lane)
    return lane
  }

  const kill = async (delivery: Delivery, reason: string): Promise<void> => {
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

  const guarded = (work: Promise<void>): Promise<void> =>
    work.catch((error: unknown) => {
      if (!stopping) deps.onFatal(error as Error)
    })

  const markSink = async (name: string, status: 'ok' | 'failing' | 'disabled', detail: string): Promise<void> => {
    const tx = store.begin('')
    sinks.mark(tx, name, status, detail, clock.now())
    await tx.commit()
  }

  const settleGone = async (lane: Lane, delivery: Delivery, detail: string): Promise<void> => {
    const { name } = lane.sink
    logger.error({ sink: name }, 'the sink answered 410 and is disabled: enable it by command, or change its URL')
    await markSink(name, 'disabled', detail)
    await deps.tellTrouble(delivery, 'sink.disabled', detail)
    empty(lane)
    const rest = [...deliveries.pending()].filter((d) => d.sink === name)
    for (const pending of rest) await kill(pending, `${SINK_DISABLED}: ${detail}`)
  }

  const tellFailing = async ({ sink: { name } }: Lane, delivery: Delivery, reason: string): Promise<void> => {
    if (sinks.status(name) !== 'ok') return
    await markSink(name, 'failing', reason)
    await deps.tellTrouble(delivery, 'sink.failing', reason)
  }

  const giveUp = async (lane: Lane, delivery: Delivery, reason: string): Promise<void> => {
    const { name } = lane.sink
    await kill(delivery, reason)
    if (isTest(delivery)) return
    logger.error({ sink: name, delivery: delivery.id, outcome: reason }, 'a delivery is given up; it can be replayed')
    await tellFailing(lane, delivery, reason)
  }

  const settleFailed = async (
    lane: Lane,
    delivery: Delivery,
    outcome: SendOutcome & { kind: 'failed' },
  ): Promise<void> => {
    const { name } = lane.sink
    const nowMs = clock.now()
    if (outcome.retryAfterMs !== undefined) lane.notBeforeMs = Math.max(lane.notBeforeMs, nowMs + outcome.retryAfterMs)
    if (delivery.attempts < delaysOf(delivery).length) {
      const tx = store.begin(delivery.tenant)
      const next = deliveries.update(tx, delivery, {
        next_attempt_ms: Math.max(delivery.next_attempt_ms, nowMs + (outcome.retryAfterMs ?? 0)),
        last_outcome: outcome.detail,
      })
      if (next.order_sequence > 0) quarantines.onUndelivered(tx, next, outcome.detail, nowMs)
      await tx.commit()
      metrics.deliveries.inc({ outcome: 'failed' })
      const isIll = next.attempts >= LIMITS.sink_failing_attempts && nowMs - next.created_ms >= LIMITS.sink_failing_ms
      if (isIll) await tellFailing(lane, next, outcome.detail)
      logger.warn(
        { sink: name, delivery: next.id, attempt: next.attempts, outcome: outcome.detail },
        'a delivery failed; it is tried again',
      )
      // A changed configuration has replaced the lane meanwhile: the next attempt belongs to the new one.
      if (lanes.get(name) === lane) schedule(lane, next)
      else enqueue(next)
      return
    }
    const when = isTest(delivery) ? '' : ` at the last of ${delivery.attempts} attempts`
    await giveUp(lane, delivery, `${outcome.detail}${when}`)
  }

  const settle = async (lane: Lane, delivery: Delivery, outcome: SendOutcome): Promise<void> => {
    if (outcome.kind === 'gone') {
      metrics.deliveries.inc({ outcome: 'gone' })
      await settleGone(lane, delivery, outcome.detail)
      return
    }
    if (outcome.kind === 'failed') {
      await settleFailed(lane, delivery, outcome)
      return
    }
    if (outcome.kind === 'refused') {
      metrics.deliveries.inc({ outcome: 'refused' })
      await giveUp(lane, delivery, `refused for good: ${outcome.detail}`)
      return
    }
    metrics.deliveries.inc({ outcome: 'delivered' })
    const tx = store.begin(delivery.tenant)
    const closed = deliveries.close(tx, delivery, 'delivered', outcome.detail, clock.now())
    if (closed.order_sequence > 0) quarantines.onAcknowledged(tx, closed, clock.now())
    await tx.commit()
    if (sinks.status(lane.sink.name) === 'failing') await markSink(lane.sink.name, 'ok', outcome.detail)
  }

  const attempt = async (lane: Lane, id: string): Promise<void> => {
    const delivery = deliveries.get(id)
    if (delivery?.status !== 'pending') return
    const nowMs = clock.now()
    const tx = store.begin(delivery.tenant)
    if (quarantines.isStale(delivery)) {
      deliveries.close(tx, delivery, 'superseded', 'a newer order for the identity has been given', nowMs)
      metrics.deliveries.inc({ outcome: 'superseded' })
      await tx.commit()
      return
    }
    const attempts = delivery.attempts + 1
    const begun = deliveries.update(tx, delivery, {
      attempts,
      next_attempt_ms: nowMs + delayMs(delaysOf(delivery), attempts, id),
      last_outcome: 'under way, or cut off by a restart',
    })
    if (begun.order_sequence > 0) quarantines.onSent(tx, begun, nowMs)
    await tx.commit()
    const notice = await deliveries.notice(begun)
    if (notice === undefined) {
      await kill(begun, 'its notice is not in the log any more')
      return
    }
    const outcome = await lane.channel.send(notice, { id, nowMs: clock.now() })
    // Cut by the stop: the attempt counts as made, and the restart goes on from what the log says.
    if (stopping && outcome.kind === 'failed') return
    const newest = deliveries.get(id)
    if (newest === undefined) return
    // It may have been given up meanwhile, because another attempt met a 410; only good news changes that.
    if (newest.status === 'pending' || outcome.kind === 'delivered') await settle(lane, newest, outcome)
  }

  const pump = (lane: Lane): void => {
    while (
      !stopping &&
      lane.urgent.size + lane.ready.size > 0 &&
      lane.underWay.size < LIMITS.delivery_concurrency_per_sink
    ) {
      const waitMs = lane.notBeforeMs - clock.now()
      if (waitMs > 0) {
        lane.pause?.cancel()
        lane.pause = timers.after(waitMs, () => pump(lane))
        return
      }
      const queue = lane.urgent.size > 0 ? lane.urgent : lane.ready
      const [id = ''] = queue
      queue.delete(id)
      const work = guarded(attempt(lane, id)).finally(() => {
        lane.underWay.delete(id)
        const delivery = deliveries.get(id)
        if (delivery?.status !== 'pending') letGo(lane, id, delivery?.tenant)
        pump(lane)
      })
      lane.underWay.set(id, work)
    }
  }

  const schedule = (lane: Lane, delivery: Delivery): void => {
    if (stopping) return
    const due = (): void => {
      lane.waiting.delete(delivery.id)
      if (isUrgent(delivery)) lane.urgent.add(delivery.id)
      else lane.ready.add(delivery.id)
      pump(lane)
    }
    const waitMs = delivery.next_attempt_ms - clock.now()
    if (waitMs <= 0) due()
    else lane.waiting.set(delivery.id, timers.after(waitMs, due))
  }

  const enqueue = (delivery: Delivery): void => {
    const sink = sinks.get(delivery.sink)
    // Without a configured sink it stays in the log until the sink comes back, or the sweep gives it up.
    if (sink === undefined || stopping) return
    const lane = laneOf(sink)
    const own = lane.held.get(delivery.tenant) ?? new Set<string>()
    if (own.has(delivery.id) || lane.underWay.has(delivery.id)) return
    if (sinks.status(sink.name) === 'disabled') {
      void guarded(kill(delivery, `${SINK_DISABLED}: it had answered 410`))
    } else if (own.size >= roomFor(sink, delivery)) {
      void guarded(kill(delivery, `${own.size} deliveries of the tenant wait for the sink already`))
    } else {
      lane.held.set(delivery.tenant, own.add(delivery.id))
      schedule(lane, delivery)
    }
  }

  const hurry = async (isMeant: (delivery: Delivery) => boolean): Promise<number> => {
    const nowMs = clock.now()
    let count = 0
    for (const lane of lanes.values()) {
      const meant = [...lane.waiting.keys()].flatMap((id) => deliveries.get(id) ?? []).filter(isMeant)
      for (const delivery of meant) {
        const tx = store.begin(delivery.tenant)
        const next = deliveries.update(tx, delivery, { next_attempt_ms: nowMs })
        await tx.commit()
        count += 1
        // Its time may have come meanwhile: then it is on its way.
        const timer = lane.waiting.get(next.id)
        if (timer === undefined) continue
        timer.cancel()
        lane.waiting.delete(next.id)
        schedule(lane, next)
      }
    }
    return count
  }

  /** Sends what a sink missed while it was disabled; answers how many. */
  const resend = async (name: string, nowMs: number): Promise<number> => {
    const missed = deliveries.missed(name)
    await Promise.all(
      missed.map(async (delivery) => {
        const tx = store.begin(delivery.tenant)
        const again = deliveries.revive(tx, delivery, 'its sink is open again', nowMs)
        tx.after(() => enqueue(again))
        await tx.commit()
      }),
    )
    return missed.length
  }
  const resendAll = async (): Promise<void> => {
    for (const { name } of sinks.all()) if (sinks.status(name) !== 'disabled') await resend(name, clock.now())
  }

  const closeLane = async (lane: Lane): Promise<void> => {
    lanes.delete(lane.sink.name)
    lane.pause?.cancel()
    empty(lane)
    await Promise.all(lane.underWay.values())
    // A stop has destroyed it.
    if (!stopping) await lane.channel.close()
  }

  return {
    enqueue,
    async reconfigure() {
      const changed = [...lanes.values()].filter((lane) => {
        const sink = sinks.get(lane.sink.name)
        return JSON.stringify(sink) !== JSON.stringify(lane.sink)
      })
      const unchanged = new Set(
        [...lanes.values()].filter((lane) => !changed.includes(lane)).map((lane) => lane.sink.name),
      )
      await Promise.all(changed.map(closeLane))
      for (const delivery of deliveries.pending()) if (!unchanged.has(delivery.sink)) enqueue(delivery)
      await resendAll()
    },
    hurry,
    reopen: async (name, nowMs) => (await resend(name, nowMs)) + (await hurry((delivery) => delivery.sink === name)),
    resendAll,
    async sweep(nowMs) {
      const orphans = [...deliveries.pending()].filter(
        (d) => sinks.get(d.sink) === undefined && d.created_ms < nowMs - LIMITS.delivery_closed_ms,
      )
      for (const orphan of orphans) await kill(orphan, 'its sink is not configured any more')
    },
    async stop(graceMs) {
      stopping = true
      const all = [...lanes.values()]
      const idle = Promise.all(all.flatMap((lane) => [...lane.underWay.values()]))
      const grace = new Promise<void>((resolve) => {
        timers.after(graceMs, resolve)
      })
      await Promise.race([idle, grace])
      await Promise.all(all.map((lane) => lane.channel.destroy()))
      await Promise.all(all.map(closeLane))
    },
  }
}
