/**
 * A responder in a process of its own, for tests that kill it: `node responder-child.ts '{"directory", "config"}'`. It
 * says when its log is open, retries quickly and runs until it is killed.
 */
import { pino } from 'pino'
import { DETECTORS } from '../../detectors/registry.ts'
import type { ServiceConfiguration } from '../../services/lib/config.ts'
import { createSqliteLog } from '../../services/lib/log/sqlite/index.ts'
import { createMetrics } from '../../services/lib/metrics.ts'
import { createResponder } from '../../services/responder/index.ts'

const { directory, config } = JSON.parse(process.argv[2]!) as { directory: string; config: ServiceConfiguration }
const clock = { now: () => Date.now() }
const logger = pino({ level: 'error' }, pino.destination(2))
const log = await createSqliteLog({ directory, clock, logger })
process.stdout.write('open\n')
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
