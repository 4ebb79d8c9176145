/**
 * Real receivers of sinks: each hears a finding, its page, its second revision, its triage and its closing from a real responder,
 * through a proxy that refuses, stalls and comes back.
 */
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { KAFKA_VERSION } from '../../../infra/local/kafka-jars.ts'
import * as kafka from '../../conformance/sinks/kafka.ts'
import { type ReceiverModule, setMood } from '../../conformance/sinks/receiver.ts'
import * as smtp from '../../conformance/sinks/smtp.ts'
import { PATIENCE_MS, untilEnough } from '../../support/patience.ts'
import { freePort } from '../../support/service.ts'
import { completeSink, lifeOf, liveThrough } from '../../support/sink-life.ts'
import type { Row } from '../wiring.ts'
import { otelCollector } from './otel-collector.ts'
import { type Receiver, startDaemon, versionOf } from './receiver.ts'
import { SYSLOG_RECEIVERS } from './syslog.ts'

/** What a receiver that acknowledges nothing has not written after so long is lost. */
const UNHEARD_MS = 20_000

const alertmanager: Receiver = {
  type: 'alertmanager',
  name: 'Prometheus Alertmanager',
  acknowledges: true,
  presence: () => versionOf('prometheus-alertmanager', /version ([0-9.]+)/),
  async start() {
    const directory = await mkdtemp(join(tmpdir(), 'moltwatch-alertmanager-'))
    const port = await freePort()
    const config = join(directory, 'config.yaml')
    await writeFile(config, 'route: { receiver: none }\nreceivers: [{ name: none }]\n')
    const args = ['--cluster.listen-address=', `--config.file=${config}`, `--storage.path=${directory}`]
    const listen = `--web.listen-address=127.0.0.1:${port}`
    const daemon = await startDaemon('prometheus-alertmanager', [...args, listen], port, directory)
    return {
      settings: { url: `http://127.0.0.1:${daemon.proxy.port}`, allow_private: true },
      mood: daemon.proxy.mood,
      async taken() {
        const text = await fetch(`http://127.0.0.1:${port}/metrics`).then((answer) => answer.text())
        const counts = [...text.matchAll(/^alertmanager_alerts_received_total\{.*version="v2"\} (\d+)$/gm)]
        const count = counts.reduce((sum, [, number]) => sum + Number(number), 0)
        return Array.from({ length: count }, (_, i) => String(i))
      },
      stop: daemon.stop,
    }
  },
}

/** One that the conformance suite starts, too. */
const ofSuite = (type: string, name: string, version: string, module: ReceiverModule): Receiver => ({
  type,
  name,
  acknowledges: true,
  async presence() {
    const reason = await module.whyAway?.()
    return reason === undefined ? { ok: true, version } : { ok: false, reason }
  },
  async start() {
    const at = await module.startReceiver()
    return {
      settings: at.settings,
      mood: (mood) => setMood(at, mood),
      taken: async () => [...at.taken.map(({ text }) => text), ...at.problems.map((problem) => `wrong: ${problem}`)],
      stop: at.close,
    }
  },
})

export const RECEIVERS: readonly Receiver[] = [
  ...SYSLOG_RECEIVERS,
  otelCollector,
  alertmanager,
  ofSuite('smtp', 'smtp-server', '3.21.6', smtp),
  ofSuite('kafka', 'Apache Kafka', KAFKA_VERSION, kafka),
]

/** Lets a receiver hear a matter; where it is not there, `left` says why. */
export async function receive(receiver: Receiver): Promise<Row | { readonly left: string }> {
  const { type, name, acknowledges, unread = 0, presence, start } = receiver
  const there = await presence()
  if (!there.ok) return { left: there.reason }
  const at = await start()
  try {
    const heard = (count: number): Promise<number> =>
      untilEnough(async () => (await at.taken()).length, count, acknowledges ? PATIENCE_MS : UNHEARD_MS)
    const { failures } = await liveThrough(completeSink(type, at.settings), async (mood, delivered) => {
      // Where nothing is acknowledged, what stands in a connection when it is cut is lost, and nobody hears of it.
      if (!acknowledges) await heard(delivered)
      await at.mood(mood)
    })
    const told = lifeOf(type).length
    await heard(told - unread)
    const taken = await at.taken()
    const distinct = new Set(taken).size
    return {
      what: `sink ${type}`,
      client: name,
      version: there.version,
      records: told,
      stored: distinct,
      lost: Math.max(0, told - distinct) + taken.filter((text) => text.startsWith('wrong: ')).length,
      dropped: 0,
      merged: taken.length - distinct,
      acknowledged: acknowledges,
      note: `refused and stalled, ${failures} attempts in vain${acknowledges ? '' : '; acknowledges nothing'}`,
    }
  } finally {
    await at.stop()
  }
}
