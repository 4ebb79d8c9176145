/**
 * What comes in while people ask: the life of another company, posted to the running service without a pause by a few
 * senders, and how fast the detectors take it.
 */
import { createSender } from '../processes/load.ts'
import { companyLife } from './month.ts'

const EVENTS_A_BODY = 100
const SENDERS = 4
/** How much of that life is prepared: sent again and again under new ids. */
const BODIES_MAX = 200
const METRIC = /^moltwatch_events_processed_total\{[^}]*stage="one"[^}]*\} (\d+)/m

export interface Stream {
  /** Events that stage one of the detectors has taken since the start. */
  taken(): Promise<number>
  /** Ends the senders; throws what went wrong with one of them. */
  stop(): Promise<void>
}

function bodiesOf(now: number): (readonly object[])[] {
  const bodies: object[][] = []
  let body: object[] = []
  for (const { event } of companyLife(2, now, 3, 200)) {
    body.push(event)
    if (body.length < EVENTS_A_BODY) continue
    bodies.push(body)
    body = []
    if (bodies.length === BODIES_MAX) break
  }
  return bodies
}

/** Begins to send to the service at `url`. */
export function startStream(url: string, now: number): Stream {
  const bodies = bodiesOf(now)
  const sender = createSender(SENDERS)
  let stopped = false
  let round = 0
  const send = async (first: number): Promise<void> => {
    for (let n = first; !stopped; n += SENDERS) {
      round = Math.floor(n / bodies.length)
      const events = (bodies[n % bodies.length] ?? []).map((event) => ({
        ...event,
        id: `${String((event as { id?: unknown }).id)}-${round}`,
        time: Date.now(),
      }))
      await sender.post(`${url}/v1/events`, Buffer.from(JSON.stringify(events)))
    }
  }
  const sending = Promise.all(Array.from({ length: SENDERS }, (_, n) => send(n)))
  // A fault of a sender is told by stop().
  sending.catch(() => undefined)
  return {
    async taken() {
      const page = await (await fetch(`${url}/metrics`)).text()
      const found = METRIC.exec(page)
      if (found === null) throw new Error('the service does not say how many events the detectors have taken')
      return Number(found[1])
    },
    async stop() {
      stopped = true
      await sending
      sender.close()
    },
  }
}
