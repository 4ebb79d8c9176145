/**
 * The system as real child processes, embedded or separate, on loopback. Every child depends on a guard: it ends with this
 * process, however that ends, and what it wrote is removed.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startGuarded } from '../../../infra/local/guarded-process.ts'
import { startKafka } from '../../../infra/local/kafka.ts'
import { startClickHouse } from '../../support/clickhouse-server.ts'
import type { RoleName } from '../../../services/roles/role.ts'
import { MASTER_KEY } from '../../support/processes.ts'
import { freePort, TOKEN } from '../../support/service.ts'
import { until } from './waiting.ts'

const MAIN = join(import.meta.dirname, '../../../services/main.ts')
const READY_MS_MAX = 60_000
const STOP_MS_MAX = 15_000
const LOG_LINES_SHOWN = 20

/** One process whose CPU time is counted. */
export interface Part {
  readonly name: string
  readonly pid: number
}

/** One process of ours. */
export interface Service extends Part {
  readonly url: string
  isReady(): Promise<boolean>
  /** SIGTERM, and waits; killed where that takes too long. */
  stop(): Promise<void>
}

/** The processes of one system and their doors. */
export interface System {
  readonly mode: 'embedded' | 'separate'
  readonly services: readonly Service[]
  /** The services, and the engines that are processes of their own. */
  parts(): readonly Part[]
  /** Where the API answers, where events are posted, and OTLP. */
  readonly api: string
  readonly door: string
  readonly otlp: string
}

export interface Separate extends System {
  start(role: RoleName): Promise<Service>
  stop(role: RoleName): Promise<void>
}

export interface RoomOptions {
  /** CPU profiles of each service go into a folder in this directory, one for each thread. */
  readonly profile: string | undefined
  /** Where signed webhooks go. */
  readonly sink: { readonly url: string; readonly secret: string }
}

export interface Room {
  /** Starts the embedded service; resolves when it is ready. */
  embedded(): Promise<System>
  /** Starts Kafka and ClickHouse; the roles come one by one. */
  separate(): Promise<Separate>
  /** Ends everything that was started and removes what it wrote. The room can be used again. */
  clear(): Promise<void>
}

const sinkOf = ({ url, secret }: RoomOptions['sink']) => ({
  sinks: [{ name: 'bench', type: 'webhook', url, secret, min_severity: 'info', allow_private: true }],
})

interface Launch {
  readonly name: string
  readonly args: readonly string[]
  readonly url: string
}

/** What runs in a container has no process here whose time could be counted. */
const partOf = (name: string, pid: number | undefined): Part[] => (pid === undefined ? [] : [{ name, pid }])

/** Starts a command of ours; what it logs goes to a file in the directory. */
async function launch(directory: string, { name, args, url }: Launch, profile: string | undefined): Promise<Service> {
  const output = join(directory, `${name}.log`)
  const profiling = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${join(profile, name)}`]
  const environment = [`MOLTWATCH_TOKEN=${TOKEN}`, `MOLTWATCH_MASTER_KEY=${MASTER_KEY}`, 'UV_THREADPOOL_SIZE=16']
  const command = ['env', ...environment, process.execPath, ...profiling, MAIN, ...args] as const
  const child = await startGuarded([...command], { data: directory, output })
  return {
    name,
    pid: child.pid,
    url,
    async isReady() {
      if (!child.isRunning()) {
        const said = readFileSync(output, 'utf8').trim().split('\n').slice(-LOG_LINES_SHOWN).join('\n')
        throw new Error(`${name} has ended:\n${said}`)
      }
      return fetch(`${url}/readyz`).then(
        (answer) => answer.status === 200,
        () => false,
      )
    },
    async stop() {
      child.signal('SIGTERM')
      await Promise.race([child.ended, sleep(STOP_MS_MAX, undefined, { ref: false })])
      child.signal('SIGKILL')
      await child.ended
    },
  }
}

export const ready = (services: readonly Service[]): Promise<unknown> =>
  Promise.all(services.map((service) => until(`${service.name} is ready`, () => service.isReady(), READY_MS_MAX)))

/** What runs, and what is to be closed. */
interface RoomState {
  readonly options: RoomOptions
  readonly running: Service[]
  readonly toClose: (() => Promise<void>)[]
}

/** A directory that the guards may remove, in one of its own. */
function makeDirectory(room: RoomState): string {
  const root = mkdtempSync(join(tmpdir(), 'moltwatch-bench-'))
  const directory = join(root, 'data')
  mkdirSync(directory)
  room.toClose.push(async () => rmSync(root, { recursive: true, force: true }))
  return directory
}

async function embedded(room: RoomState): Promise<System> {
  const directory = makeDirectory(room)
  const config = join(directory, 'moltwatch.yaml')
  writeFileSync(config, JSON.stringify(sinkOf(room.options.sink)))
  const [port, otlpPort] = [await freePort(), await freePort()]
  const url = `http://127.0.0.1:${port}`
  const ports = ['--port', String(port), '--otlp-port', String(otlpPort)]
  const args = ['start', '--data', join(directory, 'service'), '--config', config, ...ports]
  const service = await launch(directory, { name: 'embedded', args, url }, room.options.profile)
  room.running.push(service)
  await ready([service])
  return {
    mode: 'embedded',
    services: [service],
    parts: () => [service],
    api: url,
    door: url,
    otlp: `http://127.0.0.1:${otlpPort}`,
  }
}

async function separate(room: RoomState): Promise<Separate> {
  const directory = makeDirectory(room)
  const kafka = await startKafka({ brokers: 1 })
  room.toClose.push(kafka.close)
  const clickhouse = await startClickHouse(join(directory, 'clickhouse'))
  room.toClose.push(clickhouse.close)
  const config = join(directory, 'moltwatch.yaml')
  const engines = { kafka: { brokers: kafka.bootstrap }, clickhouse: { url: clickhouse.url } }
  writeFileSync(config, JSON.stringify({ ...engines, ...sinkOf(room.options.sink) }))
  const otlpPort = await freePort()
  const of = (role: RoleName): Service | undefined => room.running.find(({ name }) => name.startsWith(role))
  let started = 0
  return {
    mode: 'separate',
    services: room.running,
    parts: () => [
      ...room.running,
      { name: 'Kafka', pid: kafka.brokers[0]!.pid() },
      ...partOf('ClickHouse', clickhouse.pid()),
    ],
    get api() {
      return of('api')?.url ?? ''
    },
    get door() {
      return of('collector')?.url ?? ''
    },
    otlp: `http://127.0.0.1:${otlpPort}`,
    async start(role) {
      const port = await freePort()
      const second = role === 'collector' ? ['--otlp-port', String(otlpPort)] : []
      const args = [role, '--config', config, '--port', String(port), ...second]
      const name = of(role) === undefined ? role : `${role} ${++started}`
      const service = await launch(directory, { name, args, url: `http://127.0.0.1:${port}` }, room.options.profile)
      room.running.push(service)
      return service
    },
    async stop(role) {
      const service = of(role)
      if (service === undefined) return
      room.running.splice(room.running.indexOf(service), 1)
      await service.stop()
    },
  }
}

export function createRoom(options: RoomOptions): Room {
  const room: RoomState = {
    options,
    running: [],
    toClose: [],
  }

  return {
    embedded: () => embedded(room),
    separate: () => separate(room),
    async clear() {
      await Promise.all(room.running.splice(0).map((service) => service.stop()))
      for (const close of room.toClose.splice(0).reverse()) await close()
    },
  }
}
