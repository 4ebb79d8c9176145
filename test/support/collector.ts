/** The collector's doors on a free loopback port, over a real embedded log. */
import fastify from 'fastify'
import { decodeFrame } from '../../schemas/frame.ts'
import { EVENT_COLUMNS, type Event } from '../../schemas/event.ts'
import type { DeadLetter } from '../../schemas/dead-letter.ts'
import { topicSpecs } from '../../schemas/topics.ts'
import { createCollector } from '../../services/collector/index.ts'
import { createPreparer, type Preparer } from '../../services/collector/preparing/index.ts'
import { createAuthenticator, type TokenSpec } from '../../services/lib/auth.ts'
import { createLogger } from '../../services/lib/logger.ts'
import type { Mapping } from '../../services/lib/mappings/schema.ts'
import type { Log } from '../../services/lib/log/port.ts'
import { createMetrics } from '../../services/lib/metrics.ts'
import { createPartitioning } from '../../services/lib/partitioning.ts'
import { tenantKeys } from '../../services/lib/secrets.ts'
import { createTurns } from '../../services/lib/turns.ts'
import { claimPartitionKey } from './partition-key.ts'
import { createLogRoom } from './sqlite-log.ts'

export const TOKENS: readonly TokenSpec[] = [
  { name: 'live', tenant: 'acme', role: 'ingest', scopes: ['live'], token: 'live-token' },
  { name: 'both', tenant: 'acme', role: 'admin', scopes: ['live', 'history'], token: 'both-token' },
  { name: 'history', tenant: 'acme', role: 'ingest', scopes: ['history'], token: 'history-token' },
  {
    name: 'bound',
    tenant: 'acme',
    role: 'ingest',
    scopes: ['live'],
    identities: ['guard', 'guard-*'],
    proxies: ['203.0.113.0/24'],
    token: 'bound-token',
  },
  { name: 'provider', tenant: 'acme', role: 'ingest', scopes: ['live'], formats: ['okta'], token: 'provider-token' },
  { name: 'none', tenant: 'acme', role: 'ingest', scopes: [], token: 'none-token' },
  { name: 'analyst', tenant: 'acme', role: 'analyst', scopes: ['live'], token: 'analyst-token' },
  { name: 'other', tenant: 'globex', role: 'ingest', scopes: ['live'], token: 'other-token' },
]

export interface Frame {
  readonly partition: number
  readonly events: Event[]
}

export interface CollectorRoom {
  readonly url: string
  readonly log: Log
  readonly preparer: Preparer
  /** Set to make the collector say that it is not ready. */
  notReady: string | undefined
  /** Set to keep the log busy: what the collector appends waits for it. */
  logBusy: Promise<void> | undefined
  /** How many requests have been prepared for the log. */
  prepared: number
  /** How many appends the collector has begun. */
  appends: number
  post(path: string, body: string | Buffer, headers?: Record<string, string>): Promise<Response>
  frames(): Promise<Frame[]>
  events(): Promise<Event[]>
  deadLetters(): Promise<DeadLetter[]>
  metrics(): Promise<string>
  drain(): Promise<void>
  close(): Promise<void>
}

const rowEvent = (row: readonly unknown[]): Event =>
  Object.fromEntries(EVENT_COLUMNS.map(({ name }, index) => [name, row[index]])) as unknown as Event

export async function readFrames(log: Log): Promise<Frame[]> {
  const frames: Frame[] = []
  for (let partition = 0; partition < log.partitions('events'); partition++) {
    for await (const { value } of log.read('events', partition)) {
      if (value !== null) frames.push({ partition, events: decodeFrame(value).rows.map(rowEvent) })
    }
  }
  return frames
}

export async function readDeadLetters(log: Log): Promise<DeadLetter[]> {
  const letters: DeadLetter[] = []
  for await (const { value } of log.read('dead-letters', 0)) {
    if (value !== null) letters.push(JSON.parse(value.toString()) as DeadLetter)
  }
  return letters
}

export async function openCollector(
  partitions = 8,
  mappings: readonly Mapping[] = [],
  now: () => number = Date.now,
): Promise<CollectorRoom> {
  const room = createLogRoom()
  const log = await room.open()
  await log.ensureTopics(topicSpecs(partitions))
  await claimPartitionKey(log)
  const metrics = createMetrics()
  const logger = createLogger('silent')
  const preparer = createPreparer({ keys: tenantKeys(Buffer.alloc(32, 1)), logger, mappings })
  const state: Pick<CollectorRoom, 'notReady' | 'logBusy' | 'prepared' | 'appends'> = {
    notReady: undefined,
    logBusy: undefined,
    prepared: 0,
    appends: 0,
  }
  const busyLog: Log = {
    ...log,
    async append(...what) {
      state.appends++
      await state.logBusy
      return log.append(...what)
    },
  }
  const countingPreparer: Preparer = {
    ...preparer,
    async prepare(job) {
      const result = await preparer.prepare(job)
      state.prepared++
      return result
    },
  }
  const collector = createCollector({
    log: busyLog,
    authenticate: createAuthenticator(TOKENS),
    clock: { now },
    logger,
    metrics,
    preparer: countingPreparer,
    partitioning: createPartitioning(log),
    turns: createTurns(),
    ready: () => (state.notReady === undefined ? { ok: true } : { ok: false, reason: state.notReady }),
  })
  const app = fastify({ forceCloseConnections: true })
  app.register(collector.plugin)
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  return Object.assign(state, {
    url,
    log,
    preparer,
    post: (path: string, body: string | Buffer, headers: Record<string, string> = {}) =>
      fetch(url + path, {
        method: 'POST',
        body: typeof body === 'string' ? body : new Uint8Array(body),
        headers: { authorization: 'Bearer live-token', 'content-type': 'application/json', ...headers },
      }),
    frames: () => readFrames(log),
    events: async () => (await readFrames(log)).flatMap(({ events }) => events),
    deadLetters: () => readDeadLetters(log),
    metrics: () => metrics.registry.metrics(),
    drain: () => collector.drain(),
    close: async () => {
      await app.close()
      await preparer.close()
      await room.clear()
    },
  })
}
