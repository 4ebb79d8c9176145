/**
 * Starts a real Apache Kafka (KRaft, one or three brokers that are controllers too) on free ports of the loopback
 * interface, with a separate data directory. Everything ends with this process, however it ends.
 */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { freePorts } from './free-ports.ts'
import { createCertificate, securityProperties, storageUsers } from './kafka-security.ts'
import { type GuardedProcess, startGuarded } from './guarded-process.ts'
import { KAFKA_VERSION, resolveKafkaJars } from './kafka-jars.ts'

const run = promisify(execFile)
const START_MS_MAX = 120_000
const STOP_MS_MAX = 20_000
const QUIET = fileURLToPath(new URL('./kafka-log4j2.properties', import.meta.url))

/** A broker wherever it runs. */
export interface RunningBroker {
  readonly address: string
  /** Shuts down cleanly, after handing its partitions over; killed if that takes too long. */
  stop(): Promise<void>
  /** Ends at once, as by kill -9. */
  kill(): Promise<void>
  /** Suspends the broker; `start` resumes it. */
  freeze(): Promise<void>
  /** Starts again with the data it had. */
  start(): Promise<void>
}

/** A broker that is a process of this machine. */
export interface LocalBroker extends RunningBroker {
  /** Where it keeps the log. */
  readonly data: string
  /** Of the process that was started last. */
  pid(): number
}

/** Route to one broker through a proxy: clients are given `port`, and the broker listens on `target`. */
export interface DoorRoute {
  readonly port: number
  readonly target: number
}

/**
 * A second route to all brokers, for clients that a test puts behind a proxy; brokers refer these clients back to it.
 */
export interface Door {
  /** What clients behind the proxy are given. */
  readonly bootstrap: readonly string[]
  /** One for each broker. Nothing answers on `port` until the test listens there. */
  readonly routes: readonly DoorRoute[]
}

/** Brokers wherever they run. */
export interface RunningKafka {
  /** What clients are given: addresses of all brokers. */
  readonly bootstrap: readonly string[]
  readonly brokers: readonly RunningBroker[]
  /** The certificate, in PEM, that clients have to trust; undefined without TLS. */
  readonly authority: string | undefined
  /** What was started, for people. */
  readonly description: string
  /** Ends all brokers and removes their data. */
  close(): Promise<void>
}

export interface LocalKafka extends RunningKafka {
  readonly brokers: readonly LocalBroker[]
  /** As many as were asked for. */
  readonly doors: readonly Door[]
}

export interface KafkaOptions {
  readonly brokers: 1 | 3
  /** More broker properties, which win over those set here. */
  readonly properties?: Readonly<Record<string, string>>
  /** Demands TLS with a certificate that is made here, and one of these users by SASL (PLAIN or SCRAM). */
  readonly users?: Readonly<Record<string, string>>
}

export interface LocalKafkaOptions extends KafkaOptions {
  /** Routes to the brokers that a test leads through its own proxies. */
  readonly doors?: number
}

interface Place {
  readonly id: number
  readonly port: number
  readonly controllerPort: number
  readonly routes: readonly DoorRoute[]
}

/** The listeners for clients: the usual one, and one per door, which advertises the proxy's port. */
function clientListeners({ port, routes }: Place): { name: string; port: number; advertised: number }[] {
  const doors = routes.map((route, i) => ({ name: `DOOR${i}`, port: route.target, advertised: route.port }))
  return [{ name: 'CLIENTS', port, advertised: port }, ...doors]
}

function propertiesOf(place: Place, places: readonly Place[], data: string, options: LocalKafkaOptions): string {
  const protocol = options.users === undefined ? 'PLAINTEXT' : 'SASL_SSL'
  const clients = clientListeners(place)
  const listed = (line: (listener: (typeof clients)[number]) => string): string => clients.map(line).join(',')
  const properties: Record<string, string> = {
    'process.roles': 'broker,controller',
    'node.id': String(place.id),
    'controller.quorum.voters': places.map(({ id, controllerPort }) => `${id}@127.0.0.1:${controllerPort}`).join(','),
    listeners: `${listed(({ name, port }) => `${name}://127.0.0.1:${port}`)},CONTROLLER://127.0.0.1:${place.controllerPort}`,
    'advertised.listeners': listed(({ name, advertised }) => `${name}://127.0.0.1:${advertised}`),
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'CLIENTS',
    'listener.security.protocol.map': `${listed(({ name }) => `${name}:${protocol}`)},CONTROLLER:PLAINTEXT`,
    'log.dirs': join(data, 'log'),
    ...commonProperties(places.length),
    ...(options.users === undefined ? {} : securityProperties(options.users, dirname(data))),
    ...options.properties,
  }
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')
}

/**
 * Settings of all brokers, wherever they run: nothing is created implicitly, and no test waits longer than it has to.
 */
