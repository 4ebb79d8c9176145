/** Faults 14 to 17: what takes the results refuses some, loses its answers, or is away. */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { startClickHouse } from '../../support/clickhouse-server.ts'
import { blankEvent, rowOf } from '../../../schemas/event.ts'
import { systemClock } from '../../../services/lib/clock.ts'
import { createMetrics } from '../../../services/lib/metrics.ts'
import { createLogger } from '../../../services/lib/logger.ts'
import { openWarehouse, type WarehouseOptions } from '../../../services/lib/warehouse/index.ts'
import { become, metricOf } from '../stage/acts.ts'
import type { Fault, Play } from '../stage/fault.ts'
import type { ProxiedRequest } from '../stage/http-proxy.ts'
import { expectDelivered } from '../stage/outcome.ts'
import type { EmbeddedSystem, SeparateSystem, System } from '../stage/system.ts'

const statementOf = ({ path }: ProxiedRequest): string =>
  new URL(path, 'http://clickhouse').searchParams.get('query') ?? ''
const isInsert = (request: ProxiedRequest): boolean => statementOf(request).includes('INSERT INTO `events`')

/** The first webhook is refused, and those behind it are taken. What it gives waits until the first comes again. */
function refuseFirstDelivery({ webhooks }: System): () => Promise<string> {
  let refused: string | undefined
  webhooks.answer = ({ id }, count) => {
    if (count > 1) return 200
    refused = id
    return 500
  }
  return async () => {
    const attempts = (): number => webhooks.received.filter(({ id }) => id === refused).length
    await become('the refused webhook is sent again', async () => attempts() > 1)
    return `the refused webhook came ${attempts()} times under one id`
  }
}

const MEMORY_LIMIT_EXCEEDED = {
  status: 500,
  headers: { 'x-clickhouse-exception-code': '241' },
  body: Buffer.from('Code: 241. DB::Exception: (total) memory limit exceeded. (MEMORY_LIMIT_EXCEEDED)'),
}

const refuseOneBatch: Play<SeparateSystem> = async ({ system, shipper }) => {
  const inserts: string[] = []
  system.warehouse.handle = async (request) => {
    if (!isInsert(request)) return request.forward()
    inserts.push(createHash('sha256').update(request.body).digest('hex'))
    return inserts.length === 1 ? MEMORY_LIMIT_EXCEEDED : request.forward()
  }
  const webhook = refuseFirstDelivery(system)
  await shipper.sendUpTo(1)
  await become('the refused insert comes again', async () => inserts.slice(1).includes(inserts[0]!))
  return `an insert was refused and came again with the same bytes; ${await webhook()}`
}

const refuseOneDelivery: Play<EmbeddedSystem> = async ({ system, shipper }) => {
  const webhook = refuseFirstDelivery(system)
  await shipper.sendUpTo(1)
  return webhook()
}

const LOST_ANSWERS = 3

const loseAnswers: Play<SeparateSystem> = async ({ system, shipper }) => {
  let lost = 0
  system.warehouse.handle = async (request) => {
    const answer = await request.forward()
    if (!isInsert(request) || lost === LOST_ANSWERS) return answer
    lost++
    return 'cut'
  }
  await shipper.sendUpTo(1)
  await become('answers are lost', async () => lost === LOST_ANSWERS)
  return `${lost} inserts were stored and their answers lost`
}

const rowAlike = (id: string): Buffer => {
  const now = systemClock.now()
  const event = { ...blankEvent(), tenant: 'alike', event_id: id, identity: 'a', time: now, receipt_time: now }
  return Buffer.from(`${JSON.stringify(rowOf(event))}\n`)
}

/** Two inserts that differ, and the first of them once more: what the engine then holds. */
async function insertAlike(options: WarehouseOptions): Promise<number> {
  const tools = { logger: createLogger('silent'), metrics: createMetrics() }
  const warehouse = openWarehouse(options, tools)
  try {
    await become('the warehouse is open', async () => (await warehouse.settled()).state === 'up')
    const [first, second] = [rowAlike('one'), rowAlike('two')]
    for (const lines of [first, second, first]) await warehouse.insert('events', lines)
    const sql = "SELECT count() AS n FROM events WHERE tenant = 'alike'"
    const [row] = await warehouse.ask<{ n: string }>({ name: 'alike', sql, params: {} })
    return Number(row?.n)
  } finally {
    await warehouse.close()
  }
}

