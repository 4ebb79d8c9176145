/**
 * kill -9 of the responder at any moment: every finding and every order arrives with the ids of an undisturbed run, the
 * configuration lies once in every partition, and nothing is invented.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, expect, it } from 'vitest'
import { DETECTORS } from '../../../detectors/registry.ts'
import { decodeHeader } from '../../../schemas/frame.ts'
import { actionId, deliveryId, hash32, partitionOf } from '../../../schemas/ids.ts'
import type { Quarantine } from '../../../schemas/quarantine.ts'
import { topicSpecs } from '../../../schemas/topics.ts'
import { defaultConfig, parseConfig, type ServiceConfiguration } from '../../../services/lib/config.ts'
import type { Log } from '../../../services/lib/log/port.ts'
import { createSqliteLog } from '../../../services/lib/log/sqlite/index.ts'
import { createMetrics } from '../../../services/lib/metrics.ts'
import { createResponder } from '../../../services/responder/index.ts'
import { eventually, finding, settle, sinkOf } from '../../support/responder.ts'
import { startWebhookReceiver, type WebhookReceiver } from '../../support/webhook-receiver.ts'

const KILLS = 8
const FINDINGS = 40
const CHILD = new URL('../../support/responder-child.ts', import.meta.url).pathname
const clock = { now: () => Date.now() }
const logger = pino({ level: 'silent' })

let child: ChildProcess | undefined
const cleanups: (() => Promise<unknown>)[] = []

afterEach(async () => {
  child?.kill('SIGKILL')
  for (const clean of cleanups.splice(0).reverse()) await clean()
})

const openLog = (directory: string): Promise<Log> => createSqliteLog({ directory, clock, logger })

/** Runs the child until `enough` holds, then kills it. */
async function runUntil(
  directory: string,
  config: ServiceConfiguration,
  enough: (opened: Promise<void>) => Promise<void>,
): Promise<void> {
  const process_ = spawn(process.execPath, [CHILD, JSON.stringify({ directory, config })], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  child = process_
  const opened = new Promise<void>((resolve) => {
    process_.stdout.once('data', () => resolve())
  })
  const gone = new Promise<void>((resolve) => {
    process_.once('exit', () => resolve())
  })
  await Promise.race([enough(opened), gone.then(() => Promise.reject(new Error('the responder died by itself')))])
  process_.kill('SIGKILL')
  await gone
}

async function prepare(): Promise<{ directory: string; config: ServiceConfiguration; gate: WebhookReceiver }> {
  const directory = await mkdtemp(join(tmpdir(), 'moltwatch-kill-'))
  cleanups.push(() => rm(directory, { recursive: true, force: true }))
  const gate = await startWebhookReceiver()
  cleanups.push(() => gate.close())
  // The first request of most ids fails, so that kills meet deliveries between two attempts.
  const met = new Map<string, number>()
  gate.answer = ({ id }) => {
    met.set(id, (met.get(id) ?? 0) + 1)
    return hash32(`${id}/${met.get(id)}`) % 3 === 0 || met.get(id)! > 3 ? 200 : 500
  }
  const policy = parseConfig(
    'policy: {mode: enforce, caps: {per_hour: 1000}, rules: [{min_severity: critical, actions: [quarantine, page]}]}',
  )
  if (!policy.ok) throw new Error('the policy of the test is not valid')
  const config = { ...defaultConfig(), sinks: [sinkOf(gate.url)], policy: policy.config.policy }
  const log = await openLog(directory)
  await log.ensureTopics(topicSpecs(4))
  await log.close()
  return { directory, config, gate }
}

const findings = Array.from({ length: FINDINGS }, (_, i) =>
  finding({ agent: `agent-${i % 10}`, title: `finding ${i}`, severity: i % 4 === 0 ? 'critical' : 'high' }),
)

it('changes nothing', async () => {
  const { directory, config, gate } = await prepare()
  for (let round = 0; round < KILLS; round++) {
    const log = await openLog(directory)
    const share = findings.slice((round * FINDINGS) / KILLS, ((round + 1) * FINDINGS) / KILLS)
    for (const value of [...share, ...share.slice(0, 1)]) {
      const partition = partitionOf(value.tenant, log.partitions('findings'))
      await log.append('findings', partition, [{ key: value.tenant, value: Buffer.from(JSON.stringify(value)) }])
    }
    await log.close()
    // At one of the requests that the new findings are sure to bring about, or soon after the log has been opened: before,
    // between and after every kind of write.
    const seen = gate.received.length
    const wanted = seen + 1 + (hash32(`kill ${round}`) % Math.floor(FINDINGS / KILLS))
    await runUntil(directory, config, async (opened) => {
      if (round % 4 !== 0) return gate.until((all) => all.length >= wanted)
      await opened
      return settle(hash32(`wait ${round}`) % 60)
    })
  }
  const everyFinding = findings.map((f) => deliveryId(actionId(f.id, 'notify'), 'siem'))
  const log = await openLog(directory)
  const responder = createResponder({
    log,
    config,
    clock,
    logger,
    metrics: createMetrics(),
    detectors: DETECTORS,
    delaysMs: [0, ...Array.from({ length: 200 }, () => 25)],
  })
  await responder.start()
  const pending = async (): Promise<number> => {
    const answer = await responder.views.deliveries('default', { limit: 1_000, cursor: null })
    return answer.ok
      ? answer.items.filter((d) => d.status === 'pending').length + Math.max(0, FINDINGS - answer.items.length)
      : 1
  }
  await eventually('nothing pending', async () => (await pending()) === 0)

  const ofType = (type: string) => gate.received.filter((r) => r.event.type === type)
  expect(gate.received.every((r) => r.verified)).toBe(true)
  expect(new Set(ofType('finding.created').map((r) => r.id))).toEqual(new Set(everyFinding))
  // An id means one body, on every attempt.
  expect(new Set(gate.received.map((r) => `${r.id} ${r.body}`)).size).toBe(new Set(gate.received.map((r) => r.id)).size)
  const quarantined = findings.filter((f) => f.severity === 'critical').map((f) => f.agent)
  const list = await responder.views.quarantines('default', { limit: 1_000, cursor: null })
  const items: readonly Quarantine[] = list.ok ? list.items : []
  expect(items.map((q) => q.identity).sort()).toEqual([...new Set(quarantined)].sort())
  expect(items.every((q) => q.status === 'acknowledged')).toBe(true)
  const orders = new Set(
    ofType('quarantine.requested').map(
      (r) => `${String(r.event.data['identity'])} ${String(r.event.data['sequence'])}`,
    ),
  )
  expect(orders.size).toBe(items.length)
  for (const topic of ['events', 'signals']) {
    for (let partition = 0; partition < log.partitions(topic); partition++) {
      const kinds: string[] = []
      for await (const { value } of log.read(topic, partition)) kinds.push(decodeHeader(value!).kind)
      expect(kinds).toEqual(['control'])
    }
  }
  await responder.stop()
  await log.close()
})
