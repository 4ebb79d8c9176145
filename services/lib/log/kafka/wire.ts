/**
 * One connection to one broker, on the lower half of kafkajs: its sockets, TLS, SASL, version negotiation and the form of
 * each request and answer. The upper half (its producer, consumer and admin) is not used; docs/decisions/kafka-log.md says
 * why. This is the only file that knows kafkajs. A connection that has failed once is never used again.
 */
import kafkajs from 'kafkajs'
import Broker from 'kafkajs/src/broker/index.js'
import ConnectionPool from 'kafkajs/src/network/connectionPool.js'
import RequestQueue from 'kafkajs/src/network/requestQueue/index.js'
import createSocketFactory from 'kafkajs/src/network/socketFactory.js'
import errors from 'kafkajs/src/protocol/error.js'
import apiKeys from 'kafkajs/src/protocol/requests/apiKeys.js'
import definitions from 'kafkajs/src/protocol/requests/index.js'
import type { Socket } from 'node:net'
import type { ConnectionOptions } from 'node:tls'
import { LIMITS } from '../../../../schemas/limits.ts'
import type { Logger } from '../../logger.ts'

export const { AssignerProtocol } = kafkajs

/** The requests of Kafka's protocol that the adapter sends, by kafkajs's names. */
export type Api =
  | 'Metadata'
  | 'Produce'
  | 'InitProducerId'
  | 'Fetch'
  | 'ListOffsets'
  | 'GroupCoordinator'
  | 'JoinGroup'
  | 'SyncGroup'
  | 'Heartbeat'
  | 'LeaveGroup'
  | 'OffsetCommit'
  | 'OffsetFetch'
  | 'CreateTopics'
  | 'DescribeConfigs'

export interface KafkaSasl {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'
  readonly username: string
  readonly password: string
}

/** Opens the socket of a connection, as kafkajs asks for it. */
export type SocketFactory = (to: {
  readonly host: string
  readonly port: number
  /** Also null if there is none. */
  readonly ssl?: ConnectionOptions | null
  onConnect(): void
}) => Socket

export interface WireOptions {
  readonly clientId: string
  /** `true` for TLS with the machine's authorities, or the options of node:tls; left out for none. */
  readonly ssl?: true | ConnectionOptions
  readonly sasl?: KafkaSasl
  readonly logger: Pick<Logger, 'debug'>
  /** Left out: sockets to whatever address a name has. */
  readonly socketFactory?: SocketFactory
}

/** Works on the body of a request and of its answer, in the version that WRITTEN_HERE names. */
export interface Codec<T> {
  encode?(): Buffer
  decode(payload: Buffer): T
}

export interface Wire {
  readonly address: string
  /**
   * Sends one request and gives its answer as decoded, error codes included: looking at them is the caller's part.
   * A codec replaces kafkajs's own writing of the request or reading of the answer. Throws where the connection fails;
   * the wire is dead then.
   */
  call<T>(api: Api, options: object, codec?: Codec<T>): Promise<T>
  isDead(): boolean
  /** Closes at once; what is in progress fails. */
  close(): void
}

export interface KafkaError extends Error {
  /** Kafka's own name of the error, such as NOT_LEADER_FOR_PARTITION. */
  readonly type: string
  readonly retriable: boolean
}

/** The error for a code in an answer; undefined if the code means success. */
export const errorOf = (code: number): KafkaError | undefined =>
  code === 0 ? undefined : errors.createErrorFromCode(code)

/**
 * kafkajs checks the queue of each connection every millisecond, indefinitely. A queue that is empty and not throttled
 * needs no check: whatever is added later triggers one.
 */
function calmRequestQueues(): void {
  const { prototype } = RequestQueue
  const schedule = prototype.scheduleCheckPendingRequests
  prototype.scheduleCheckPendingRequests = function scheduleIfNeeded() {
    if (this.pending.length > 0) schedule.call(this)
  }
}
calmRequestQueues()