export function commonProperties(brokers: number): Record<string, string> {
  const replicas = String(brokers)
  return {
    'auto.create.topics.enable': 'false',
    'group.initial.rebalance.delay.ms': '0',
    'offsets.topic.num.partitions': '4',
    'offsets.topic.replication.factor': replicas,
    'transaction.state.log.replication.factor': replicas,
    'share.coordinator.state.topic.replication.factor': replicas,
    // A killed broker is given up after 3 s instead of 9, so that tests of it need not wait.
    'broker.heartbeat.interval.ms': '500',
    'broker.session.timeout.ms': '3000',
    'num.network.threads': '2',
    'num.io.threads': '4',
    'log.cleaner.dedupe.buffer.size': '8388608',
  }
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

interface Room {
  readonly jars: string
  readonly data: string
  /** More arguments of the tool that prepares the storage. */
  readonly format: readonly string[]
}

/** Writes the settings of one broker and gives its storage the cluster's id. */
async function createBroker(place: Place, { jars, data, format }: Room, text: string): Promise<LocalBroker> {
  mkdirSync(data, { recursive: true })
  const settings = join(data, 'server.properties')
  const output = join(data, 'output.txt')
  writeFileSync(settings, text)
  writeFileSync(output, '')
  const java = ['java', `-Dlog4j2.configurationFile=${QUIET}`, '-cp', join(jars, '*')] as const
  const small = ['-Xmx256m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC']
  await run(java[0], [...small, ...java.slice(1), 'kafka.tools.StorageTool', 'format', ...format, '-c', settings])
  let current: GuardedProcess | undefined

  async function start(): Promise<void> {
    if (current?.isRunning() === true) return current.signal('SIGCONT')
    current = await startGuarded([java[0], '-Xmx384m', '-XX:+UseSerialGC', ...java.slice(1), 'kafka.Kafka', settings], {
      data,
      output,
    })
    for (let waited = 0; !(await listens(place.port)); waited += 100) {
      if (!current.isRunning() || waited > START_MS_MAX) {
        const said = readFileSync(output, 'utf8').trim().split('\n').slice(-20).join('\n')
        throw new Error(`Apache Kafka did not start on port ${place.port}. Its last words:\n${said}`)
      }
      await wait(100)
    }
  }
  async function end(how: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const ending = current
    ending?.signal(how)
    if (how === 'SIGTERM') await Promise.race([ending?.ended, wait(STOP_MS_MAX, undefined, { ref: false })])
    ending?.signal('SIGKILL')
    await ending?.ended
  }
  return {
    address: `127.0.0.1:${place.port}`,
    data: join(data, 'log'),
    pid: () => current?.pid ?? 0,
    start,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    freeze: async () => current?.signal('SIGSTOP'),
  }
}

async function choosePlaces(brokers: number, doors: number): Promise<Place[]> {
  const each = 2 + 2 * doors
  const ports = await freePorts(brokers * each)
  return Array.from({ length: brokers }, (_, i) => {
    const [port, controllerPort, ...rest] = ports.slice(i * each, (i + 1) * each) as [number, number, ...number[]]
    const routes = Array.from({ length: doors }, (_door, d) => ({ port: rest[2 * d]!, target: rest[2 * d + 1]! }))
    return { id: i + 1, port, controllerPort, routes }
  })
}

/** The way through a door to all brokers. */
function doorOf(places: readonly Place[], door: number): Door {
  const routes = places.map((place) => place.routes[door]!)
  return { bootstrap: routes.map(({ port }) => `127.0.0.1:${port}`), routes }
}

/** Starts the brokers and resolves when each accepts connections. Throws an Error that says what is missing. */
export async function startKafka(options: LocalKafkaOptions): Promise<LocalKafka> {
  const jars = await resolveKafkaJars()
  const places = await choosePlaces(options.brokers, options.doors ?? 0)
  const root = mkdtempSync(join(tmpdir(), 'moltwatch-kafka-'))
  const cluster = Buffer.from(Array.from({ length: 16 }, (_, i) => (process.pid >> i) & 255)).toString('base64url')
  const format = [`--cluster-id=${cluster}`, ...storageUsers(options.users ?? {})]
  const dataOf = ({ id }: Place): string => join(root, String(id))
  const brokers: LocalBroker[] = []
  const close = async (): Promise<void> => {
    // Data that is about to be removed needs no orderly end.
    await Promise.all(brokers.map((broker) => broker.kill()))
    rmSync(root, { recursive: true, force: true })
  }
  try {
    const authority = options.users === undefined ? undefined : await createCertificate(root)
    const created = places.map((place) =>
      createBroker(place, { jars, data: dataOf(place), format }, propertiesOf(place, places, dataOf(place), options)),
    )
    brokers.push(...(await Promise.all(created)))
    await Promise.all(brokers.map((broker) => broker.start()))
    const count = options.brokers === 1 ? 'one broker' : 'three brokers'
    const description = `Apache Kafka ${KAFKA_VERSION} from its jars, ${count}`
    const doors = Array.from({ length: options.doors ?? 0 }, (_, door) => doorOf(places, door))
    return { bootstrap: brokers.map(({ address }) => address), doors, brokers, authority, description, close }
  } catch (error) {
    await close()
    throw error
  }
}
