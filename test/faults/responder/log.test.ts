/** The log that refuses for a while: nothing is sent before it is written down, and nothing is lost. */
import { pino } from 'pino'
import { expect, it } from 'vitest'
import { DETECTORS } from '../../../detectors/registry.ts'
import { type Log, LogError } from '../../../services/lib/log/port.ts'
import { createMetrics } from '../../../services/lib/metrics.ts'
import { createResponder } from '../../../services/responder/index.ts'
import { systemTimers, type Timers } from '../../../services/responder/timers.ts'
import { eventually, finding, settle, sinkOf, testBench } from '../../support/responder.ts'
import { startWebhookReceiver } from '../../support/webhook-receiver.ts'

it('sends nothing while the state cannot be written, and everything afterwards, once', async () => {
  const siem = await startWebhookReceiver()
  const bench = await testBench({ start: false, config: { sinks: [sinkOf(siem.url)] } })
  let isFull = false
  let refused = 0
  const filling: Log = {
    ...bench.log,
    append: (topic, partition, records) => {
      if (!isFull || topic !== 'state') return bench.log.append(topic, partition, records)
      refused += 1
      return Promise.reject(new LogError('log_unavailable', 'the disk is full'))
    },
  }
  const tools = {
    clock: { now: () => Date.now() },
    logger: pino({ level: 'silent' }),
    metrics: createMetrics(),
    detectors: DETECTORS,
  }
  const responder = createResponder({ ...tools, log: filling, config: bench.config })
  await responder.start()
  isFull = true
  for (let i = 0; i < 10; i++) await bench.sendFinding(finding({ title: `finding ${i}` }))
  await eventually('a refusal', () => refused >= 2)
  await settle(50)
  expect(siem.received).toHaveLength(0)
  isFull = false
  await siem.until((all) => all.length === 10)
  expect(new Set(siem.received.map((r) => r.id)).size).toBe(10)
  expect(responder.failure()).toBeUndefined()
  await responder.stop()
  await bench.close()
  await siem.close()
})

it('stops for good where the log will never take its state, and a new start sends everything', async () => {
  const siem = await startWebhookReceiver()
  const bench = await testBench({ start: false, config: { sinks: [sinkOf(siem.url)] } })
  let isBroken = false
  const breaking: Log = {
    ...bench.log,
    append: (topic, partition, records) =>
      isBroken && topic === 'state'
        ? Promise.reject(new LogError('record_too_large', 'a bug'))
        : bench.log.append(topic, partition, records),
  }
  const tools = {
    clock: { now: () => Date.now() },
    logger: pino({ level: 'silent' }),
    metrics: createMetrics(),
    detectors: DETECTORS,
  }
  const responder = createResponder({ ...tools, log: breaking, config: bench.config })
  await responder.start()
  isBroken = true
  await bench.sendFinding(finding())
  await eventually('the failure', () => responder.failure() !== undefined)
  expect(siem.received).toHaveLength(0)
  await responder.stop()
  await bench.responder.start()
  await siem.until((all) => all.length === 1)
  await bench.close()
  await siem.close()
})

it('stops in bounded time while the log refuses, and the next start sends what was left', async () => {
  const siem = await startWebhookReceiver()
  const bench = await testBench({ start: false, config: { sinks: [sinkOf(siem.url)] } })
  let refused = 0
  const filling: Log = {
    ...bench.log,
    append: (topic, partition, records) => {
      if (topic !== 'state' || records.every((r) => !String(r.key).startsWith('incident'))) {
        return bench.log.append(topic, partition, records)
      }
      refused += 1
      return Promise.reject(new LogError('log_unavailable', 'the disk is full'))
    },
  }
  const tools = {
    clock: { now: () => Date.now() },
    logger: pino({ level: 'silent' }),
    metrics: createMetrics(),
    detectors: DETECTORS,
  }
  // Seconds pass twenty times as fast.
  const timers: Timers = { after: (ms, run) => systemTimers.after(ms / 20, run) }
  const responder = createResponder({ ...tools, timers, log: filling, config: bench.config })
  await responder.start()
  await bench.sendFinding(finding())
  await eventually('a refusal', () => refused >= 2)
  await responder.stop()
  expect(siem.received).toHaveLength(0)
  await bench.responder.start()
  await siem.until((all) => all.length === 1)
  await bench.close()
  await siem.close()
})
