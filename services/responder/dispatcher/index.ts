/**
 * Sends deliveries when they are due. Every sink has its own slots and queue, so a slow one delays only itself. The
 * schedule is in the log: an attempt is written before it is made and its outcome after it. A restart in between counts
 * it as made and continues with the next.
 */
import type { Delivery } from '../../../schemas/delivery.ts'
import { LIMITS } from '../../../schemas/limits.ts'
import type { DispatcherDeps, Dispatching } from './dispatching.ts'
import { empty, type Lane } from './lane.ts'
import { kill } from './outcomes.ts'
import { enqueue, schedule } from './sending.ts'

export interface Dispatcher {
  /** Takes a pending delivery that is durable. */
  enqueue(delivery: Delivery): void
  /** Puts changed sinks in force; what waits for one that came back is resumed. */
  reconfigure(): Promise<void>
  /** Makes waiting deliveries due at once; answers how many. */
  hurry(isMeant: (delivery: Delivery) => boolean): Promise<number>
  /** A person has opened a disabled sink: what it missed is sent; answers how many. */
  reopen(sink: string, nowMs: number): Promise<number>
  /** Sends what any sink missed that is not disabled any more, because its URL has changed. */
  resendAll(): Promise<void>
  /** Gives up deliveries of sinks that are not configured any more. */
  sweep(nowMs: number): Promise<void>
  /** Starts nothing new, waits `graceMs` for what is in progress, then aborts it. */
  stop(graceMs: number): Promise<void>
}

async function hurry(dispatching: Dispatching, isMeant: (delivery: Delivery) => boolean): Promise<number> {
  const { store, deliveries, clock } = dispatching.deps
  const nowMs = clock.now()
  let count = 0
  for (const lane of dispatching.lanes.values()) {
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
      schedule(dispatching, lane, next)
    }
  }
  return count
}

/** Sends what a sink missed while it was disabled; answers how many. */
async function resend(dispatching: Dispatching, name: string, nowMs: number): Promise<number> {
  const { store, deliveries } = dispatching.deps
  const missed = deliveries.missed(name)
  await Promise.all(
    missed.map(async (delivery) => {
      const tx = store.begin(delivery.tenant)
      const again = deliveries.revive(tx, delivery, 'its sink is open again', nowMs)
      tx.after(() => enqueue(dispatching, again))
      await tx.commit()
    }),
  )
  return missed.length
}

async function resendAll(dispatching: Dispatching): Promise<void> {
  const { sinks, clock } = dispatching.deps
  for (const { name } of sinks.all()) {
    if (sinks.status(name) !== 'disabled') await resend(dispatching, name, clock.now())
  }
}

async function closeLane(dispatching: Dispatching, lane: Lane): Promise<void> {
  dispatching.lanes.delete(lane.sink.name)
  lane.pause?.cancel()
  empty(lane)
  await Promise.all(lane.underWay.values())
  // A stop has destroyed it.
  if (!dispatching.stopping) await lane.channel.close()
}

async function reconfigure(dispatching: Dispatching): Promise<void> {
  const { sinks, deliveries } = dispatching.deps
  const isUnchanged = ({ sink }: Lane): boolean => JSON.stringify(sinks.get(sink.name)) === JSON.stringify(sink)
  const lanes = [...dispatching.lanes.values()]
  const unchanged = new Set(lanes.filter(isUnchanged).map(({ sink }) => sink.name))
  const changed = lanes.filter(({ sink }) => !unchanged.has(sink.name))
  await Promise.all(changed.map((lane) => closeLane(dispatching, lane)))
  for (const delivery of deliveries.pending()) if (!unchanged.has(delivery.sink)) enqueue(dispatching, delivery)
  await resendAll(dispatching)
}

async function sweep({ deps }: Dispatching, nowMs: number): Promise<void> {
  const { deliveries, sinks } = deps
  const isOrphan = ({ sink, created_ms }: Delivery): boolean =>
    sinks.get(sink) === undefined && created_ms < nowMs - LIMITS.delivery_closed_ms
  const orphans = [...deliveries.pending()].filter(isOrphan)
  for (const orphan of orphans) await kill(deps, orphan, 'its sink is not configured any more')
}

async function stop(dispatching: Dispatching, graceMs: number): Promise<void> {
  dispatching.stopping = true
  const lanes = [...dispatching.lanes.values()]
  const idle = Promise.all(lanes.flatMap((lane) => [...lane.underWay.values()]))
  const grace = new Promise<void>((resolve) => {
    dispatching.deps.timers.after(graceMs, resolve)
  })
  await Promise.race([idle, grace])
  await Promise.all(lanes.map((lane) => lane.channel.destroy()))
  await Promise.all(lanes.map((lane) => closeLane(dispatching, lane)))
}

/** Makes the dispatcher; it sends nothing until something is enqueued. */
export function createDispatcher(deps: DispatcherDeps): Dispatcher {
  const dispatching: Dispatching = { deps, lanes: new Map(), stopping: false }
  return {
    enqueue: (delivery) => enqueue(dispatching, delivery),
    reconfigure: () => reconfigure(dispatching),
    hurry: (isMeant) => hurry(dispatching, isMeant),
    async reopen(name, nowMs) {
      const missed = await resend(dispatching, name, nowMs)
      return missed + (await hurry(dispatching, (delivery) => delivery.sink === name))
    },
    resendAll: () => resendAll(dispatching),
    sweep: (nowMs) => sweep(dispatching, nowMs),
    stop: (graceMs) => stop(dispatching, graceMs),
  }
}
