/**
 * The contract of the log port as tests: whatever passes `describeLog` can be plugged in as a log. An adapter brings a
 * harness; the suite knows no engine. Nothing here waits for a time to pass, only for a state to come.
 */
import { afterEach, beforeEach, describe } from 'vitest'
import type { Log } from '../../services/lib/log/port.ts'
import { describeAppends } from './log-appends.ts'
import { describeConsumers } from './log-consumers.ts'
import { describeGroups } from './log-groups.ts'
import { describeModel } from './log-model.ts'
import { describeMaintenance, describeReads } from './log-reads.ts'
import type { LogHarness, Suite } from './log-support.ts'

export type { LogHarness } from './log-support.ts'

export interface LogTraits {
  /** `maintain()` applies retention and compaction before it resolves, and the harness moves the log's clock. */
  readonly maintainsAtOnce: boolean
  /** How many random histories the model test tries; fewer where opening the log is slow. */
  readonly modelRuns: number
}

/** Runs the whole contract; `factory` makes an empty log, or room of its own in a shared one, for each test. */
export function describeLog(name: string, factory: () => Promise<LogHarness>, traits: LogTraits): void {
  describe(`${name} keeps the contract of the log port`, () => {
    let harness: LogHarness
    let opened: Log[] = []
    beforeEach(async () => {
      harness = await factory()
    })
    afterEach(async () => {
      for (const log of opened) await log.close().catch(() => {})
      opened = []
      await harness.destroy()
    })
    const suite: Suite = {
      async open() {
        const log = await harness.open()
        opened.push(log)
        return log
      },
      advance: (ms) => harness.advance!(ms),
    }
    describeAppends(suite)
    describeReads(suite)
    describeConsumers(suite)
    describeGroups(suite)
    const how = traits.maintainsAtOnce ? 'maintenance' : 'maintenance, which its brokers do in their own time'
    // Kafka compacts and expires on a clock of its own: nothing to wait for in a test.
    describe.skipIf(!traits.maintainsAtOnce)(how, () => describeMaintenance(suite))
    describeModel(factory, traits)
  })
}
