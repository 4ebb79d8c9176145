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
import type { ProcessProcedures, ThreadData, ThreadProcedures } from './protocol.ts'

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
  const service = createDetectorService({
    log: tellingLog(log, () => service),
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
  return service
}

function tellStatus(service: DetectorService): void {
  const { state, reason, halted } = service.status()
  main.tell('status', { state, reason, halted })
  main.tell('identities', service.identities())
}

/** From now on the process hears that the thread lives. */
async function createTellingService(): Promise<DetectorService> {
  const service = await createService()
  setInterval(tellStatus, LIMITS.health_every_ms, service)
  return service
}

const service = createTellingService()
// Whoever asks for the start receives the error.
service.catch(() => undefined)

const procedures: ThreadProcedures = {
  async start() {
    const made = await service
    await made.start()
    tellStatus(made)
  },
  stop: async () => (await service).stop(),
}
const main = createCalls<ProcessProcedures>(calls, procedures)
