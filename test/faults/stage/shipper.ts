/**
 * A log shipper as it should be: sends the requests one after the other, and each again until it is answered with 200. It
 * remembers every answer, so that a fault can be asked what its sender saw.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { TOKEN } from '../../support/service.ts'
import type { Load } from './load.ts'

export interface SeenAnswer {
  /** 0: the connection ended without an answer. */
  readonly status: number
  readonly retryAfter: string | null
  readonly text: string
}

export interface Shipper {
  /** Sends until this share of the load is acknowledged, 1 being all of it. */
  sendUpTo(share: number): Promise<void>
  /** Requests that are acknowledged. */
  acknowledged(): number
  /** In the order of the attempts. */
  readonly answers: readonly SeenAnswer[]
}

const PAUSE_MS = 100
/** A sender that comes no further for so long is a fault of the system. */
const STUCK_MS_MAX = 120_000
const ANSWER_MS_MAX = 30_000

/** `everyMs`: what it waits after each request, so that a small load lasts. */
export function createShipper(url: string, { requests }: Load, everyMs = 0): Shipper {
  const answers: SeenAnswer[] = []
  let next = 0

  async function attempt({ door, body, history }: Load['requests'][number]): Promise<SeenAnswer> {
    try {
      const type = door === '/v1/events' ? 'application/x-ndjson' : 'application/json'
      const answer = await fetch(`${url}${door}`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${TOKEN}`,
          'content-type': type,
          'x-moltwatch-history': history === true ? '1' : '0',
        },
        body,
        signal: AbortSignal.timeout(ANSWER_MS_MAX),
      })
      return { status: answer.status, retryAfter: answer.headers.get('retry-after'), text: await answer.text() }
    } catch (error) {
      return { status: 0, retryAfter: null, text: (error as Error).message }
    }
  }

  async function sendOne(request: Load['requests'][number]): Promise<void> {
    const deadline = Date.now() + STUCK_MS_MAX
    for (;;) {
      const answer = await attempt(request)
      answers.push(answer)
      if (answer.status === 200) return
      const told = `answered ${answer.status}: ${answer.text}`
      if (answer.status !== 0 && answer.status !== 503) throw new Error(`a good request was ${told}`)
      if (Date.now() > deadline) throw new Error(`a request is not taken for ${STUCK_MS_MAX} ms; last ${told}`)
      await wait(PAUSE_MS)
    }
  }

  return {
    async sendUpTo(share) {
      const end = Math.round(share * requests.length)
      while (next < end) {
        await sendOne(requests[next] as Load['requests'][number])
        next++
        if (everyMs > 0) await wait(everyMs)
      }
    },
    acknowledged: () => next,
    answers,
  }
}
