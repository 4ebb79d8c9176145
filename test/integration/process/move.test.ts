/**
 * An installation that outgrew one process. Every record comes to lie where it was, whatever retention had taken; and who
 * goes on with the copy finds and counts what an undisturbed run does.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TopicSpec } from '../../../schemas/topics.ts'
import { CopyError, copyLog } from '../../../services/commands/move/copy.ts'
import type { RoleName } from '../../../services/roles/role.ts'
import type { Log, LogRecord } from '../../../services/lib/log/port.ts'
import { type ClickHouseServer, prepareClickHouse, startClickHouse } from '../../support/clickhouse-server.ts'
import { type DemoLoad, demoLoad, writeLoad } from '../../support/demo-load.ts'
import { withKafka } from '../../support/kafka.ts'
import { type RunningProcess, startRole } from '../../support/processes.ts'
import { planService, startService, TOKEN, until, settled } from '../../support/service.ts'
import { createLogRoom, DAY_MS, spec } from '../../support/sqlite-log.ts'
import { createAsker } from '../../support/asker.ts'
import { replayFiles } from '../../support/replay.ts'

const MINUTES_3 = 180_000
const MAIN = fileURLToPath(new URL('../../../services/main.ts', import.meta.url))
const run = promisify(execFile)

const contentOf = async (log: Log, topic: string, partition: number): Promise<LogRecord[]> => {
  const records: LogRecord[] = []
  for await (const record of log.read(topic, partition)) records.push(record)
  return records
}
const seen = ({ offset, key, value }: LogRecord) => [offset, key, value?.toString() ?? null]

describe('the copy of a log', () => {
  const topics: readonly TopicSpec[] = [spec('events', 2), spec('state', 1, 'compact')]

  it('keeps every offset, also where retention has taken the beginning', { timeout: MINUTES_3 }, async () => {
    const partition = fc.record({
      old: fc.nat({ max: 30 }),
      kept: fc.array(fc.string({ maxLength: 20 }), { maxLength: 30 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.tuple(partition, partition), fc.nat({ max: 20 }), async (partitions, states) => {
        const [from, to] = [createLogRoom(), createLogRoom()]
        const [source, target] = [await from.open(), await to.open()]
        await Promise.all([source.ensureTopics(topics), target.ensureTopics(topics)])
        const value = (text: string) => ({ key: null, value: Buffer.from(text) })
        for (const [at, { old }] of partitions.entries()) {
          for (let n = 0; n < old; n++) await source.append('events', at, [value(`old ${n}`)])
        }
        from.advance(2 * DAY_MS)
        for (const [at, { kept }] of partitions.entries()) {
          if (kept.length > 0) await source.append('events', at, kept.map(value))
        }
        for (let n = 0; n < states; n++)
          await source.append('state', 0, [{ key: `k${n % 3}`, value: Buffer.from(`${n}`) }])
        await source.maintain()
        const copied = await copyLog({ source, target, topics, onProgress: () => undefined })
        for (const [at, { old, kept }] of partitions.entries()) {
          const bounds = await source.bounds('events', at)
          expect(bounds).toEqual({ start: old, end: old + kept.length })
          expect((await target.bounds('events', at)).end).toBe(bounds.end)
          const there = await contentOf(target, 'events', at)
          expect(there.filter((record) => record.value !== null).map(seen)).toEqual(
            (await contentOf(source, 'events', at)).map(seen),
          )
          expect(copied[0]?.starts[at]).toBe(bounds.start)
        }
        const newest = async (log: Log) =>
          new Map((await contentOf(log, 'state', 0)).map(({ key, value: body }) => [key, body?.toString()]))
        expect(await newest(target)).toEqual(await newest(source))
        await Promise.all([from.clear(), to.clear()])
      }),
      { numRuns: 5 },
    )
  })

  it('refuses a target that holds something, or has other partitions, and writes nothing', async () => {
    const [from, to] = [createLogRoom(), createLogRoom()]
    const [source, target] = [await from.open(), await to.open()]
    await source.ensureTopics([spec('events', 2), spec('findings', 1)])
    await target.ensureTopics([spec('events', 2), spec('findings', 2)])
    await source.append('events', 0, [{ key: null, value: Buffer.from('x') }])
    const copy = (...topics: TopicSpec[]) => copyLog({ source, target, topics, onProgress: () => undefined })
    await expect(copy(spec('events', 2), spec('findings', 1))).rejects.toThrow('has 2 partitions and needs 1')
    await target.append('events', 1, [{ key: null, value: Buffer.from('somebody else') }])
    await expect(copy(spec('events', 2))).rejects.toThrow(CopyError)
    expect((await target.bounds('events', 0)).end).toBe(0)
    await Promise.all([from.clear(), to.clear()])
  })
})

await prepareClickHouse()
await withKafka({ brokers: 1 }, (kafka) => {
  describe('an installation that moves to Kafka', () => {
    let directory: string
    let clickhouse: ClickHouseServer
    let load: DemoLoad
    const running: RunningProcess[] = []
    const { get, post, findingIds } = createAsker(TOKEN)

    beforeAll(async () => {
      directory = await mkdtemp(join(tmpdir(), 'moltwatch-move-'))
      load = demoLoad(60)
      clickhouse = await startClickHouse(join(directory, 'clickhouse'))
    }, MINUTES_3)
    afterAll(async () => {
      await Promise.all(running.map((service) => service.kill()))
      await clickhouse?.close()
      await rm(directory, { recursive: true, force: true })
    }, MINUTES_3)

    it('goes on there where it stopped, and finds and counts everything', { timeout: MINUTES_3 }, async () => {
      const half = Math.floor(load.lines.length / 2)
      const file = join(directory, 'load.ndjson')
      await writeLoad(file, load)
      const oracle = await replayFiles([file])
      const service = await startService(await planService(join(directory, 'data')))
      for (const line of load.lines.slice(0, half)) expect((await service.post('/v1/logs', line)).status).toBe(200)
      const countOf = (lines: readonly string[]) => lines.join('').match(/"timeUnixNano"/g)?.length ?? 0
      await settled(service, countOf(load.lines.slice(0, half)))
      await service.stop()

      const config = join(directory, 'moltwatch.yaml')
      const sections = { kafka: { brokers: kafka().bootstrap }, clickhouse: { url: clickhouse.url } }
      await writeFile(config, JSON.stringify(sections))
      const command = ['move', '--from', join(directory, 'data'), '--to', 'kafka', '--config', config, '--json']
      const { stdout } = await run(process.execPath, [MAIN, ...command])
      const { records } = JSON.parse(stdout) as { records: Record<string, number> }
      expect(records['events']).toBeGreaterThan(half)
      expect(records['snapshots']).toBeGreaterThan(0)
      await expect(run(process.execPath, [MAIN, ...command])).rejects.toMatchObject({ code: 2 })

      const key = ['--master-key-file', join(directory, 'data', 'master-key')]
      const roles: readonly RoleName[] = ['collector', 'detector', 'archiver', 'responder', 'api']
      const starting = roles.map((role) => startRole(role, config, role === 'collector' ? key : []))
      running.push(...(await Promise.all(starting)))
      for (const one of running) await until(() => one.isReady(), Boolean, MINUTES_3)
      const url = (role: RoleName) => running.find((one) => one.command === role) as RunningProcess
      for (const line of load.lines.slice(half)) {
        expect((await post(`${url('collector').otlpUrl}/v1/logs`, line)).status).toBe(200)
      }
      const count = () => get(`${url('api').url}/v1/events/count`) as Promise<{ count: number }>
      await until(count, (answer) => answer.count >= load.events, MINUTES_3)
      await until(
        () => findingIds(url('api').url),
        (ids) => ids.join() === oracle.join(),
        MINUTES_3,
      )
      expect(await count()).toEqual({ count: load.events })
    })
  })
})
