/** A tenant's doors of a running service: what it may send and ask with its tokens. */
import { setTimeout as sleep } from 'node:timers/promises'

export interface Door {
  /** Sends events; answers the status, 0 where there was no answer. */
  send(body: string | Uint8Array, headers?: Record<string, string>, path?: string): Promise<number>
  /** Posts to the API. */
  post(path: string, body: unknown): Promise<number>
  /** Everything that a list holds, page after page; waits where the service asks to. */
  all(path: string): Promise<Record<string, unknown>[]>
}

export interface Tokens {
  readonly send: string
  readonly ask: string
}

const TRIES = 300
const headersOf = (token: string): Record<string, string> => ({
  authorization: `Bearer ${token}`,
  'content-type': 'application/json',
})

export function doorOf(url: string, { send, ask }: Tokens): Door {
  const status = (path: string, init: RequestInit): Promise<number> =>
    fetch(url + path, init).then(
      async (answer) => {
        await answer.arrayBuffer()
        return answer.status
      },
      () => 0,
    )
  async function page(path: string): Promise<{ items: Record<string, unknown>[]; next_cursor: string | null }> {
    for (let n = 0; ; n++) {
      const answer = await fetch(url + path, { headers: headersOf(ask) })
      const body = await answer.text()
      if (answer.ok) return JSON.parse(body)
      if (n >= TRIES || answer.status < 429) throw new Error(`GET ${path} answered ${answer.status}: ${body}`)
      await sleep(200)
    }
  }
  return {
    send: (body, headers = {}, path = '/v1/events') =>
      status(path, {
        method: 'POST',
        headers: { ...headersOf(send), ...headers },
        body: typeof body === 'string' ? body : Buffer.from(body),
      }),
    post: (path, body) => status(path, { method: 'POST', headers: headersOf(ask), body: JSON.stringify(body) }),
    async all(path) {
      const items: Record<string, unknown>[] = []
      const join = path.includes('?') ? '&' : '?'
      for (let cursor: string | null = ''; cursor !== null; ) {
        const more: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`
        const got = await page(`${path}${join}limit=1000${more}`)
        items.push(...got.items)
        cursor = got.next_cursor
      }
      return items
    },
  }
}
