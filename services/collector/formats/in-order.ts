/**
 * Events of one request in the order in which they happened. Shippers and exporters send what several threads wrote, and a span
 * when it ends: a call stands before the text that it obeys, an answer before its question. Detectors that go by the order of
 * acts skip whatever comes behind a later event of its identity, so a request in disorder would hide what it holds.
 */
import type { Event } from '../../../schemas/event.ts'

interface Placed {
  readonly event: Event
  /** The event whose time it is placed by: its own, or the one that it came with. */
  readonly by: Event | undefined
}

/** An event whose own time is not believed stays behind the one that it came with. */
function placed(events: readonly Event[]): Placed[] {
  let by: Event | undefined
  return events.map((event) => {
    if (event.time_flag === 'ok') by = event
    return { event, by }
  })
}

function byTime({ by: a }: Placed, { by: b }: Placed): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined)
  return a.time - b.time || a.time_ns - b.time_ns
}

/** Copies of one id keep their order: the first that was sent is the event, whatever time another one claims. */
function withCopiesInTurn(sorted: readonly Event[], sent: readonly Event[]): Event[] {
  const copies = Map.groupBy(sent, ({ event_id: id }) => id)
  return sorted.map((event) => copies.get(event.event_id)?.shift() ?? event)
}

/** By time, those of one time as they were sent. */
export function inOrderOfTime(events: Event[]): Event[] {
  const places = placed(events)
  if (places.every((one, n) => n === 0 || byTime(places[n - 1] as Placed, one) <= 0)) return events
  const sorted = places.toSorted(byTime).map(({ event }) => event)
  return withCopiesInTurn(sorted, events)
}