/** What kafkajs logs goes to DEBUG: whoever receives the error reports what matters. */
function bridge(logger: WireOptions['logger']): unknown {
  const say = (message: string, details: object): void => logger.debug({ kafka: details }, message)
  const bridged = { info: say, error: say, warn: say, debug: () => undefined, namespace: () => bridged }
  return bridged
}

const REQUESTS = new Map(Object.entries(definitions.requests))
/** The versions of the requests that produce.ts and fetch.ts know. */
const WRITTEN_HERE: Partial<Record<Api, number>> = { Produce: 7, Fetch: 11 }

const plainSocketFactory = createSocketFactory()

/** The sockets to one broker. */
function openPool(address: string, options: WireOptions, logger: unknown): ConnectionPool {
  const { clientId, ssl, sasl, socketFactory = plainSocketFactory } = options
  const split = address.lastIndexOf(':')
  return new ConnectionPool({
    host: address.slice(0, split).replace(/^\[(.*)\]$/, '$1'),
    port: Number(address.slice(split + 1)),
    clientId,
    logger,
    socketFactory,
    ...(ssl === undefined ? {} : { ssl: ssl === true ? {} : ssl }),
    ...(sasl === undefined ? {} : { sasl }),
    connectionTimeout: LIMITS.kafka_connect_ms_max,
    requestTimeout: LIMITS.kafka_request_ms_max,
    enforceRequestTimeout: true,
  })
}

/** Connects to `host:port`, with version negotiation and SASL. Throws kafkajs's errors. */
export async function connectWire(address: string, options: WireOptions): Promise<Wire> {
  const logger = bridge(options.logger)
  const pool = openPool(address, options, logger)
  const authenticationTimeout = LIMITS.kafka_request_ms_max
  const broker = new Broker({ connectionPool: pool, logger, authenticationTimeout, allowAutoTopicCreation: false })
  let dead = false
  let fetching: Promise<unknown> | undefined

  function close(): void {
    if (dead) return
    dead = true
    for (const connection of pool.pool) {
      connection.rejectRequests(new Error(`the connection to ${address} was closed`))
      connection.socket?.destroy()
    }
    // Nothing is under way any more: this only stops the timers of the queues.
    broker.disconnect().catch(() => undefined)
  }

  async function call<T>(api: Api, args: object, codec?: Codec<T>): Promise<T> {
    if (dead) throw new Error(`the connection to ${address} was closed`)
    try {
      // kafkajs opens the second socket at the first fetch, and two of them where two fetches begin at once.
      if (api === 'Fetch') await (fetching ??= pool.getConnection(1))
      const protocol = broker.lookupRequest(apiKeys[api]!, REQUESTS.get(api))(args)
      if (codec !== undefined && protocol.request.apiVersion !== WRITTEN_HERE[api]) {
        throw new Error(`${address} is older than Apache Kafka 2.4, the oldest that is supported`)
      }
      const response = {
        decode: codec === undefined ? protocol.response.decode : async (payload: Buffer) => codec.decode(payload),
        parse: async (decoded: unknown) => decoded,
      }
      const body = codec?.encode?.()
      // What kafkajs takes for its own encoder is a holder of bytes.
      const request =
        body === undefined
          ? protocol.request
          : { ...protocol.request, encode: async () => ({ buf: body, buffer: body }) }
      return (await pool.send({ ...protocol, request, response, logResponseError: false })) as T
    } catch (error) {
      close()
      throw error
    }
  }

  // A broker that hangs accepts connections and never answers.
  const patience = setTimeout(() => {
    for (const connection of pool.pool) connection.socket?.destroy()
    for (const connection of pool.pool) connection.rejectRequests(new Error('it says nothing'))
  }, LIMITS.kafka_handshake_ms_max)
  try {
    await broker.connect()
  } catch (error) {
    close()
    throw error
  } finally {
    clearTimeout(patience)
  }
  return { address, call, isDead: () => dead || !broker.isConnected(), close }
}
