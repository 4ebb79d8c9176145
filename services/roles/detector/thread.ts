/** The thread of detection: the detector's service on a log that the process lends. */
import { workerData } from 'node:worker_threads'
import { DETECTORS } from '../../../detectors/registry.ts'
import { LIMITS } from '../../../schemas/limits.ts'
import { createDetectorService, type DetectorService } from '../../detector/index.ts'
import { createCalls } from '../../lib/calls.ts'
import { borrowLog } from '../../lib/log/lent/borrower.ts'
import type { Log } from '../../lib/log/port.ts'
import { createLogger } from '../../lib/logger.ts'
import { createPartitioning } from '../../lib/partitioning.ts'
import { steadySystemClock } from '../../lib/steady-clock.ts'
import { tellingMetrics } from '../../lib/told-metrics.ts'
import type { ProcessProcedures, ThreadData, ThreadProcedures, ToldStatus } from './protocol.ts'

const { log: lent, calls, codeVersion, acceptGaps, logLevel, underWay, givenUp } = workerData as ThreadData

/** Before a finding is there, the process knows the identities that were known when it was found: a cap depends on their number. */
const tellingLog = (log: Log, service: () => DetectorService): Log => ({
  ...log,
  async append(topic, partition, records) {
    if (topic === 'findings') await main.ask('identities', service().identities())
    return log.append(topic, partition, records)
  },
})

async function createService(): Promise<DetectorService> {
  const log = await borrowLog(lent)
  const created = createDetectorService({
    log: tellingLog(log, () => created),
    partitioning: createPartitioning(log),
    detectors: DETECTORS,
    codeVersion,
    acceptGaps,
    // The process itself logs that the system's clock was set.
    clock: steadySystemClock(() => undefined),
    logger: createLogger(logLevel),
    metrics: tellingMetrics((change) => main.tell('metric', change)),
    underWay,
    givenUp,
  })
  return created
}

let service: DetectorService | undefined

const STARTING: ToldStatus = { state: 'stopped', reason: 'it is being started', halted: [] }

function tellStatus(): void {
  if (service === undefined) {
    main.tell('status', STARTING)
    return
  }
  const { state, reason, halted } = service.status()
  main.tell('status', { state, reason, halted })
  main.tell('identities', service.identities())
}

const made = createService()
// Whoever asks for the start receives the error.
made.catch(() => undefined)

const procedures: ThreadProcedures = {
  async start() {
    service = await made
    await service.start()
    tellStatus()
  },
  stop: async () => (await made).stop(),
}
const main = createCalls<ProcessProcedures>(calls, procedures)
// The process hears that the thread lives, for the first time before there is a record from which it could not return.
tellStatus()
setInterval(tellStatus, LIMITS.health_every_ms)
