/** An OpenTelemetry Collector takes the OTLP sink, and leads what it has taken on to a server that keeps the records. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { findCollector, startCollector } from '../../support/otel-collector.ts'
import { startProxy } from '../proxy.ts'
import type { Receiver } from './receiver.ts'

interface ExportLogs {
  readonly resourceLogs: readonly { readonly scopeLogs: readonly { readonly logRecords: readonly object[] }[] }[]
}

export const otelCollector: Receiver = {
  type: 'otlp',
  name: 'OpenTelemetry Collector',
  acknowledges: true,
  presence: async () => findCollector(),
  async start() {
    const taken: string[] = []
    const server = createServer((request, response) => {
      void text(request).then((body) => {
        const { resourceLogs } = JSON.parse(body) as ExportLogs
        const records = resourceLogs.flatMap(({ scopeLogs }) => scopeLogs.flatMap(({ logRecords }) => logRecords))
        taken.push(...records.map((record) => JSON.stringify(record)))
        response.setHeader('content-type', 'application/json').end('{}')
      })
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const otlp_http = { endpoint: `http://127.0.0.1:${port}`, encoding: 'json', compression: 'none' }
    const collector = await startCollector({ otlp_http })
    const proxy = await startProxy(collector.port)
    return {
      settings: { url: `http://127.0.0.1:${proxy.port}`, allow_private: true },
      mood: proxy.mood,
      taken: async () => taken,
      async stop() {
        await proxy.close()
        await collector.stop()
        server.close()
      },
    }
  },
}
