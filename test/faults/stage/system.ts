/**
 * The whole system as the faults meet it, in one process on the embedded engines or in separate processes on Apache Kafka
 * and ClickHouse: real processes, real ports, a receiver of webhooks, and a proxy before the collector, so that whoever sends
 * has one address whatever happens behind it.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type LocalKafka, type LocalKafkaOptions, startKafka } from '../../../infra/local/kafka.ts'
import type { RoleName } from '../../../services/roles/role.ts'
import { topicSpecs } from '../../../schemas/topics.ts'
import { systemClock } from '../../../services/lib/clock.ts'
import { createKafkaLog } from '../../../services/lib/log/kafka/index.ts'
import type { Log } from '../../../services/lib/log/port.ts'
import { createSqliteLog } from '../../../services/lib/log/sqlite/index.ts'
import { createLogger } from '../../../services/lib/logger.ts'
import { type ClickHouseServer, startClickHouse } from '../../support/clickhouse-server.ts'
import { type RunningProcess, startProgram, startRole } from '../../support/processes.ts'
import { until } from '../../support/service.ts'
import { startWebhookReceiver, type WebhookReceiver } from '../../support/webhook-receiver.ts'
import { type HttpProxy, startHttpProxy } from './http-proxy.ts'
import { type KafkaProxy, startKafkaProxy } from './kafka-proxy.ts'

export const ENGINES = ['embedded', 'kafka'] as const
export type EngineName = (typeof ENGINES)[number]

export interface System {
  readonly engine: EngineName
  /** Before the collector, for those who send. */
  readonly front: HttpProxy
  readonly webhooks: WebhookReceiver
  /** For files that belong to this system. */
  readonly directory: string
  /** The processes that do the work of a role; in one process it is always the same. */
  of(role: RoleName): readonly RunningProcess[]
  /** One of them. Throws where there is none. */
  one(role: RoleName): RunningProcess
  running(): readonly RunningProcess[]
  /** Starts a process for the role and waits until it is ready. */
  start(role: RoleName): Promise<RunningProcess>
  /** kill -9. */
  kill(process: RunningProcess): Promise<void>
  /** SIGTERM; the exit code. */
  stop(process: RunningProcess): Promise<number | null>
  /** The log as others see it. On the embedded engine nothing may run meanwhile. */
  openLog(): Promise<Log>
  close(): Promise<void>
}

export interface EmbeddedSystem extends System {
  readonly engine: 'embedded'
  /** The data directory. */
  readonly data: string
  /** Starts the process under a limit of the kernel on the size of files, in KiB. */
  startLimited(fileKibMax: number): Promise<RunningProcess>
  /** Starts the process with a clock that is off by the ms that stand in the file. */
  startWithClock(clockFile: string): Promise<RunningProcess>
}

export interface SeparateSystem extends System {
  readonly engine: 'kafka'
  readonly kafka: LocalKafka
  /** Before the brokers: `victims` for the detectors that a fault is about, `others` for everybody else. */
  readonly doors: { readonly victims: KafkaProxy; readonly others: KafkaProxy }
  readonly clickhouse: ClickHouseServer
  /** Before ClickHouse. */
  readonly warehouse: HttpProxy
  /** Starts a detector behind the door `victims`. */
  startVictim(): Promise<RunningProcess>
  /** As `start`, without waiting until it is ready: it answers probes. */
  launch(role: RoleName): Promise<RunningProcess>
}

export const isSeparate = (system: System): system is SeparateSystem => system.engine === 'kafka'

export const PARTITIONS = 8
const READY_MS_MAX = 60_000

/** Token of another tenant, which the load does not belong to. */
export const NEIGHBOUR = 'mw_token_of_the_neighbour_0123456789'

const configuration = (webhooks: WebhookReceiver): object => ({
  tokens: [{ name: 'neighbour', token: NEIGHBOUR, tenant: 'neighbour', role: 'admin', scopes: ['live'] }],
  sinks: [
    {
      name: 'siem',
      type: 'webhook',
      url: webhooks.url,
      secret: webhooks.secret,
      min_severity: 'info',
      allow_private: true,
      receives: ['findings'],
    },
  ],
})

function firstOf(processes: readonly RunningProcess[], what: string): RunningProcess {
  const [first] = processes
  if (first === undefined) throw new Error(`no ${what} runs`)
  return first
}