function expectTwo(rows: number): string {
  if (rows !== 2) throw new Error(`two inserts that differ and a repeat left ${rows} rows instead of 2`)
  return 'two inserts that differ by one letter are both stored, and a repeat is not'
}

const tokensOfInserts: Play<SeparateSystem> = async ({ system, shipper }) => {
  const contents = new Map<string, Set<string>>()
  system.warehouse.handle = async (request) => {
    const token = /insert_deduplication_token = '(\w+)'/.exec(statementOf(request))?.[1]
    if (token !== undefined) {
      const content = createHash('sha256').update(request.body).digest('hex')
      contents.set(token, (contents.get(token) ?? new Set()).add(content))
    }
    return request.forward()
  }
  await shipper.sendUpTo(1)
  const alike = expectTwo(await insertAlike({ kind: 'server', url: system.warehouse.url }))
  return () => {
    if (contents.size < 3) throw new Error('there were no inserts to compare')
    const shared = [...contents].find(([, bodies]) => bodies.size > 1)
    if (shared !== undefined) throw new Error(`the token ${shared[0]} was given to ${shared[1].size} different inserts`)
    return `${contents.size} tokens, each of one content; ${alike}`
  }
}

/** Nothing can be seen at the API meanwhile; the webhooks must tell everything all the same. */
const serverAway: Play<SeparateSystem> = async ({ system, shipper, load }) => {
  await shipper.sendUpTo(0.3)
  await system.clickhouse.pause()
  await shipper.sendUpTo(0.7)
  // A worker that restarts meanwhile restores its state without it.
  const [restarted] = system.of('detector')
  if (restarted !== undefined) await system.kill(restarted)
  await system.startVictim()
  await shipper.sendUpTo(1)
  await expectDelivered(system, load)
  const archiver = system.one('archiver')
  const lag = await metricOf(archiver, 'consumer_lag_records', ['service="archiver"', 'topic="events"'])
  const up = await metricOf(archiver, 'warehouse_up')
  const ready = await archiver.isReady()
  await system.clickhouse.resume()
  if (lag === 0 || up !== 0 || ready) throw new Error(`nothing shows it: lag ${lag}, up ${up}, ready ${ready}`)
  return `all webhooks came while it was away; the archiver said: not ready, ${lag} records behind`
}

const directoryTaken: Play<EmbeddedSystem> = async ({ system, shipper, load }) => {
  await shipper.sendUpTo(0.3)
  await system.stop(system.one('archiver'))
  const holder = await startClickHouse(join(system.data, 'warehouse'))
  try {
    await system.start('archiver')
    await shipper.sendUpTo(1)
    await expectDelivered(system, load)
    const archiver = system.one('archiver')
    const lag = await metricOf(archiver, 'consumer_lag_records', ['service="archiver"', 'topic="events"'])
    const up = await metricOf(archiver, 'warehouse_up')
    if (lag === 0 || up !== 0) throw new Error(`nothing shows it: lag ${lag}, up ${up}`)
    return `all webhooks came while another process had the engine's directory; ${lag} records waited`
  } finally {
    await holder.close()
  }
}

export const sinkRefuses: Fault = {
  number: 14,
  title: 'a sink refuses one batch and takes the next',
  holds: 'the first is kept and sent again',
  embedded: refuseOneDelivery,
  kafka: refuseOneBatch,
  testedOn: 'embedded',
}

export const answersOfInsertsLost: Fault = {
  number: 15,
  title: 'ClickHouse stored the rows, and the response was lost',
  holds: 'one logical row',
  embedded: { without: 'the engine is in the process: its answer is a return value' },
  kafka: loseAnswers,
}

export const sameToken: Fault = {
  number: 16,
  title: 'the same deduplication token, different rows',
  holds: 'both are stored, because the token is a hash of the rows',
  async embedded({ system }) {
    return expectTwo(await insertAlike({ kind: 'chdb', path: join(system.directory, 'alike') }))
  },
  kafka: tokensOfInserts,
  testedOn: 'embedded',
}

export const warehouseAway: Fault = {
  number: 17,
  title: 'ClickHouse is down',
  holds: 'detection and webhooks go on, the lag shows, and it catches up',
  embedded: directoryTaken,
  kafka: serverAway,
  testedOn: 'kafka',
}
