/**
 * The Apache Kafka of tests in containers of its official image: one or three brokers on a network of their own, each
 * with a port of loopback that it keeps when it is killed and started again with the data it had. Clients come by the
 * listener CLIENTS; the brokers speak among themselves by BROKERS and CONTROLLER, inside the network and in plain text.
 */
import { connect as connectPlain, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { randomBytes } from 'node:crypto'
import { Network, type StartedNetwork } from 'testcontainers'
import { freePorts } from '../../infra/local/free-ports.ts'
import { commonProperties, type RunningBroker, type RunningKafka, type KafkaOptions } from '../../infra/local/kafka.ts'
import { KAFKA_IMAGE, KAFKA_VERSION } from '../../infra/local/kafka-jars.ts'
import { createCertificate, securityProperties, STORE, storageUsers } from '../../infra/local/kafka-security.ts'
import { type LastingContainer, startContainer, withTools } from './containers.ts'

const CLIENTS_PORT = 9092
const STOP_SECONDS_MAX = 20
const PROBE_MS_MAX = 2_000

/** Where the image keeps data: a volume that belongs to its user. */
const DATA = '/var/lib/kafka/data'
const SETTINGS = '/etc/moltwatch'
const FORMAT = `/opt/kafka/bin/kafka-storage.sh format -c ${SETTINGS}/server.properties`
/** Storage is prepared once, with the arguments of the command; then the server takes the place of the shell. */
const START = `{ [ -e ${DATA}/meta.properties ] || ${FORMAT} "$@"; } && exec /opt/kafka/bin/kafka-server-start.sh ${SETTINGS}/server.properties`

const nameOf = (id: number): string => `kafka-${id}`

/** The settings of one broker, whose clients come by `port` of the loopback interface of this machine. */
export function containerProperties(id: number, port: number, options: KafkaOptions): string {
  const ids = Array.from({ length: options.brokers }, (_, at) => at + 1)
  const properties: Record<string, string> = {
    'process.roles': 'broker,controller',
    'node.id': String(id),
    'controller.quorum.voters': ids.map((voter) => `${voter}@${nameOf(voter)}:9093`).join(','),
    listeners: `CLIENTS://:${CLIENTS_PORT},CONTROLLER://:9093,BROKERS://:9094`,
    'advertised.listeners': `CLIENTS://127.0.0.1:${port},BROKERS://${nameOf(id)}:9094`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'BROKERS',
    'listener.security.protocol.map': `CLIENTS:${options.users === undefined ? 'PLAINTEXT' : 'SASL_SSL'},CONTROLLER:PLAINTEXT,BROKERS:PLAINTEXT`,
    'log.dirs': DATA,
    ...commonProperties(options.brokers),
    ...(options.users === undefined ? {} : securityProperties(options.users, SETTINGS)),
    ...options.properties,
  }
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')
}

/** The question which versions a broker speaks, the only one that is allowed before any other: length, key 18, version 0. */
const API_VERSIONS = Buffer.from([0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 1, 0xff, 0xff])

/**
 * Whether a broker answers behind the port. The engine itself takes connections to a published port, so being connected
 * says nothing: a TLS handshake has to succeed, or a question has to be answered.
 */
function answers(port: number, isTls: boolean): Promise<boolean> {
  return new Promise((resolve) => {
    const socket: Socket = isTls
      ? connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false })
      : connectPlain(port, '127.0.0.1')
    const end = (isThere: boolean): void => {
      socket.destroy()
      resolve(isThere)
    }
    socket.setTimeout(PROBE_MS_MAX, () => end(false))
    socket.once(isTls ? 'secureConnect' : 'data', () => end(true))
    socket.once('connect', () => void (isTls || socket.write(API_VERSIONS)))
    socket.on('error', () => end(false))
    socket.once('close', () => end(false))
  })
}

interface Certificate {
  readonly authority: string
  readonly store: string
}

/** Java's keytool runs in the image, since this machine may have no Java. The store is binary; exec gives texts. */
const createCertificateInContainer = (): Promise<Certificate> =>
  withTools(KAFKA_IMAGE, async (run) => {
    const authority = await createCertificate('/tmp', (args) => run(['keytool', ...args]))
    return { authority, store: await run(['base64', `/tmp/${STORE}`]) }
  })

interface Room {
  readonly network: StartedNetwork
  readonly options: KafkaOptions
  readonly format: readonly string[]
  readonly certificate: Certificate | undefined
}

function startBroker(
  id: number,
  port: number,
  { network, options, format, certificate }: Room,
): Promise<LastingContainer> {
  const file = (name: string, content: string | Buffer) => ({ target: `${SETTINGS}/${name}`, content, mode: 0o644 })
  const files = [file('server.properties', containerProperties(id, port, options))]
  if (certificate !== undefined) files.push(file(STORE, Buffer.from(certificate.store, 'base64')))
  return startContainer({
    image: KAFKA_IMAGE,
    port: { container: CLIENTS_PORT, host: port },
    isReady: () => answers(port, certificate !== undefined),
    shape: (container) =>
      container
        .withNetwork(network)
        .withNetworkAliases(nameOf(id))
        .withEnvironment({ KAFKA_HEAP_OPTS: '-Xmx384m', KAFKA_JVM_PERFORMANCE_OPTS: '-XX:+UseSerialGC' })
        .withCopyContentToContainer(files)
        .withCommand(['bash', '-c', START, 'start', ...format]),
  })
}

const brokerOf = (port: number, container: LastingContainer): RunningBroker => ({
  address: `127.0.0.1:${port}`,
  start: () => container.start(),
  stop: () => container.stop(STOP_SECONDS_MAX),
  kill: () => container.kill(),
  freeze: () => container.pause(),
})

/** Starts the brokers and resolves when each answers. Throws an Error with the last words of one that does not. */
export async function startKafkaInContainers(options: KafkaOptions): Promise<RunningKafka> {
  const certificate = options.users === undefined ? undefined : await createCertificateInContainer()
  const format = [`--cluster-id=${randomBytes(16).toString('base64url')}`, ...storageUsers(options.users ?? {})]
  const ports = await freePorts(options.brokers)
  const network = await new Network().start()
  const room = { network, options, format, certificate }
  const starting = await Promise.allSettled(ports.map((port, at) => startBroker(at + 1, port, room)))
  const containers = starting.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  const close = async (): Promise<void> => {
    await Promise.all(containers.map((container) => container.remove()))
    await network.stop()
  }
  const failed = starting.find((one) => one.status === 'rejected')
  if (failed !== undefined) {
    await close()
    throw failed.reason
  }
  const brokers = containers.map((container, at) => brokerOf(ports[at] as number, container))
  const count = options.brokers === 1 ? 'one broker' : 'three brokers'
  const description = `Apache Kafka ${KAFKA_VERSION} in ${options.brokers === 1 ? 'a container' : 'containers'}, ${count}`
  return {
    bootstrap: brokers.map(({ address }) => address),
    brokers,
    authority: certificate?.authority,
    description,
    close,
  }
}
