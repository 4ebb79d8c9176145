/** Inputs that a collector opens itself, over a real embedded log, as a service would open them. */
import { topicSpecs } from '../../schemas/topics.ts'
import { createOpenedInputs, type OpenedInputs } from '../../services/collector/opened/index.ts'
import { OPENED_INPUTS } from '../../services/collector/opened/registry.ts'
import { createPreparer } from '../../services/collector/preparing/index.ts'
import { parseConfig } from '../../services/lib/config.ts'
import { createLogger } from '../../services/lib/logger.ts'
import type { Log } from '../../services/lib/log/port.ts'
import { createMetrics } from '../../services/lib/metrics.ts'
import { createPartitioning } from '../../services/lib/partitioning.ts'
import { tenantKeys } from '../../services/lib/secrets.ts'
import { readDeadLetters, readFrames } from './collector.ts'
import { claimPartitionKey } from './partition-key.ts'
import { createLogRoom } from './sqlite-log.ts'
import type { Event } from '../../schemas/event.ts'

export interface OpenRoom {
  readonly log: Log
  /** Opens inputs as a configuration would; more than once stands for a restart. */
  open(inputs: readonly object[], directory?: string): Promise<OpenedInputs>
  events(): Promise<Event[]>
  letters(): Promise<readonly { readonly reason: string; readonly record: string }[]>
  /** Lines of an input that came to this end. */
  count(input: string, outcome: string): Promise<number>
  notReady: boolean
  close(): Promise<void>
}

const TOKENS = [
  { name: 'edge', token: 'edge-token', role: 'sender', tenant: 'acme' },
  { name: 'other', token: 'other-token', role: 'sender', tenant: 'globex' },
  { name: 'guard', token: 'guard-token', role: 'sender', tenant: 'acme', identities: ['guard-*'] },
]

export async function openRoom(): Promise<OpenRoom> {
  const room = createLogRoom()
  const log = await room.open()
  await log.ensureTopics(topicSpecs(4))
  await claimPartitionKey(log)
  const metrics = createMetrics()
  const logger = createLogger('silent')
  const preparer = createPreparer({ keys: tenantKeys(Buffer.alloc(32, 1)), logger, threads: 1 })
  const opened: OpenedInputs[] = []
  const state = { notReady: false }
  return Object.assign(state, {
    log,
    async open(inputs: readonly object[], directory?: string) {
      const outcome = parseConfig(JSON.stringify({ tokens: TOKENS, inputs }), { inputTypes: OPENED_INPUTS })
      if (!outcome.ok) throw new Error(outcome.problems.map(({ path, message }) => `${path} ${message}`).join('; '))
      const one = createOpenedInputs({
        inputs: outcome.config.inputs,
        tokens: outcome.config.tokens,
        log,
        clock: { now: () => Date.now() },
        logger,
        metrics,
        preparer,
        partitioning: createPartitioning(log),
        directory,
        ready: () => (state.notReady ? { ok: false, reason: 'a test' } : { ok: true }),
      })
      await one.start()
      opened.push(one)
      return one
    },
    events: async () => (await readFrames(log)).flatMap(({ events }) => events),
    letters: () => readDeadLetters(log),
    async count(input: string, outcome: string) {
      const { values } = await metrics.inputLines.get()
      return values.find(({ labels }) => labels.input === input && labels.outcome === outcome)?.value ?? 0
    },
    async close() {
      for (const one of opened) await one.stop()
      await preparer.close()
      await room.clear()
    },
  })
}
