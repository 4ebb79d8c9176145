/**
 * The five services as they run in processes of their own, here on one embedded log and engine: each with its port, its
 * probes and its end, none with more than the log, ClickHouse and the configuration between them.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DETECTORS } from '../../../detectors/registry.ts'
import { topicSpecs } from '../../../schemas/topics.ts'
import { createPendingLog } from '../../../services/roles/pending-log.ts'
import { type ServiceProcess, startProcess } from '../../../services/roles/alone.ts'
import type { RoleName } from '../../../services/roles/role.ts'
import { systemClock } from '../../../services/lib/clock.ts'
import { codeVersion } from '../../../services/lib/code-version.ts'
import { parseConfig, type ServiceConfiguration } from '../../../services/lib/config.ts'
import { createLogger } from '../../../services/lib/logger.ts'
import { type Log, LogError } from '../../../services/lib/log/port.ts'
import { createMetrics } from '../../../services/lib/metrics.ts'
import { tenantKeys } from '../../../services/lib/secrets.ts'
import { openWarehouse } from '../../../services/lib/warehouse/index.ts'
import type { Warehouse } from '../../../services/lib/warehouse/port.ts'
import { type DemoLoad, demoLoad, writeLoad } from '../../support/demo-load.ts'
import { TOKEN, until } from '../../support/service.ts'
import { createLogRoom, type LogRoom } from '../../support/sqlite-log.ts'
import { createAsker } from '../../support/asker.ts'
import { replayFiles } from '../../support/replay.ts'

const MINUTES_2 = 120_000
const PARTITIONS = 8
const logger = createLogger('silent')

function configuration(text: string): ServiceConfiguration {
  const outcome = parseConfig(text, { detectors: DETECTORS })
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.problems))
  return outcome.config
}

const CONFIG = configuration('policy: { preset: contain-agent-networks }')

describe('the services as processes on one log', () => {
  let room: LogRoom
  let log: Log
  let directory: string
  let warehouse: Warehouse
  let load: DemoLoad
  let oracle: readonly string[]
  const running: ServiceProcess[] = []
  /** The one that is asked; those started together come in no fixed order. */
  let api: ServiceProcess

  /** Nothing that is shared is closed by one of them. */
  const start = async (role: RoleName): Promise<ServiceProcess> => {
    const service = await startProcess({
      role,
      host: '127.0.0.1',
      port: 0,
      secondPort: 0,
      config: CONFIG,
      adminToken: TOKEN,
      detectors: DETECTORS,
      codeVersion: codeVersion(),
      clock: systemClock,
      logger,
      processId: `${role}-${running.length}`,
      openLog: async () => ({ ...log, close: async () => undefined }),
      keys: () => tenantKeys(Buffer.alloc(32, 7)),
      openWarehouse: () => ({ ...warehouse, close: async () => undefined }),
    })
    running.push(service)
    return service
  }
  const stop = async (service: ServiceProcess): Promise<void> => {
    running.splice(running.indexOf(service), 1)
    await service.stop()
  }
  const { get, post, isReady, findingIds } = createAsker(TOKEN)

  beforeAll(async () => {
    room = createLogRoom()
    log = await room.open()
    await log.ensureTopics(topicSpecs(PARTITIONS))
    directory = await mkdtemp(join(tmpdir(), 'moltwatch-roles-'))
    warehouse = openWarehouse(
      { kind: 'chdb', path: join(directory, 'warehouse') },
      { logger, metrics: createMetrics() },
    )
    await warehouse.settled()
    load = demoLoad(40)
    await writeLoad(join(directory, 'load.ndjson'), load)
    oracle = await replayFiles([join(directory, 'load.ndjson')])
  }, MINUTES_2)

  afterAll(async () => {
    for (const service of running.toReversed()) await service.stop()
    await warehouse?.close()
    await room?.clear()
    await rm(directory, { recursive: true, force: true })
  }, MINUTES_2)

  it('a collector takes nothing before the responder has given out the configuration', {
    timeout: MINUTES_2,
  }, async () => {
    const collector = await start('collector')
    await collector.started
    expect(await isReady(collector.url)).toBe(false)
    const refused = await post(`${collector.secondUrl}/v1/logs`, load.lines[0] as string)
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1'])
    expect(await refused.text()).toContain('start the responder')
    const responder = await start('responder')
    await responder.started
    await until(() => isReady(collector.url), Boolean)
    await until(() => isReady(responder.url), Boolean)
  })

  it('together they find what replay finds, with two detectors and two archivers', { timeout: MINUTES_2 }, async () => {
    const others = await Promise.all((['detector', 'detector', 'archiver', 'archiver', 'api'] as const).map(start))
    await Promise.all(others.map((service) => service.started))
    for (const service of others) await until(() => isReady(service.url), Boolean)
    const collector = running[0] as ServiceProcess
    api = others[4] as ServiceProcess
    for (const line of load.lines) expect((await post(`${collector.secondUrl}/v1/logs`, line)).status).toBe(200)
    await until(
      () => findingIds(api.url),
      (ids) => ids.join() === oracle.join(),
      MINUTES_2,
    )
    await until(
      () => get(`${api.url}/v1/events/count`),
      (answer) => (answer as { count: number }).count === load.events,
    )
    expect(oracle.length).toBeGreaterThan(1)
  })

  it('the api shows and orders what the responder does, over the log alone', { timeout: MINUTES_2 }, async () => {
    type Quarantines = { items: { id: string; identity: string; status: string }[]; next_cursor: string | null }
    const { url } = api
    const list = (): Promise<Quarantines> => get(`${url}/v1/quarantines`) as Promise<Quarantines>
    const { items } = await until(list, (found) => found.items.length > 0)
    expect(items.map((one) => one.identity)).toEqual(['research-scout'])
    expect(
      (await post(`${url}/v1/quarantines`, '{"identity": "deploy-bot", "reason": "a drill", "force": true}')).status,
    ).toBe(202)
    await until(list, (found) => found.items.some((one) => one.identity === 'deploy-bot'))
    const first = (await get(`${url}/v1/quarantines?limit=1`)) as Quarantines
    const second = (await get(`${url}/v1/quarantines?limit=1&cursor=${first.next_cursor}`)) as Quarantines
    expect([...first.items, ...second.items].map((one) => one.identity)).toEqual(['deploy-bot', 'research-scout'])
    const release = await post(`${url}/v1/quarantines/${first.items[0]?.id}/release`, '{"reason": "It was a drill."}')
    expect(release.status).toBe(202)
    await until(list, (found) => found.items.some((one) => one.status === 'released'))
    expect(((await get(`${url}/v1/incidents`)) as { items: unknown[] }).items.length).toBeGreaterThan(0)
  })

  it('a second responder stands by and takes over when the first one ends', { timeout: MINUTES_2 }, async () => {
    const first = running[1] as ServiceProcess
    const second = await start('responder')
    await second.started
    await until(() => isReady(second.url), Boolean)
    await stop(first)
    const body = '{"identity": "night-watch", "reason": "after the change of responders", "force": true}'
    expect((await post(`${api.url}/v1/quarantines`, body)).status).toBe(202)
    await until(
      () => get(`${api.url}/v1/quarantines`) as Promise<{ items: { identity: string }[] }>,
      ({ items }) => items.some((one) => one.identity === 'night-watch'),
    )
  })

  it('each tells how it is doing, without a tenant in it', async () => {
    for (const { url } of running) {
      expect((await fetch(`${url}/healthz`)).status).toBe(200)
      const metrics = await (await fetch(`${url}/metrics`)).text()
      expect(metrics).toContain('process_resident_memory_bytes')
      expect(metrics).not.toContain('research-scout')
      const nothing = await fetch(`${url}/no-such-thing`)
      expect(nothing.status).toBe(404)
    }
  })
})

