/**
 * How fast the warehouse takes events and answers analysts, on the embedded engines: frames from the SQLite log through
 * the archiver into chdb, then every question of the API over what was stored.
 *
 *   npm run bench:warehouse -- [ROWS]      1,000,000 rows where nothing is said
 *
 * Times depend on what else the machine does; CPU per row hardly does.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { toolOptions } from '../../scripts/tool-options.ts'
import fastify from 'fastify'
import { pino } from 'pino'
import { blankEvent, EVENT_SCHEMA_VERSION, type Event, rowOf } from '../../schemas/event.ts'
import { encodeFrameLines } from '../../schemas/frame.ts'
import { DETECTORS } from '../../detectors/registry.ts'
import { H } from '../../schemas/ids.ts'
import { topicSpecs } from '../../schemas/topics.ts'
import { createApi } from '../../services/api/index.ts'
import { createArchiver } from '../../services/archiver/index.ts'
import { createAuthenticator } from '../../services/lib/auth.ts'
import { systemClock } from '../../services/lib/clock.ts'
import { defaultConfig } from '../../services/lib/config.ts'
import { createCommandSender } from '../../services/lib/command-sender.ts'
import { createFindingFeed } from '../../services/lib/finding-feed.ts'
import type { Log } from '../../services/lib/log/port.ts'
import { createSqliteLog } from '../../services/lib/log/sqlite/index.ts'
import { createMetrics } from '../../services/lib/metrics.ts'
import { openWarehouse } from '../../services/lib/warehouse/index.ts'
import type { Warehouse } from '../../services/lib/warehouse/port.ts'
import { registriesOf } from '../../services/roles/registries.ts'
import { effectivePolicy } from '../../services/responder/policy.ts'
import { createViews } from '../../services/responder/views.ts'

const FRAME_ROWS = 200
const DAYS_MS = 30 * 86_400_000
const NOW = Date.now()
const ASKED = 7
const logger = pino({ level: 'warn' })
const metrics = createMetrics()

/** A cloud API call of one of 2,000 identities of two tenants, spread over 30 days. */
function eventAt(n: number, rows: number): Event {
  return {
    ...blankEvent(),
    event_id: H('bench', String(n)),
    tenant: n % 10 === 0 ? 'globex' : 'acme',
    identity: `agent-${n % 2_000}`,
    instance: `copy-${n % 4_000}`,
    owner: `team-${n % 40}`,
    time: NOW - DAYS_MS + Math.floor((n * DAYS_MS) / rows),
    receipt_time: NOW,
    session: `session-${n % 50_000}`,
    source_id: H('source', String(n)),
    action: `service${n % 30}:Operation${n % 200}`,
    kind: 'api',
    activity: 'read',
    outcome: 'success',
    target: `arn:aws:s3:::bucket-${n % 300}/key-${n}`,
    source_address: `10.${n % 7}.${n % 50}.${n % 250}`,
    source_network: `10.${n % 7}.${n % 50}.0/24`,
    user_agent: 'aws-sdk-js/3.400.0 ua/2.0 os/linux',
    user_agent_family: 'aws-sdk-js',
    peer_domains: n % 3 === 0 ? ['example.com'] : [],
    value_hashes: [String(n * 7_919), String(n * 104_729)],
    value_kinds: [1, 2],
  }
}

async function fillLog(log: Log, rows: number): Promise<void> {
  let appends: Promise<number>[] = []
  for (let from = 0; from < rows; from += FRAME_ROWS) {
    const lines = Array.from({ length: FRAME_ROWS }, (_, n) => JSON.stringify(rowOf(eventAt(from + n, rows))))
    const value = encodeFrameLines(lines, { schema: EVENT_SCHEMA_VERSION, receiptTime: NOW })
    appends.push(log.append('events', (from / FRAME_ROWS) % log.partitions('events'), [{ key: null, value }]))
    if (appends.length < 64) continue
    await Promise.all(appends)
    appends = []
  }
  await Promise.all(appends)
}

async function archive(log: Log, warehouse: Warehouse, rows: number): Promise<void> {
  const archiver = createArchiver({ log, warehouse, clock: systemClock, logger, metrics })
  const cpu = process.cpuUsage()
  const started = performance.now()
  await archiver.start()
  while (archiver.status().rows.events < rows) await wait(10)
  const seconds = (performance.now() - started) / 1_000
  const { user, system } = process.cpuUsage(cpu)
  const { inserts } = archiver.status()
  await archiver.stop()
  const rate = Math.round(rows / seconds)
  console.log(`archived ${rows} rows in ${seconds.toFixed(1)} s: ${rate} rows/s in ${inserts} inserts`)
  console.log(`CPU ${((user + system) / rows).toFixed(1)} us a row, merges included`)
}

async function askAll(log: Log, warehouse: Warehouse): Promise<void> {
  const app = fastify()
  const none = { list: () => [] }
  const api = createApi({
    warehouse,
    authenticate: createAuthenticator([{ name: 'bench', token: 'bench', tenant: 'acme', role: 'admin', scopes: [] }]),
    readiness: () => ({ ready: true, reasons: [] }),
    metrics,
    views: createViews({
      quarantines: none,
      incidents: none,
      deliveries: none,
      suppressions: none,
      tokens: none,
      audit: none,
      outcomes: none,
      sinks: { states: () => [] },
      switches: new Map(),
    }),
    policy: (tenant) => effectivePolicy(defaultConfig().policy, tenant),
    registry: registriesOf({}),
    detectors: DETECTORS,
    commands: createCommandSender(log),
    findings: createFindingFeed(log),
    clock: systemClock,
    logger,
  })
  await app.register(api)
  const one = `/v1/events/${H('bench', '777')}`
  const lists = [
    '/v1/events?limit=100',
    '/v1/events?limit=1000',
    '/v1/events?identity=agent-77',
    '/v1/events?session=session-777',
  ]
  const identities = ['/v1/identities?limit=100', '/v1/identities/agent-77']
  for (const url of ['/v1/events/count', '/v1/events/count?identity=agent-77', ...lists, one, ...identities]) {
    const times: number[] = []
    for (let n = 0; n < ASKED; n++) {
      const started = performance.now()
      const { statusCode, body } = await app.inject({ url, headers: { authorization: 'Bearer bench' } })
      if (statusCode !== 200) throw new Error(`${url} answered ${statusCode}: ${body}`)
      times.push(performance.now() - started)
    }
    times.sort((a, b) => a - b)
    console.log(`${url.padEnd(48)} median ${times[ASKED >> 1]?.toFixed(0)} ms, longest ${times.at(-1)?.toFixed(0)} ms`)
  }
  await app.close()
}

const { positionals } = toolOptions(import.meta.url, { allowPositionals: true })
const rows = Number(positionals[0] ?? 1_000_000)
const directory = mkdtempSync(join(tmpdir(), 'moltwatch-bench-'))
const log = await createSqliteLog({ directory: join(directory, 'log'), clock: systemClock, logger })
const warehouse = openWarehouse({ kind: 'chdb', path: join(directory, 'warehouse') }, { logger, metrics })
try {
  await log.ensureTopics(topicSpecs())
  await fillLog(log, rows)
  const { state, reason } = await warehouse.settled()
  if (state !== 'up') throw new Error(reason)
  await archive(log, warehouse, rows)
  await askAll(log, warehouse)
  console.log(`resident ${(process.memoryUsage.rss() / 1e6).toFixed(0)} MB`)
} finally {
  await warehouse.close()
  await log.close()
  rmSync(directory, { recursive: true, force: true })
}
