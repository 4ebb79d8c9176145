/**
 * `npm run bench:processes -- [--file FILE.otlp.ndjson.gz] [--json]`: the system as separate processes on a real Apache
 * Kafka and on ClickHouse over HTTP, against the embedded service, in one run and with the same load: events a second and
 * what they cost each process, what each process costs while nothing happens, and how long a finding takes. Everything
 * runs on loopback in processes of its own and ends with this one. Exits 1 where something was lost or other things were
 * found than `replay` finds.
 *
 *   --senders 32       connections that send at once
 *   --idle 20          seconds of each idle measurement
 *   --requests 100     of each trickle that latency is measured with; 5 a second
 *   --only embedded    or separate, or backlog: leaves out the others
 *   --profile DIR      writes CPU profiles of every service there, one for each thread; figures are a little worse then
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { toolOptions } from '../../scripts/tool-options.ts'
import { startWebhookReceiver, type WebhookReceiver } from '../support/webhook-receiver.ts'
import { describeMachine } from './lib/machine.ts'
import { measureIdle } from './processes/figures.ts'
import { type Latency, measureLatency, type Trickle } from './processes/latency.ts'
import { type Load, openLoad } from './processes/load.ts'
import { type BacklogReport, printReport, type Report, type SystemReport } from './processes/report.ts'
import { createRoom, ready, type Room, type System } from './processes/room.ts'
import { measureBacklog, measureIntake, measureThroughput } from './processes/throughput.ts'

const PER_SECOND = 5
/** Before a process counts as idle. */
const SETTLE_MS = 5_000
/** No run takes longer: then something hangs, and the guards end the rest. */
const RUN_MS_MAX = 30 * 60_000

const { values } = toolOptions(import.meta.url, {
  options: {
    file: { type: 'string' },
    json: { type: 'boolean', default: false },
    senders: { type: 'string', default: '32' },
    idle: { type: 'string', default: '20' },
    requests: { type: 'string', default: '100' },
    only: { type: 'string' },
    profile: { type: 'string' },
  },
})
const senders = Number(values.senders)
const idleSeconds = Number(values.idle)
const requests = Number(values.requests)
if (![senders, idleSeconds, requests].every((number) => number >= 1)) {
  console.error('--senders, --idle and --requests take a number from 1')
  process.exit(2)
}

const say = (what: string): void => void process.stderr.write(`${what}\n`)

async function latencies(system: System, receiver: WebhookReceiver, name: string): Promise<Latency[]> {
  const trickle: Trickle = { name, requests, perSecond: PER_SECOND }
  const measured: Latency[] = []
  for (const stage of ['one', 'two'] as const) {
    say(`  a trickle for stage ${stage}`)
    measured.push(await measureLatency(system, receiver, stage, trickle))
  }
  return measured
}

/** What is the same for both systems. */
async function measureSystem(system: System, load: Load): Promise<Omit<SystemReport, 'mode' | 'latency'>> {
  say('  idle, empty')
  await sleep(SETTLE_MS)
  const idle = await measureIdle(system, idleSeconds)
  say('  the load')
  const throughput = await measureThroughput(system, load, senders)
  say('  idle, with open windows')
  await sleep(SETTLE_MS)
  return { idle, throughput, idle_open_windows: await measureIdle(system, idleSeconds) }
}

async function measureEmbedded(room: Room, receiver: WebhookReceiver, load: Load): Promise<SystemReport> {
  say('the embedded service')
  const system = await room.embedded()
  const measured = await measureSystem(system, load)
  return { mode: system.mode, ...measured, latency: [{ detectors: 1, of: await latencies(system, receiver, 'first') }] }
}

async function measureSeparate(room: Room, receiver: WebhookReceiver, load: Load): Promise<SystemReport> {
  say('separate processes')
  const system = await room.separate()
  for (const role of ['responder', 'collector', 'detector', 'archiver', 'api'] as const) await system.start(role)
  await ready(system.services)
  const measured = await measureSystem(system, load)
  const one = await latencies(system, receiver, 'first')
  say('  a second detector')
  await ready([await system.start('detector')])
  await sleep(SETTLE_MS)
  const two = await latencies(system, receiver, 'second')
  return {
    mode: system.mode,
    ...measured,
    latency: [
      { detectors: 1, of: one },
      { detectors: 2, of: two },
    ],
  }
}

/** One process after the other: what it takes in while nobody disturbs it. */
async function measureAlone(room: Room, load: Load): Promise<BacklogReport> {
  say('one process after the other')
  const system = await room.separate()
  for (const role of ['responder', 'collector'] as const) await system.start(role)
  await ready(system.services)
  say('  the collector')
  const intake = await measureIntake(system, load, senders)
  const engines = system.parts().filter(({ name }) => name === 'Kafka' || name === 'ClickHouse')
  say('  the detector')
  const processed = { metric: 'events_processed_total', label: 'stage="one"' }
  const detector = await measureBacklog(() => system.start('detector'), engines, processed, load.events)
  await system.stop('detector')
  say('  the archiver')
  const archived = { metric: 'archived_rows_total', label: 'table="events"' }
  const archiver = await measureBacklog(() => system.start('archiver'), engines, archived, load.events)
  return { intake, backlogs: [detector, archiver] }
}

async function measure(): Promise<Report> {
  const receiver = await startWebhookReceiver()
  const { url, secret } = receiver
  const room = createRoom({ profile: values.profile, sink: { url, secret } })
  const wanted = (what: string): boolean => values.only === undefined || values.only === what
  const systems: SystemReport[] = []
  let alone: BacklogReport | undefined
  try {
    say('what replay makes of the load')
    const load = await openLoad(values.file)
    const steps = [
      ['backlog', async () => void (alone = await measureAlone(room, load))],
      ['embedded', async () => void systems.push(await measureEmbedded(room, receiver, load))],
      ['separate', async () => void systems.push(await measureSeparate(room, receiver, load))],
    ] as const
    for (const [name, step] of steps) {
      if (!wanted(name)) continue
      await step()
      await room.clear()
    }
    const { name, bodies, events, findings } = load
    return {
      machine: describeMachine(),
      load: { name, requests: bodies.length, events, findings: findings.length, senders },
      alone,
      systems,
    }
  } finally {
    await room.clear()
    await receiver.close()
  }
}

const patience = setTimeout(() => {
  say(`ended after ${RUN_MS_MAX / 60_000} minutes: something hangs`)
  process.exit(1)
}, RUN_MS_MAX)
const report = await measure()
clearTimeout(patience)
if (values.json) console.log(JSON.stringify(report))
else printReport(report)
