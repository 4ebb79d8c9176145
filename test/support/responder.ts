/**
 * A responder on a real embedded log, for tests, with a clock that the test moves: timers fire when their time has come,
 * and real HTTP runs in between.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { encodeCommand, type Command, commandId, type CommandType } from '../../schemas/command.ts'
import { type Finding, writeFindingRecord } from '../../schemas/finding.ts'
import { H, partitionOf } from '../../schemas/ids.ts'
import { topicSpecs } from '../../schemas/topics.ts'
import { DETECTORS } from '../../detectors/registry.ts'
import { defaultConfig, type ServiceConfiguration, type Sink } from '../../services/lib/config.ts'
import type { Log } from '../../services/lib/log/port.ts'
import { createSqliteLog } from '../../services/lib/log/sqlite/index.ts'
import { createMetrics } from '../../services/lib/metrics.ts'
import { createResponder, type Responder, type ResponderOptions } from '../../services/responder/index.ts'
import type { Timers } from '../../services/responder/timers.ts'
import { PATIENCE_MS } from './patience.ts'
import { TEST_SECRET } from './webhook-receiver.ts'

export interface SimulatedTime {
  readonly clock: { now(): number }
  readonly timers: Timers
  /**
   * Moves the clock, firing what falls due on the way, in order. Real input and output goes on in between. It goes in at
   * most fifty hops, so what is due within a hop fires at its end: late, as timers may, and never early.
   */
  advance(ms: number): Promise<void>
}

/** Lets everything that is ready run, real sockets and the log's threads included. */
export const settle = (ms = 30): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms)
  })

export function simulatedTime(startMs = Date.UTC(2026, 0, 5, 12)): SimulatedTime {
  let now = startMs
  let number = 0
  const timers = new Map<number, { readonly at: number; readonly run: () => void }>()
  const next = (until: number): [number, { at: number; run: () => void }] | undefined =>
    [...timers].filter(([, t]) => t.at <= until).sort(([a, x], [b, y]) => x.at - y.at || a - b)[0]
  const fire = (id: number): void => {
    const timer = timers.get(id)
    timers.delete(id)
    timer?.run()
  }
  return {
    clock: { now: () => now },
    timers: {
      after(ms, run) {
        number += 1
        const id = number
        // What is due already does not wait for the clock to be moved once more.
        if (ms <= 0) setImmediate(() => fire(id))
        timers.set(id, { at: now + Math.max(0, ms), run })
        return { cancel: () => timers.delete(id) }
      },
    },
    async advance(ms) {
      const until = now + Math.ceil(ms)
      while (now < until) {
        const soonest = next(until)?.[1].at ?? until
        now = Math.min(until, Math.max(soonest, now + Math.ceil(ms / 50)))
        for (let due = next(now); due !== undefined; due = next(now)) fire(due[0])
        await settle(1)
      }
      await settle()
    },
  }
}

export const finding = (change: Partial<Finding> = {}): Finding => ({
  id: H('test-finding', JSON.stringify(change)),
  revision: 1,
  detector: 'lateral/recon-burst',
  version: 1,
  mode: 'live',
  severity: 'high',
  tenant: 'default',
  agent: 'agent-1',
  owner: 'owner-1',
  session: 'session-1',
  time: '2026-01-05T12:00:00.000Z',
  title: 'A burst of discovery calls',
  why: 'agent-1 listed 40 kinds of things in a minute and had never listed any.',
  observed: { calls: 40 },
  expected: { calls: 0.2 },
  surprise: 9.1,
  learned_since: '2026-01-01T00:00:00.000Z',
  techniques: ['T1580'],
  evidence: [{ event_id: H('e'), source_id: 'call-1', time: '2026-01-05T12:00:00.000Z', action: 'list', target: 'x' }],
  history: false,
  epoch: H('epoch'),
  ...change,
})

export const sinkOf = (url: string, change: Partial<Sink> = {}): Sink => ({
  name: 'siem',
  type: 'webhook',
  url,
  secret: TEST_SECRET,
  min_severity: 'low',
  allow_private: true,
  tenant: 'default',
  receives: ['findings', 'orders', 'notices'],
  ...change,
})

export interface TestBench {
  readonly log: Log
  responder: Responder
  readonly config: ServiceConfiguration
  /** `agentSince`: when its agent began, in ms since 1970; absent: nobody knows, as in records of earlier versions. */
  sendFinding(finding: Finding, agentSince?: number): Promise<void>
  sendCommand(type: CommandType, fields: object, tenant?: string): Promise<string>
  /** Stops the responder without letting it end anything, and starts another on the same log. */
  restart(change?: Partial<ResponderOptions>): Promise<Responder>
  close(): Promise<void>
}

export interface BenchOptions extends Partial<Omit<ResponderOptions, 'config'>> {
  readonly config?: Partial<ServiceConfiguration>
  readonly partitions?: number
  readonly start?: boolean
}

const realClock = { now: () => Date.now() }

/** A responder on a fresh log in a directory of its own. */
export async function testBench(options: BenchOptions = {}): Promise<TestBench> {
  const directory = await mkdtemp(join(tmpdir(), 'moltwatch-responder-'))
  const logger = options.logger ?? pino({ level: 'silent' })
  const log = await createSqliteLog({ directory, clock: realClock, logger })
  await log.ensureTopics(topicSpecs(options.partitions ?? 4))
  const config: ServiceConfiguration = { ...defaultConfig(), ...options.config }
  const { config: _config, partitions: _partitions, start, ...rest } = options
  const base = { log, clock: realClock, logger, metrics: createMetrics(), detectors: DETECTORS, ...rest }
  let commands = 0
  const bench: TestBench = {
    log,
    config,
    responder: createResponder({ ...base, config }),
    async sendFinding(value, agentSince) {
      const partition = partitionOf(value.tenant, log.partitions('findings'))
      const text =
        agentSince === undefined
          ? JSON.stringify(value)
          : writeFindingRecord(value, { foundAt: realClock.now(), agentSince })
      await log.append('findings', partition, [{ key: value.tenant, value: Buffer.from(text) }])
    },
    async sendCommand(type, fields, tenant = 'default') {
      commands += 1
      const id = commandId(tenant, type, String(commands))
      const command = { type, id, tenant, by: 'ada', time: '2026-01-05T12:00:00.000Z', ...fields } as Command
      await log.append('commands', partitionOf(tenant, log.partitions('commands')), [
        { key: tenant, value: encodeCommand(command) },
      ])
      return id
    },
    async restart(change = {}) {
      await bench.responder.stop()
      bench.responder = createResponder({ ...base, config, ...change })
      await bench.responder.start()
      return bench.responder
    },
    async close() {
      await bench.responder.stop()
      await log.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
  if (start !== false) await bench.responder.start()
  return bench
}

/** Waits until `probe` holds, looking every few milliseconds; fails with `what` where it does not in the end. */
export async function eventually(what: string, probe: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS
  while (!(await probe())) {
    if (performance.now() > deadline) throw new Error(`waited in vain for: ${what}`)
    await settle(10)
  }
}
