/**
 * The detector service on the embedded log: what it finds is what the same events give in memory, whatever happens to it
 * on the way.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { configurationHash, emptyConfiguration } from '../../../schemas/configuration.ts'
import { encodeControl, encodeFrameLines, encodeTick } from '../../../schemas/frame.ts'
import { EVENT_SCHEMA_VERSION } from '../../../schemas/event.ts'
import type { DeadLetter } from '../../../schemas/dead-letter.ts'
import { deadLetterValidator } from '../../../schemas/dead-letter.ts'
import { readFindingRecord } from '../../../schemas/finding.ts'
import { partitionOf } from '../../../schemas/ids.ts'
import { contentKey, contentPartition } from '../../../schemas/state.ts'
import { eventKey, topicSpecs } from '../../../schemas/topics.ts'
import { createLocalPipeline } from '../../../services/detector/index.ts'
import { type Log, LogError } from '../../../services/lib/log/port.ts'
import { createMetrics } from '../../../services/lib/metrics.ts'
import {
  CODE_VERSION,
  createRuntimeRoom,
  idsOf,
  PARTITIONS,
  type RuntimeRoom,
  readFindings,
  send,
  settled,
  T0,
  TEST_DETECTORS,
  testEvent,
  until,
  wandering,
} from '../../support/runtime-room.ts'
import { valuesOf } from '../../support/topics.ts'

let home: RuntimeRoom
beforeEach(() => {
  home = createRuntimeRoom()
})
afterEach(() => home.room.clear())

const EVENTS = wandering(600)

/** What the events give in memory: the measure of everything here. */
function expectedIds(events = EVENTS): string[] {
  const pipeline = createLocalPipeline({
    detectors: TEST_DETECTORS,
    codeVersion: CODE_VERSION,
    receiptTime: T0 + 1e9,
    configuration: emptyConfiguration(),
  })
  pipeline.events(events)
  pipeline.finish()
  return idsOf(pipeline.findings())
}

/** When the first event of an identity was; the engine keeps it in whole seconds. */
const sinceOf = (identity: string): number =>
  Math.floor(Math.min(...EVENTS.filter((one) => one.identity === identity).map(({ time }) => time)) / 1000) * 1000

const chunksOf = <T>(all: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.slice(i * size, (i + 1) * size))

