/** The demo's side of the service's HTTP doors. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { UsageError } from '../lib/errors.ts'
import type { Request } from './week.ts'

export interface DemoClient {
  /** Sends one body; resolves when the service has it durably. */
  send(door: Request['door'], body: object, history: boolean): Promise<void>
  get<T>(path: string): Promise<T>
}

export interface ClientPlan {
  readonly url: string
  readonly otlpUrl: string
  readonly token: string
}

/** The token handed in, or the one that the service left in its data directory. */
export async function demoToken(data: string, given: string | undefined): Promise<string> {
  if (given !== undefined) return given
  const file = join(data, 'admin-token')
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch {
    throw new UsageError(
      `${file} cannot be read: start the service first (npm start), or name its directory with --data`,
    )
  }
}

export function createClient({ url, otlpUrl, token }: ClientPlan): DemoClient {
  const headers = { authorization: `Bearer ${token}` }
  const ask = async (address: string, init: RequestInit): Promise<Response> => {
    let answer: Response
    try {
      answer = await fetch(address, init)
    } catch {
      throw new UsageError(`nothing answers at ${address}: start the service first (npm start)`)
    }
    if (!answer.ok) throw new UsageError(`${address} answered ${answer.status}: ${(await answer.text()).slice(0, 300)}`)
    return answer
  }
  return {
    async send(door, body, history) {
      const base = door === '/v1/logs' ? otlpUrl : url
      const answer = await ask(`${base}${door}${history ? '?history=1' : ''}`, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
      await answer.arrayBuffer()
    },
    get: async <T>(path: string) => (await (await ask(`${url}${path}`, { headers })).json()) as T,
  }
}