describe('a log that is being reached', () => {
  it('refuses in words until it is there, and then is the log', async () => {
    const room = createLogRoom()
    const real = await room.open()
    await real.ensureTopics(topicSpecs(1))
    let tries = 0
    const pending = createPendingLog(async () => {
      tries++
      if (tries < 3) throw new LogError('log_unavailable', 'no broker answers')
      return real
    }, logger)
    await expect(pending.append('events', 0, [])).rejects.toMatchObject({ code: 'log_unavailable', retriable: true })
    expect(await pending.health()).toMatchObject({ ok: false })
    await pending.open()
    expect(tries).toBe(3)
    expect(await pending.append('raw', 0, [{ key: null, value: Buffer.from('x') }])).toBe(0)
    await pending.close()
    await room.clear()
  })

  it('gives up at once where waiting mends nothing, and when it is closed', async () => {
    const mismatch = createPendingLog(async () => {
      throw new LogError('topic_mismatch', 'topic events has partitions 3, wanted: 64')
    }, logger)
    await expect(mismatch.open()).rejects.toThrow('partitions 3')
    const away = createPendingLog(async () => {
      throw new LogError('log_unavailable', 'no broker answers')
    }, logger)
    const opening = away.open()
    await away.close()
    await expect(opening).rejects.toMatchObject({ code: 'log_unavailable' })
  })
})
