/**
 * Writes single records into one topic of somebody's cluster, each with its own answer. It is for occasional records that
 * may arrive twice; the log itself has a queue with producer ids (append-queue.ts). A record goes to the partition of its
 * key. After a failure everything reconnects, because anything may have changed meanwhile.
 */
import { readFileSync } from 'node:fs'
import { connect as connectTcp, isIP, type LookupFunction, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { partitionOf } from '../../../../schemas/ids.ts'
import { type Cluster, createCluster } from './cluster.ts'
import { produceTo } from './produce.ts'
import { writeRecordBatch } from './record-batch-writer.ts'
import { errorOf, type KafkaSasl, type SocketFactory } from './wire.ts'

/** No producer id: a repeat is written again. */
const NOT_IDEMPOTENT = { producerId: -1n, producerEpoch: -1, firstSequence: -1 } as const

export interface TopicWriterOptions {
  /** `host:port` of some brokers. */
  readonly brokers: readonly string[]
  readonly topic: string
  readonly tls: boolean
  /** Certificates, in PEM, that brokers are trusted by. */
  readonly caFile?: string
  readonly sasl?: KafkaSasl
  readonly timeoutMs: number
  /** Resolves names of brokers, and refuses those that must not be reached. */
  readonly lookup: LookupFunction
  /** Why an address that a broker has instead of a name must not be reached; undefined if it may. */
  refuses(host: string): string | undefined
}

export interface TopicWriter {
  /**
   * Gives the record's offset once all replicas in sync have it; `timeMs` is when it is handed over. Throws with the reason
   * where nobody knows whether they have.
   */
  write(key: string, value: string, timeMs: number): Promise<number>
  close(): void
}

function guardedSockets({ lookup, refuses }: TopicWriterOptions): SocketFactory {
  return ({ host, port, ssl, onConnect }) => {
    const range = refuses(host)
    const to = { host, port, lookup }
    let socket: Socket
    if (ssl === undefined || ssl === null || range !== undefined)
      socket = connectTcp({ ...to, autoSelectFamily: false }, onConnect)
    else socket = connectTls({ ...to, ...(isIP(host) === 0 ? { servername: host } : {}), ...ssl }, onConnect)
    if (range !== undefined) socket.destroy(new Error(`the address is not public (${range})`))
    return socket
  }
}

/** Makes the writer; it connects at the first record. */
export function createTopicWriter(options: TopicWriterOptions): TopicWriter {
  const { brokers, topic, tls, caFile, sasl, timeoutMs } = options
  let cluster: Cluster | undefined
  const sockets = guardedSockets(options)

  function connected(): Cluster {
    if (cluster !== undefined) return cluster
    const ssl = caFile === undefined ? (true as const) : { ca: readFileSync(caFile) }
    cluster = createCluster({
      brokers,
      clientId: 'moltwatch-sink',
      // What matters of a failure is in the outcome of the delivery.
      logger: { debug: () => undefined },
      socketFactory: sockets,
      ...(tls ? { ssl } : {}),
      ...(sasl === undefined ? {} : { sasl }),
    })
    cluster.watch([topic])
    return cluster
  }

  async function writeTo(to: Cluster, key: string, value: string, timeMs: number): Promise<number> {
    await to.refreshIfOld()
    const partitions = to.topic(topic)
    if (partitions === undefined || partitions.length === 0) throw new Error(`there is no topic ${topic}`)
    const partition = partitionOf(key, partitions.length)
    const leader = to.leader(topic, partition)
    if (leader === undefined) throw new Error(`partition ${partition} of ${topic} has no leader at the moment`)
    const header = { timeMs, ...NOT_IDEMPOTENT }
    const batch = writeRecordBatch([{ key, value: Buffer.from(value) }], header)
    const [produced] = await produceTo(await to.node(leader), [{ topic, partition, batch }])
    const error = produced === undefined ? undefined : errorOf(produced.errorCode)
    if (error !== undefined) throw error
    if (produced === undefined || produced.baseOffset < 0) throw new Error('the broker said nothing of the record')
    return produced.baseOffset
  }

  const drop = (): void => {
    cluster?.close()
    cluster = undefined
  }

  return {
    async write(key, value, timeMs) {
      const to = connected()
      let timer: NodeJS.Timeout | undefined
      const patience = new Promise<never>((_resolve, reject) => {
        timer = setTimeout(() => reject(new Error('timed out')), timeoutMs)
      })
      const writing = writeTo(to, key, value, timeMs)
      // Where time runs out, its end is nobody's any more.
      writing.catch(() => undefined)
      try {
        return await Promise.race([writing, patience])
      } catch (error) {
        if (cluster === to) drop()
        else to.close()
        throw error
      } finally {
        clearTimeout(timer)
      }
    },
    close: drop,
  }
}