/** What both kinds of system have in common: processes come and go, and one ready collector is behind the front. */
async function createStage() {
  const directory = await mkdtemp(join(tmpdir(), 'moltwatch-fault-'))
  const webhooks = await startWebhookReceiver()
  const processes: RunningProcess[] = []
  let turn = 0
  const front = await startHttpProxy((path) => {
    const collectors = processes.filter(({ otlpUrl }) => otlpUrl !== '')
    const collector = collectors[turn++ % collectors.length]
    if (collector === undefined) throw new Error('no collector runs')
    return path.startsWith('/v1/logs') ? collector.otlpUrl : collector.url
  })
  const forget = (process: RunningProcess): void => {
    const at = processes.indexOf(process)
    if (at >= 0) processes.splice(at, 1)
  }
  return {
    directory,
    webhooks,
    processes,
    front,
    /** Throws with the process's log where it does not become ready. */
    async add(process: RunningProcess): Promise<RunningProcess> {
      processes.push(process)
      await until(process.isReady, Boolean, READY_MS_MAX).catch(() => {
        throw new Error(`a process was not ready within ${READY_MS_MAX} ms:\n${process.log()}`)
      })
      return process
    },
    async kill(process: RunningProcess) {
      forget(process)
      await process.kill()
    },
    async stop(process: RunningProcess) {
      forget(process)
      return process.stop()
    },
    /** `engines` end once no process asks them any more; the directory goes last, because until then they write into it. */
    async close(engines: () => Promise<unknown> = async () => {}) {
      await front.close()
      await Promise.all(processes.splice(0).map((process) => process.kill()))
      await webhooks.close()
      await engines()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** One process with everything in it. */
export async function startEmbedded(): Promise<EmbeddedSystem> {
  const stage = await createStage()
  const data = join(stage.directory, 'data')
  const config = join(stage.directory, 'moltwatch.yaml')
  await writeFile(config, JSON.stringify(configuration(stage.webhooks)))
  const options = ['--data', data, '--config', config, '--port', '0', '--otlp-port', '0']
  const system: EmbeddedSystem = {
    ...stage,
    close: () => stage.close(),
    engine: 'embedded',
    data,
    of: () => [...stage.processes],
    one: () => firstOf(stage.processes, 'service'),
    running: () => [...stage.processes],
    start: async () => stage.processes[0] ?? stage.add(await startProgram('start', options)),
    startLimited: async (fileKibMax) => stage.add(await startProgram('start', options, { fileKibMax })),
    startWithClock: async (clockFile) => stage.add(await startProgram('start', options, { clockFile })),
    async openLog() {
      const tools = { clock: systemClock, logger: createLogger('silent') }
      const log = await createSqliteLog({ ...tools, directory: join(data, 'log'), maintenanceEveryMs: 0 })
      await log.ensureTopics(topicSpecs())
      return log
    },
  }
  await system.start('collector')
  return system
}

const FIRST_ROLES = ['responder', 'collector', 'detector', 'archiver', 'api'] as const

/** Separate processes on a Kafka of their own: one of each role, and a second detector behind a door of its own. */
export async function startSeparate(options: LocalKafkaOptions = { brokers: 1 }): Promise<SeparateSystem> {
  const stage = await createStage()
  const { directory, processes } = stage
  const kafka = await startKafka({ ...options, doors: 2 })
  const [victims, others] = await Promise.all(kafka.doors.map(startKafkaProxy))
  const clickhouse = await startClickHouse(join(directory, 'clickhouse'))
  const warehouse = await startHttpProxy(() => clickhouse.url)
  const replicas = options.brokers === 3 ? { replication_factor: 3, min_insync: 2 } : {}
  const fileFor = async (door: number): Promise<string> => {
    const file = join(directory, `door-${door}.yaml`)
    const { bootstrap: brokers } = kafka.doors[door]!
    const engines = { kafka: { brokers, partitions: PARTITIONS, ...replicas }, clickhouse: { url: warehouse.url } }
    await writeFile(file, JSON.stringify({ ...configuration(stage.webhooks), ...engines }))
    return file
  }
  const files = await Promise.all([0, 1].map(fileFor))
  const startAt = async (role: RoleName, door: number): Promise<RunningProcess> =>
    stage.add(await startRole(role, files[door]!))
  const of = (role: RoleName): RunningProcess[] => processes.filter(({ command }) => command === role)
  const system: SeparateSystem = {
    ...stage,
    engine: 'kafka',
    kafka,
    doors: { victims: victims!, others: others! },
    clickhouse,
    warehouse,
    of,
    one: (role) => firstOf(of(role), role),
    running: () => [...processes],
    start: (role) => startAt(role, 1),
    async launch(role) {
      const process = await startRole(role, files[1]!)
      processes.push(process)
      return process
    },
    startVictim: () => startAt('detector', 0),
    async openLog() {
      const tools = { clock: systemClock, logger: createLogger('silent') }
      const log = await createKafkaLog({ ...tools, brokers: kafka.bootstrap, clientId: 'onlooker' })
      await log.ensureTopics(topicSpecs(PARTITIONS))
      return log
    },
    close: () =>
      stage.close(async () => {
        await Promise.all([victims!.close(), others!.close(), warehouse.close(), clickhouse.close()])
        await kafka.close()
      }),
  }
  try {
    await Promise.all([system.startVictim(), ...FIRST_ROLES.map(system.start)])
    return system
  } catch (error) {
    await system.close()
    throw error
  }
}