describe('the detector service', () => {
  it('finds what the same events give in memory, every detector of both stages', async () => {
    const log = await home.open()
    const service = home.service(log)
    await service.start()
    for (const chunk of chunksOf(EVENTS, 50)) await send(log, chunk, home.clock.now())
    await until(() => settled(service))
    const findings = await readFindings(log)
    expect(idsOf(findings)).toEqual(expectedIds())
    expect(new Set(findings.map((f) => f.detector)).size).toBe(TEST_DETECTORS.length)
    for (const finding of findings) {
      expect(readFindingRecord(JSON.stringify(finding))).toMatchObject({
        ok: true,
        // Of both stages: each of these findings is about whoever's own event led to it.
        record: { foundAt: expect.any(Number), agentSince: sinceOf(finding.agent) },
      })
    }
    await service.stop()
  })

  it('goes on from its snapshots after a restart, and a repeat of everything changes nothing', async () => {
    const log = await home.open()
    for (const [i, chunk] of chunksOf(EVENTS, 200).entries()) {
      const service = home.service(log)
      await service.start()
      await send(log, chunk, home.clock.now())
      // Every other time it is stopped with work under way.
      if (i % 2 === 0) await until(() => settled(service))
      await service.stop()
    }
    expect((await valuesOf(log, 'snapshots')).length).toBeGreaterThan(0)
    const service = home.service(log)
    await service.start()
    await until(() => settled(service))
    expect(service.status().stats.identities).toBe(12)
    expect(idsOf(await readFindings(log))).toEqual(expectedIds())
    await send(log, EVENTS, home.clock.now())
    await until(() => settled(service))
    expect(idsOf(await readFindings(log))).toEqual(expectedIds())
    await service.stop()
  })

  it('begins again by itself when appends fail, without a loss', async () => {
    const log = await home.open()
    let appends = 0
    const failing: Log = {
      ...log,
      append(topic, partition, records) {
        appends++
        // Some fail before they are written, some after: nobody can tell from outside.
        if (appends % 23 === 7) return Promise.reject(new LogError('log_unavailable', 'planted'))
        if (appends % 23 === 16) {
          return log.append(topic, partition, records).then(() => {
            throw new LogError('lease_lost', 'planted')
          })
        }
        return log.append(topic, partition, records)
      },
    }
    const service = home.service(failing)
    await service.start()
    for (const chunk of chunksOf(EVENTS, 100)) await send(log, chunk, home.clock.now())
    await until(async () => (await settled(service)) && idsOf(await readFindings(log)).length >= expectedIds().length)
    expect(idsOf(await readFindings(log))).toEqual(expectedIds())
    expect(service.status().restarts).toBeGreaterThan(0)
    await service.stop()
  })

  it('halts a partition whose records are gone before they were processed, and goes on with the others', async () => {
    const log = await home.open()
    const first = home.service(log)
    await first.start()
    await send(log, EVENTS.slice(0, 200), home.clock.now())
    await until(() => settled(first))
    await first.stop()
    const lost = partitionOf(eventKey('t', 'agent-0'), PARTITIONS)
    await log.append('events', lost, [{ key: null, value: encodeTick(EVENT_SCHEMA_VERSION, home.clock.now()) }])
    home.room.advance(365 * 86_400_000)
    await log.maintain()
    const metrics = createMetrics()
    const second = home.service(log, { metrics })
    await second.start()
    await until(() => second.status().halted.length > 0)
    const before = (await readFindings(log)).length
    await send(log, EVENTS.slice(200), home.clock.now())
    await until(async () => (await second.lag()).events === 0 && (await readFindings(log)).length > before)
    expect(second.status()).toMatchObject({
      state: 'running',
      halted: [expect.stringContaining(`events/${lost} stands still`)],
      partitions: { events: PARTITIONS - 1, signals: PARTITIONS },
    })
    expect((await metrics.partitionsHalted.get()).values).toMatchObject([{ labels: { stage: 'events' }, value: 1 }])
    expect(second.status().restarts).toBe(1)
    await second.stop()
    // A person has decided: what the partition has learned is kept, and it goes on behind the gap.
    const third = home.service(log, { acceptGaps: true })
    await third.start()
    await until(() => settled(third))
    expect(third.status()).toMatchObject({ halted: [], partitions: { events: PARTITIONS } })
    expect(third.identities().get('t')).toBe(new Set(EVENTS.map(({ identity }) => identity)).size)
    await third.stop()
  })

  it('sends a record that is not ours, and one that a bug meets, to the dead letters and processes their neighbours', async () => {
    const log = await home.open()
    const service = home.service(log)
    const home0 = partitionOf(eventKey('t', 'a'), PARTITIONS)
    await service.start()
    await send(log, [testEvent(1, { target: 'x' }), testEvent(2, { target: 'y' })], home.clock.now())
    await log.append('events', home0, [{ key: null, value: Buffer.from('not a frame') }])
    await log.append('events', home0, [
      { key: null, value: encodeFrameLines(['[1]'], { schema: EVENT_SCHEMA_VERSION + 7, receiptTime: 1 }) },
    ])
    await send(log, [testEvent(3, { action: 'explode' })], home.clock.now())
    await send(log, [testEvent(4, { target: 'z' })], home.clock.now())
    await until(async () => (await settled(service)) && (await readFindings(log)).length > 0)
    expect((await readFindings(log)).map((f) => [f.detector, f.observed['n']])).toEqual([['test/many-targets', 3]])
    const letters = (await valuesOf(log, 'dead-letters')).map(
      (value) => JSON.parse(value.toString('utf8')) as DeadLetter,
    )
    for (const letter of letters) expect(deadLetterValidator.problems(letter)).toEqual([])
    const reasons = new Map(letters.map((letter) => [letter.id, letter.reason]))
    expect([...reasons.values()].sort()).toEqual(['malformed', 'malformed', 'poison'])
    await service.stop()
    // A new process knows nothing of the record that the bug met, and comes to the same.
    const second = home.service(log)
    await second.start()
    await until(() => settled(second))
    expect(await readFindings(log)).toHaveLength(1)
    await second.stop()
  })

  it('closes windows by ticks, with a second revision, and then is silent', async () => {
    const log = await home.open()
    const service = home.service(log)
    await service.start()
    const four = ['w', 'x', 'y', 'z'].map((target, n) => testEvent(n, { target }))
    await send(log, four, home.clock.now())
    await until(async () => (await readFindings(log)).length === 1)
    home.advance(2 * 3_600_000)
    await until(async () => (await readFindings(log)).length === 2)
    expect((await readFindings(log)).map((f) => [f.revision, f.observed['n']])).toEqual([
      [1, 3],
      [2, 4],
    ])
    await until(async () => service.status().stats.openWindows === 0 && (await settled(service)))
    const ends = async (): Promise<number[]> =>
      Promise.all(
        ['events', 'signals'].flatMap((topic) =>
          [...Array(PARTITIONS).keys()].map(async (partition) => (await log.bounds(topic, partition)).end),
        ),
      )
    const before = await ends()
    await new Promise((resolve) => setTimeout(resolve, 700))
    expect(await ends()).toEqual(before)
    await service.stop()
  })

  it('counts in stage two what comes within one window after a long silence', async () => {
    const log = await home.open()
    const service = home.service(log)
    await service.start()
    const born = (n: number, hour: number) =>
      testEvent(n, { identity: `new-${n}`, owner: 'one', time: T0 + hour * 3_600_000 + n * 1_000 })
    await send(log, [born(0, 0)], home.clock.now())
    await until(() => settled(service))
    // The window of the first hour closes, and stage two's log time then stands still.
    home.advance(3 * 3_600_000)
    await until(async () => service.status().stats.openWindows === 0 && (await settled(service)))
    home.advance(9 * 3_600_000)
    for (const n of [1, 2, 3, 4, 5]) {
      await send(log, [born(n, 12)], home.clock.now())
      await until(() => settled(service))
      // Long enough for a tick on signals to come in between.
      await new Promise((resolve) => setTimeout(resolve, n === 3 ? 6_000 : 50))
    }
    await until(() => settled(service))
    expect((await readFindings(log)).map((f) => f.detector)).toEqual(['test/many-identities'])
    await service.stop()
  })

  it('takes configuration from the record that names it, in both stages, and waits for content that is not there', async () => {
    const log = await home.open()
    const service = home.service(log)
    const content = { ...emptyConfiguration(), detectors: { 'test/many-targets': { severity: 'critical' as const } } }
    const hash = configurationHash(content)
    const control = encodeControl({ type: 'config', name: 'detection', tenant: '', hash }, home.clock.now())
    await service.start()
    for (const topic of ['events', 'signals']) await log.append(topic, 0, [{ key: null, value: control }])
    await until(() => service.status().state === 'waiting')
    expect(service.status().reason).toMatch(`names the section detection ${hash}, and the topic state does not hold it`)
    const key = contentKey(hash)
    const value = Buffer.from(JSON.stringify(content))
    await log.append('state', contentPartition(log.partitions('state')), [{ key, value }])
    // An identity of partition 0 has the new severity, one elsewhere the old: there the record has not come yet.
    const names = [...Array(40).keys()].map((n) => `who-${n}`)
    const at = (partition: number): string =>
      names.find((name) => partitionOf(eventKey('t', name), PARTITIONS) === partition) ?? ''
    const acts = [at(0), at(1)].flatMap((identity, i) =>
      ['x', 'y', 'z'].map((target, n) => testEvent(10 * i + n, { identity, target })),
    )
    await send(log, acts, home.clock.now())
    await until(async () => (await settled(service)) && (await readFindings(log)).length === 2)
    const severities = new Map((await readFindings(log)).map((f) => [f.agent, f.severity]))
    expect([severities.get(at(0)), severities.get(at(1))]).toEqual(['critical', 'high'])
    await service.stop()
    // The snapshot names the configuration: the record is not read again.
    const again = home.service(log)
    await again.start()
    await until(() => settled(again))
    await send(
      log,
      ['u', 'v', 'w'].map((target, n) => testEvent(100 + n, { identity: at(0), target, time: T0 + 9e6 + n })),
      home.clock.now(),
    )
    await until(async () => (await readFindings(log)).length === 3)
    expect((await readFindings(log)).filter((f) => f.severity === 'critical')).toHaveLength(2)
    await again.stop()
  })

  it('starts on sixty-four empty partitions of each topic, and stops, without a record written', async () => {
    const log = await home.room.open()
    await log.ensureTopics(topicSpecs())
    const service = home.service(log)
    await service.start()
    await until(() => service.status().partitions.events === 64 && service.status().partitions.signals === 64)
    await service.stop()
    for (const topic of ['events', 'signals', 'snapshots']) expect(await valuesOf(log, topic)).toEqual([])
  })
})
