/**
 * The services as people run them who outgrew one machine: real processes on a real Kafka and on ClickHouse over HTTP. A
 * detector is killed in the middle and another one takes over; what is found and counted is what an undisturbed replay of
 * the same file finds.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RoleName } from '../../../services/roles/role.ts'
import { type ClickHouseServer, prepareClickHouse, startClickHouse } from '../../support/clickhouse-server.ts'
import { type DemoLoad, demoLoad, writeLoad } from '../../support/demo-load.ts'
import { withKafka } from '../../support/kafka.ts'
import { type RunningProcess, startRole } from '../../support/processes.ts'
import { TOKEN, until } from '../../support/service.ts'
import { createAsker } from '../../support/asker.ts'
import { replayFiles } from '../../support/replay.ts'

const MINUTES_3 = 180_000
/** The policy's default. */
const CONTAINED_AN_HOUR = 5

await prepareClickHouse()
await withKafka({ brokers: 1 }, (kafka) => {
  describe('the services as separate processes', () => {
    let directory: string
    let config: string
    let clickhouse: ClickHouseServer
    let load: DemoLoad
    let oracle: readonly string[]
    const running: RunningProcess[] = []
    const { get, post, findingIds } = createAsker(TOKEN)

    const start = async (role: RoleName): Promise<RunningProcess> => {
      const service = await startRole(role, config)
      running.push(service)
      return service
    }
    const one = (role: RoleName): RunningProcess =>
      running.find((service) => service.command === role) as RunningProcess
    const send = async (lines: readonly string[]): Promise<void> => {
      for (const line of lines) {
        const answer = await post(`${one('collector').otlpUrl}/v1/logs`, line)
        expect([answer.status, await answer.text()]).toEqual([200, '{}'])
      }
    }

    beforeAll(async () => {
      directory = await mkdtemp(join(tmpdir(), 'moltwatch-processes-'))
      load = demoLoad(60)
      const file = join(directory, 'load.ndjson')
      await writeLoad(file, load)
      oracle = await replayFiles([file])
      clickhouse = await startClickHouse(join(directory, 'clickhouse'))
      config = join(directory, 'moltwatch.yaml')
      const sections = {
        kafka: { brokers: kafka().bootstrap, partitions: 8 },
        clickhouse: { url: clickhouse.url },
        policy: { preset: 'contain-agent-networks' },
      }
      await writeFile(config, JSON.stringify(sections))
    }, MINUTES_3)

    afterAll(async () => {
      await Promise.all(running.map((service) => service.kill()))
      await clickhouse?.close()
      await rm(directory, { recursive: true, force: true })
    }, MINUTES_3)

    it('start in any order, and are ready when all are there', { timeout: MINUTES_3 }, async () => {
      await Promise.all((['api', 'collector', 'detector', 'detector', 'archiver', 'responder'] as const).map(start))
      for (const service of running) await until(() => service.isReady(), Boolean)
    })

    it('find what replay finds although a detector is killed', { timeout: MINUTES_3 }, async () => {
      const half = Math.floor(load.lines.length / 2)
      await send(load.lines.slice(0, half))
      await one('detector').kill()
      running.splice(running.indexOf(one('detector')), 1)
      const another = start('detector')
      await send(load.lines.slice(half))
      await another
      const { url } = one('api')
      await until(
        () => findingIds(url),
        (ids) => ids.join() === oracle.join(),
        MINUTES_3,
      )
      const count = () => get(`${url}/v1/events/count`) as Promise<{ count: number }>
      await until(count, (answer) => answer.count >= load.events)
      expect(await count()).toEqual({ count: load.events })
      expect(oracle.length).toBeGreaterThan(1)
    })

    it('contain what the policy says, and show it at the api', { timeout: MINUTES_3 }, async () => {
      type Quarantines = { items: { identity: string }[] }
      const { items } = await until(
        () => get(`${one('api').url}/v1/quarantines`) as Promise<Quarantines>,
        (found) => found.items.length > 0,
      )
      expect(items.map(({ identity }) => identity)).toEqual(['research-scout'])
    })

    it('keep the containment of those that live here from those that are invented', {
      timeout: MINUTES_3,
    }, async () => {
      type Held = { identity: string; status: string; status_reason: string }
      const held = async (): Promise<Held[]> =>
        ((await get(`${one('api').url}/v1/quarantines?limit=100`)) as { items: Held[] }).items
      const sendEvents = async (path: string, events: readonly object[]): Promise<void> => {
        const answer = await post(`${one('collector').url}${path}`, JSON.stringify(events))
        expect([answer.status, await answer.text()]).toEqual([200, expect.any(String)])
      }
      const contact = (identity: string): object => ({
        identity,
        time: new Date().toISOString(),
        action: 'http_post',
        arguments: { url: 'https://www.moltbook.com/api/v1/posts' },
      })
      const lived = Array.from({ length: 20 }, (_, day) => ({
        identity: 'billing-bot',
        time: new Date(Date.now() - (day + 1) * 86_400_000).toISOString(),
        action: 'read_file',
        target: `inbox/${day}.txt`,
      }))
      await sendEvents('/v1/events?history=1', lived.toReversed())
      const invented = Array.from({ length: CONTAINED_AN_HOUR + 1 }, (_, n) => `invented-${n}`)
      await sendEvents('/v1/events', invented.map(contact))
      const waiting = await until(
        async () => (await held()).filter(({ status }) => status === 'proposed'),
        ({ length }) => length > 0,
      )
      for (const { status_reason: reason } of waiting) expect(reason).toContain('for identities that are new')
      await sendEvents('/v1/events', [contact('billing-bot')])
      const mine = await until(
        async () => (await held()).find(({ identity }) => identity === 'billing-bot'),
        (found) => found !== undefined,
      )
      expect(mine?.status).not.toBe('proposed')
    })

    it('hand the lead to a second responder when the first one is killed', { timeout: MINUTES_3 }, async () => {
      const first = one('responder')
      const second = await start('responder')
      await until(() => second.isReady(), Boolean)
      await first.kill()
      running.splice(running.indexOf(first), 1)
      const { url } = one('api')
      const order = '{"identity": "night-watch", "reason": "ordered while nobody leads", "force": true}'
      expect((await post(`${url}/v1/quarantines`, order)).status).toBe(202)
      type Quarantines = { items: { identity: string }[] }
      await until(
        () => get(`${url}/v1/quarantines`) as Promise<Quarantines>,
        ({ items }) => items.some(({ identity }) => identity === 'night-watch'),
        MINUTES_3,
      )
    })

    it('end in order when told to', { timeout: MINUTES_3 }, async () => {
      const codes = await Promise.all(running.splice(0).map((service) => service.stop()))
      expect(codes).toEqual(codes.map(() => 0))
    })
  })
})
