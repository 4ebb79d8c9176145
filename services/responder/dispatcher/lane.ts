/** One sink's slots and queue, so that a slow sink holds up only itself. */
import type { Delivery } from '../../../schemas/delivery.ts'
import { LIMITS } from '../../../schemas/limits.ts'
import type { Sink } from '../../lib/config.ts'
import type { OpenSink } from '../sinks/open.ts'

export interface Lane {
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

export const newLane = (sink: Sink, channel: OpenSink): Lane => ({
  sink,
  channel,
  urgent: new Set(),
  ready: new Set(),
  held: new Map(),
  waiting: new Map(),
  underWay: new Map(),
  notBeforeMs: 0,
  pause: undefined,
})

/** A person waits for it, or an agent continues meanwhile: it does not queue behind findings. */
const isUrgent = ({ type }: Delivery): boolean => !type.startsWith('finding')

/** The delivery is due now. */
export function makeDue(lane: Lane, delivery: Delivery): void {
  if (isUrgent(delivery)) lane.urgent.add(delivery.id)
  else lane.ready.add(delivery.id)
}

export const hasDue = ({ urgent, ready }: Lane): boolean => urgent.size + ready.size > 0

/** Takes the next one that is due out of the queue; there is one. */
export function takeDue({ urgent, ready }: Lane): string {
  const queue = urgent.size > 0 ? urgent : ready
  const [id = ''] = queue
  queue.delete(id)
  return id
}

/** How many of a tenant's deliveries may wait for a sink when this one comes. */
export function roomFor({ sink }: Lane, delivery: Delivery): number {
  const share = sink.tenant === '*' ? LIMITS.deliveries_pending_tenant_share : 1
  const room = Math.floor(share * LIMITS.deliveries_pending_per_sink_max)
  // Findings alone do not use up the room of what a person must hear.
  return isUrgent(delivery) ? room + LIMITS.deliveries_urgent_per_sink_max : room
}

export function letGo(lane: Lane, id: string, tenant: string | undefined): void {
  if (tenant !== undefined) {
    lane.held.get(tenant)?.delete(id)
    return
  }
  // It is not kept any more, and nobody knows whose it was.
  for (const own of lane.held.values()) own.delete(id)
}

/** Drops what waits; what is in progress continues. */
export function empty(lane: Lane): void {
  for (const { cancel } of lane.waiting.values()) cancel()
  lane.waiting.clear()
  lane.urgent.clear()
  lane.ready.clear()
  lane.held.clear()
}
