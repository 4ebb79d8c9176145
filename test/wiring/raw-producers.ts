/** Producers that write records into the topic `raw` of a Kafka: kcat, and the OpenTelemetry Collector with its Kafka exporter. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { programPath, whyMissing } from '../support/clients.ts'
import { findCollector } from '../support/otel-collector.ts'
import { deliverToKafka } from './clients/otel-collector.ts'
import { batchesOf, batchSize, type LogRecord, otlpJson } from './records.ts'
import type { Presence } from './wiring.ts'

const TOPIC = 'raw'

export interface RawProducer {
  readonly name: string
  readonly encoding: 'JSON' | 'protobuf'
  presence(): Promise<Presence>
  /** Resolves when Kafka has acknowledged all; `handed` as that of a client. */
  produce(brokers: string, records: readonly LogRecord[], handed: (count: number) => Promise<void>): Promise<void>
}

/** What a program prints that is given `input`. Throws with its end where it does not end with 0. */
async function output(program: string, args: readonly string[], input = ''): Promise<string> {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  const gone = once(child, 'exit')
  const said = Promise.all([text(child.stdout), text(child.stderr)])
  // Whoever waits for its end hears that it is gone.
  child.stdin.on('error', () => undefined)
  child.stdin.end(input)
  const [code] = (await gone) as [number | null]
  const whole = (await said).join('')
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${whole.slice(-1_000)}`)
  return whole
}

const kcat: RawProducer = {
  name: 'kcat',
  encoding: 'JSON',
  async presence() {
    const path = programPath('kcat')
    if (path === undefined) return { ok: false, reason: whyMissing('kcat') }
    return { ok: true, version: /Version (\S+)/.exec(await output(path, ['-V']))?.[1] ?? '' }
  },
  async produce(brokers, records, handed) {
    let sent = 0
    for (const batch of batchesOf(records, batchSize(records))) {
      const lines = batch.map((record) => `${otlpJson([record])}\n`).join('')
      await output(programPath('kcat') ?? '', ['-P', '-q', '-b', brokers, '-t', TOPIC, '-X', 'acks=all'], lines)
      sent += batch.length
      await handed(sent)
    }
  },
}

const kafkaExporter: RawProducer = {
  name: 'OpenTelemetry Collector, Kafka exporter',
  encoding: 'protobuf',
  presence: async () => findCollector(),
  produce: (brokers, records, handed) => deliverToKafka({ brokers, topic: TOPIC }, records, handed),
}

export const RAW_PRODUCERS: readonly RawProducer[] = [kcat, kafkaExporter]
