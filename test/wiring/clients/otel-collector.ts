/** The OpenTelemetry Collector: it takes OTLP over HTTP, keeps it in its queue, and delivers it over HTTP or into Kafka until it is taken. */
import { setTimeout as wait } from 'node:timers/promises'
import { findCollector, startCollector } from '../../support/otel-collector.ts'
import { untilEnough } from '../../support/patience.ts'
import { batchesOf, batchSize, bodyOf, type LogRecord } from '../records.ts'
import type { Client } from '../wiring.ts'

/** Whatever happens it is kept and tried again. */
const PATIENT = {
  retry_on_failure: { enabled: true, initial_interval: '500ms', max_interval: '2s', max_elapsed_time: '0s' },
  sending_queue: { enabled: true, queue_size: 100_000, block_on_overflow: true },
}

type Kind = 'logs' | 'spans'

/** Gives the Collector the records over OTLP in JSON; resolves when its exporter says that all were taken. */
async function deliverThrough(
  exporters: Readonly<Record<string, object>>,
  kind: Kind,
  records: readonly LogRecord[],
  handed: (count: number) => Promise<void>,
): Promise<void> {
  const collector = await startCollector(exporters)
  const url = `${collector.url}/v1/${kind === 'logs' ? 'logs' : 'traces'}`
  const headers = { 'content-type': 'application/json' }
  try {
    let given = 0
    for (const batch of batchesOf(records, batchSize(records))) {
      while (!(await fetch(url, { method: 'POST', headers, body: bodyOf(batch, kind) })).ok) await wait(100)
      given += batch.length
      await handed(given)
    }
    const name = `otelcol_exporter_sent_${kind === 'logs' ? 'log_records' : 'spans'}`
    const sent = await untilEnough(() => collector.counter(name), records.length)
    if (sent < records.length)
      throw new Error(`of ${records.length} the Collector has sent ${sent}, and sends nothing more`)
  } finally {
    await collector.stop()
  }
}

/** The same by its Kafka exporter, in its default encoding. */
export const deliverToKafka = (
  { brokers, topic }: { readonly brokers: string; readonly topic: string },
  records: readonly LogRecord[],
  handed: (count: number) => Promise<void>,
): Promise<void> => {
  const kafka = { brokers: brokers.split(','), logs: { topic, encoding: 'otlp_proto' }, ...PATIENT }
  return deliverThrough({ kafka }, 'logs', records, handed)
}

const clientOf = (kind: Kind): Client => ({
  name: `OpenTelemetry Collector, ${kind}`,
  input: kind === 'logs' ? 'OTLP logs, protobuf' : 'OTLP traces, protobuf',
  sends: kind,
  presence: async () => findCollector(),
  async deliver({ otlpUrl, token }, records, handed) {
    const otlp_http = { endpoint: otlpUrl, headers: { authorization: `Bearer ${token}` }, ...PATIENT }
    await deliverThrough({ otlp_http }, kind, records, handed)
    return { dropped: 0 }
  },
})

export const collectorLogs = clientOf('logs')
export const collectorSpans = clientOf('spans')
