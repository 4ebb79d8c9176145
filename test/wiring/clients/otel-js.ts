/** OpenTelemetry's own SDK for JavaScript, with its batch processor and both of its exporters. */
import { OTLPLogExporter as JsonExporter } from '@opentelemetry/exporter-logs-otlp-http'
import { OTLPLogExporter as ProtobufExporter } from '@opentelemetry/exporter-logs-otlp-proto'
import { BatchLogRecordProcessor, LoggerProvider, type LogRecordExporter } from '@opentelemetry/sdk-logs'
import { readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { batchesOf } from '../records.ts'
import type { Client } from '../wiring.ts'

const BATCH = 50
/** The exporter tries again within this time, then it drops the batch. */
const EXPORT_MS = 120_000

const packages = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
  readonly devDependencies: Readonly<Record<'@opentelemetry/sdk-logs', string>>
}

/** The exporter, and how many records it said it could not deliver. */
function counting(exporter: LogRecordExporter): { readonly exporter: LogRecordExporter; dropped(): number } {
  let dropped = 0
  return {
    dropped: () => dropped,
    exporter: {
      export(records, told) {
        exporter.export(records, (result) => {
          if (result.error !== undefined) dropped += records.length
          told(result)
        })
      },
      shutdown: () => exporter.shutdown(),
      forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
    },
  }
}

const clientOf = (encoding: string, Exporter: typeof JsonExporter | typeof ProtobufExporter): Client => ({
  name: `OpenTelemetry SDK for JavaScript, ${encoding}`,
  input: `OTLP logs, ${encoding}`,
  presence: async () => ({ ok: true, version: packages.devDependencies['@opentelemetry/sdk-logs'] }),
  async deliver({ otlpUrl, token }, records, handed) {
    const headers = { authorization: `Bearer ${token}` }
    const counted = counting(new Exporter({ url: `${otlpUrl}/v1/logs`, headers, timeoutMillis: EXPORT_MS }))
    const processor = new BatchLogRecordProcessor({
      exporter: counted.exporter,
      maxExportBatchSize: BATCH,
      maxQueueSize: records.length,
      scheduledDelayMillis: 100,
      exportTimeoutMillis: EXPORT_MS,
    })
    const provider = new LoggerProvider({ processors: [processor] })
    const logger = provider.getLogger('wiring')
    let sent = 0
    for (const batch of batchesOf(records, BATCH)) {
      for (const { timeMs, eventName, attributes } of batch) {
        logger.emit({ timestamp: new Date(timeMs), eventName, attributes: { ...attributes } })
      }
      sent += batch.length
      await wait(200)
      await handed(sent)
    }
    // They fail where the last batch did, which is counted.
    await provider.forceFlush().catch(() => undefined)
    await provider.shutdown().catch(() => undefined)
    return { dropped: counted.dropped() }
  },
})

export const otelJson = clientOf('JSON', JsonExporter)
export const otelProtobuf = clientOf('protobuf', ProtobufExporter)
