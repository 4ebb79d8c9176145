/** The demo's side of the service: bodies into its inputs, questions to its API. */
import { createServiceClient, type ServiceClient } from '../lib/service-client.ts'
import type { Request } from './week.ts'

export interface DemoClient extends Pick<ServiceClient, 'get'> {
  /** Sends one body; resolves when the service has it durably. */
  send(path: Request['path'], body: object, history: boolean): Promise<void>
}

export interface ClientPlan {
  readonly url: string
  readonly otlpUrl: string
  readonly token: string
}

export function createClient({ url, otlpUrl, token }: ClientPlan): DemoClient {
  const service = createServiceClient(url, token)
  return {
    async send(path, body, history) {
      const base = path === '/v1/logs' ? otlpUrl : url
      const answer = await service.ask(`${base}${path}${history ? '?history=1' : ''}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
      await answer.arrayBuffer()
    },
    get: service.get,
  }
}
