/** OpenTelemetry's own SDK for JavaScript, with its batch processor and both of its exporters. */
import { OTLPLogExporter as JsonExporter } from '@opentelemetry/exporter-logs-otlp-http'
import { OTLPLogExporter as ProtobufExporter } from '@opentelemetry/exporter-logs-otlp-proto'
import { BatchLogRecordProcessor, LoggerProvider, type LogRecordExporter } from '@opentelemetry/sdk-logs'
import { readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { untilEnough } from '../../support/patience.ts'
import { batchesOf, batchSize } from '../records.ts'
import type { Client } from '../wiring.ts'

/** The exporter tries again within this time, then it drops the batch. */
const EXPORT_MS = 120_000

const packages = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
  readonly devDependencies: Readonly<Record<'@opentelemetry/sdk-logs', string>>
}

interface Counting {
  readonly exporter: LogRecordExporter
  /** Records of batches that the exporter reported as delivered. */
  delivered(): number
  /** Records of batches that the exporter reported as delivered or given up. */
  settled(): number
}

function counting(exporter: LogRecordExporter): Counting {
  let delivered = 0
  let settled = 0
  return {
    delivered: () => delivered,
    settled: () => settled,
    exporter: {
      export(records, told) {
        exporter.export(records, (result) => {
          if (result.error === undefined) delivered += records.length
          settled += records.length
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
      maxExportBatchSize: batchSize(records),
      maxQueueSize: records.length,
      scheduledDelayMillis: 100,
      exportTimeoutMillis: EXPORT_MS,
    })
    const provider = new LoggerProvider({ processors: [processor] })
    const logger = provider.getLogger('wiring')
    let sent = 0
    for (const batch of batchesOf(records, batchSize(records))) {
      for (const { timeMs, eventName, attributes } of batch) {
        logger.emit({ timestamp: new Date(timeMs), eventName, attributes: { ...attributes } })
      }
      sent += batch.length
      await wait(200)
      await handed(sent)
    }
    // An agent lives on while its queue is sent batch by batch, and so does this one. A flush is no way to wait: one that finds a
    // failed batch under way forgets the rest of the queue without a result for it (sdk-logs 3.1.0). What was never reported as
    // delivered was dropped, whether the exporter has seen it or not.
    await untilEnough(async () => counted.settled(), records.length, 2 * EXPORT_MS)
    await provider.forceFlush().catch(() => undefined)
    await provider.shutdown().catch(() => undefined)
    return { dropped: records.length - counted.delivered() }
  },
})

export const otelJson = clientOf('JSON', JsonExporter)
export const otelProtobuf = clientOf('protobuf', ProtobufExporter)
