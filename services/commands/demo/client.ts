/** The demo's side of the service: bodies into its doors, questions to its API. */
import { createServiceClient, type ServiceClient } from '../lib/service-client.ts'
import type { Request } from './week.ts'

export interface DemoClient extends Pick<ServiceClient, 'get'> {
  /** Sends one body; resolves when the service has it durably. */
  send(door: Request['door'], body: object, history: boolean): Promise<void>
}

export interface ClientPlan {
  readonly url: string
  readonly otlpUrl: string
  readonly token: string
}

export function createClient({ url, otlpUrl, token }: ClientPlan): DemoClient {
  const service = createServiceClient(url, token)
  return {
    async send(door, body, history) {
      const base = door === '/v1/logs' ? otlpUrl : url
      const answer = await service.ask(`${base}${door}${history ? '?history=1' : ''}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
      await answer.arrayBuffer()
    },
    get: service.get,
  }
}
