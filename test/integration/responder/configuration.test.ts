/** Detection configuration on its way into the log: content first, then one control record in every partition. */
import { afterEach, describe, expect, it } from 'vitest'
import { DETECTORS } from '../../../detectors/registry.ts'
import { configurationHash, type DetectionConfiguration, emptyConfiguration } from '../../../schemas/configuration.ts'
import type { Control } from '../../../schemas/control.ts'
import { decodeControl, decodeHeader, encodeTick } from '../../../schemas/frame.ts'
import { Settings } from '../../../detectors/lib/sections.ts'
import { SETTINGS } from '../../../schemas/configuration.ts'
import { createSectionReader } from '../../../services/detector/runtime/sections.ts'
import { type Log, LogError } from '../../../services/lib/log/port.ts'
import { createResponder } from '../../../services/responder/index.ts'
import { eventually, type TestBench, testBench } from '../../support/responder.ts'
import { createMetrics } from '../../../services/lib/metrics.ts'
import { pino } from 'pino'

let bench: TestBench | undefined

afterEach(async () => {
  await bench?.close()
  bench = undefined
})

/** Hashes given to a partition, in order, as 'tenant:hash'. */
async function given(log: Log, topic: string, partition: number): Promise<string[]> {
  const controls: Control[] = []
  for await (const { value } of log.read(topic, partition)) {
    if (value !== null && decodeHeader(value).kind === 'control') controls.push(decodeControl(value))
  }
  return controls.flatMap((c) => (c.type === 'config' ? [`${c.tenant}:${c.hash}`] : []))
}
/** What all partitions were given, when they agree. */
async function everywhere(log: Log): Promise<string[]> {
  const lists: string[] = []
  for (const topic of ['events', 'signals']) {
    for (let p = 0; p < log.partitions(topic); p++) lists.push((await given(log, topic, p)).join(' '))
  }
  expect(new Set(lists).size).toBe(1)
  return lists[0]!.split(' ')
}

const networks = (name: string): DetectionConfiguration => ({
  ...emptyConfiguration(),
  agent_networks: [{ name, domains: ['agents.example'], addresses: [] }],
})
const empty = configurationHash(emptyConfiguration())

describe('configuration in the log', () => {
  it('is in every partition, and its content in the state, when the responder has started', async () => {
    bench = await testBench()
    expect(bench.responder.configurationReady()).toBe(true)
    expect(await everywhere(bench.log)).toEqual([`:${empty}`])
    const read = createSectionReader(bench.log)
    expect(await read(SETTINGS, empty)).toEqual(new Settings(emptyConfiguration()))
    expect(await read(SETTINGS, '0'.repeat(32))).toBeUndefined()
    expect(await read('of a later version', empty)).toBeUndefined()
    expect(await read(SETTINGS, empty)).toBe(await read(SETTINGS, empty))
  })

  it('is given once, however often the responder starts, and again when the file changes and changes back', async () => {
    bench = await testBench()
    await bench.restart()
    await bench.restart()
    const other = networks('Moltbook')
    await bench.restart({ config: { ...bench.config, detection: other } })
    await bench.responder.reconfigure(bench.config)
    expect(bench.responder.configurationReady()).toBe(true)
    expect(await everywhere(bench.log)).toEqual([`:${empty}`, `:${configurationHash(other)}`, `:${empty}`])
  })

  it('completes what was cut off halfway, and gives no partition two', async () => {
    for (const cut of [0, 1, 3, 7]) {
      const fresh = await testBench({ start: false })
      bench = fresh
      // A log that takes so many control records and then nothing more, as if the process had been killed.
      let taken = 0
      const cutting: Log = {
        ...fresh.log,
        append: (topic, partition, records) => {
          if (topic === 'events' || topic === 'signals') taken += 1
          if (taken > cut) return Promise.reject(new LogError('record_too_large', 'cut off'))
          return fresh.log.append(topic, partition, records)
        },
      }
      const tools = {
        clock: { now: () => Date.now() },
        logger: pino({ level: 'silent' }),
        metrics: createMetrics(),
        detectors: DETECTORS,
      }
      const doomed = createResponder({ ...tools, log: cutting, config: fresh.config })
      const started = doomed.start()
      await eventually('the cut', () => taken > cut)
      expect(doomed.configurationReady()).toBe(false)
      await doomed.stop()
      await started
      // What others append meanwhile does not confuse it.
      await fresh.log.append('events', 1, [{ key: null, value: encodeTick(1, 1) }])
      await fresh.responder.start()
      expect(await everywhere(fresh.log)).toEqual([`:${empty}`])
      await fresh.close()
      bench = undefined
    }
  })
})
