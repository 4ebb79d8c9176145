/**
 * The cluster as one client sees it: which brokers there are, who leads a partition, who coordinates a group, and a live
 * connection to each. What fails is thrown away and made anew at the next use; whoever meets stale knowledge asks for
 * fresh. Nothing here retries: retrying belongs to those who know how long it is worth while.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { LIMITS } from '../../../../schemas/limits.ts'
import { LogError } from '../port.ts'
import { connectWire, errorOf, type Wire, type WireOptions } from './wire.ts'

export interface PartitionState {
  readonly partition: number
  /** Node id; -1 while the partition has no leader. */
  readonly leader: number
  readonly replicas: readonly number[]
  readonly inSync: readonly number[]
}

export interface Cluster {
  /** Keeps knowledge of these topics from the next refresh on. */
  watch(topics: readonly string[]): void
  /** Asks a broker for fresh knowledge; calls at the same time share one request. */
  refresh(): Promise<void>
  /** Refreshes where the knowledge is older than `kafka_metadata_ms_max`. */
  refreshIfOld(): Promise<void>
  /** Partitions of a topic in their order; undefined where the cluster has no such topic, as of the last refresh. */
  topic(name: string): readonly PartitionState[] | undefined
  /** Node id of a partition's leader; undefined while it is unknown or there is none. */
  leader(topic: string, partition: number): number | undefined
  brokerCount(): number
  node(id: number): Promise<Wire>
  /** Any broker, a connected one first. */
  any(): Promise<Wire>
  /** Where topics are created. */
  controller(): Promise<Wire>
  coordinator(group: string): Promise<Wire>
  forgetCoordinator(group: string): void
  /** Ends all connections at once. */
  close(): void
}

export interface ClusterOptions extends WireOptions {
  /** `host:port` of some brokers; the rest is learned from them. */
  readonly brokers: readonly string[]
}

interface Metadata {
  readonly brokers: readonly { nodeId: number; host: string; port: number }[]
  readonly controllerId: number
  readonly topicMetadata: readonly {
    topicErrorCode: number
    topic: string
    partitionMetadata: readonly {
      partitionId: number
      leader: number
      replicas: readonly number[]
      isr: readonly number[]
    }[]
  }[]
}

interface Coordinates {
  readonly errorCode: number
  readonly coordinator: { readonly nodeId: number }
}

/** Trouble that may pass, in the words of the port. */
export const unavailable = (what: string, cause?: unknown): LogError => {
  const reason = cause instanceof Error ? `: ${cause.message}` : ''
  return new LogError('log_unavailable', `${what}${reason}`, { cause })
}

export function createCluster(options: ClusterOptions): Cluster {
  const watched = new Set<string>()
  const addresses = new Map<number, string>()
  const wires = new Map<string, Promise<Wire>>()
  const topics = new Map<string, readonly PartitionState[]>()
  const coordinators = new Map<string, number>()
  let controllerId = -1
  let refreshedAt = Number.NEGATIVE_INFINITY
  let refreshing: Promise<void> | undefined
  let seed = 0
  let closed = false

  async function connect(address: string): Promise<Wire> {
    if (closed) throw unavailable('the log is closed')
    const known = wires.get(address)
    const wire = await known?.catch(() => undefined)
    if (wire !== undefined && !wire.isDead()) return wire
    // Others may have waited for the same dead connection and made a new one meanwhile.
    if (wires.get(address) !== known) return connect(address)
    wire?.close()
    const connecting = connectWire(address, options)
    wires.set(address, connecting)
    const connected = await connecting.catch((error: unknown) => {
      throw unavailable(`broker ${address} cannot be reached`, error)
    })
    if (!closed) return connected
    connected.close()
    throw unavailable('the log is closed')
  }

  async function any(): Promise<Wire> {
    const known = [...addresses.values()]
    for (const address of known) {
      const wire = await wires.get(address)?.catch(() => undefined)
      if (wire !== undefined && !wire.isDead()) return wire
    }
    let failure: unknown = unavailable('no broker is configured')
    const candidates = [...new Set([...known, ...options.brokers])]
    seed++
    for (let i = 0; i < candidates.length; i++) {
      try {
        return await connect(candidates[(i + seed) % candidates.length]!)
      } catch (error) {
        failure = error
      }
    }
    throw failure
  }

  function learn({ brokers, controllerId: controller, topicMetadata }: Metadata): void {
    controllerId = controller
    addresses.clear()
    for (const { nodeId, host, port } of brokers) addresses.set(nodeId, `${host}:${port}`)
    for (const { topicErrorCode, topic, partitionMetadata } of topicMetadata) {
      const error = errorOf(topicErrorCode)
      if (error?.type === 'UNKNOWN_TOPIC_OR_PARTITION') topics.delete(topic)
      if (error !== undefined && partitionMetadata.length === 0) continue
      const states = partitionMetadata.map(({ partitionId, leader, replicas, isr }) => ({
        partition: partitionId,
        leader,
        replicas,
        inSync: isr,
      }))
      topics.set(
        topic,
        states.sort((a, b) => a.partition - b.partition),
      )
    }
    refreshedAt = performance.now()
  }

  async function refreshNow(): Promise<void> {
    const wire = await any()
    learn(await wire.call<Metadata>('Metadata', { topics: [...watched], allowAutoTopicCreation: false }))
  }

  const refresh = (): Promise<void> =>
    (refreshing ??= refreshNow().finally(() => {
      refreshing = undefined
    }))

  async function node(id: number): Promise<Wire> {
    if (!addresses.has(id)) await refresh()
    const address = addresses.get(id)
    if (address === undefined) throw unavailable(`broker ${id} is not in the cluster at the moment`)
    return connect(address)
  }

  return {
    watch(names) {
      for (const name of names) watched.add(name)
    },
    refresh,
    async refreshIfOld() {
      if (performance.now() - refreshedAt > LIMITS.kafka_metadata_ms_max) await refresh()
    },
    topic: (name) => topics.get(name),
    leader(topic, partition) {
      const leader = topics.get(topic)?.[partition]?.leader
      return leader === undefined || leader < 0 ? undefined : leader
    },
    brokerCount: () => addresses.size,
    node,
    any,
    async controller() {
      if (controllerId < 0) await refresh()
      return node(controllerId)
    },
    async coordinator(group) {
      let id = coordinators.get(group)
      if (id === undefined) {
        const answer = await (await any()).call<Coordinates>('GroupCoordinator', { groupId: group, coordinatorType: 0 })
        const error = errorOf(answer.errorCode)
        if (error !== undefined) throw error
        id = answer.coordinator.nodeId
        coordinators.set(group, id)
      }
      return node(id)
    },
    forgetCoordinator: (group) => void coordinators.delete(group),
    close() {
      closed = true
      for (const wire of wires.values()) wire.then((open) => open.close()).catch(() => undefined)
    },
  }
}

/** What Kafka says when knowledge is stale, a broker is on its way or the trouble passes by itself. */
const isPassing = (error: unknown): boolean => {
  const { type, retriable, name } = error as { type?: string; retriable?: boolean; name?: string }
  if (error instanceof LogError) return error.retriable
  if (name === 'TypeError' || name === 'ReferenceError' || name === 'RangeError') return false
  return type === undefined || retriable === true
}

/**
 * Does something on the cluster until it works: what is passing is tried again with fresh knowledge, for
 * `kafka_patience_ms_max` at most. Throws log_unavailable then, and at once what no second try can mend.
 */
export async function persist<T>(cluster: Cluster, what: string, act: () => Promise<T>): Promise<T> {
  const begun = performance.now()
  for (let pauseMs: number = LIMITS.kafka_retry_ms_min; ; pauseMs = Math.min(2 * pauseMs, LIMITS.kafka_retry_ms_max)) {
    try {
      return await act()
    } catch (error) {
      if (error instanceof LogError && !error.retriable) throw error
      if (!isPassing(error)) throw unavailable(what, error)
      if (performance.now() - begun > LIMITS.kafka_patience_ms_max) throw unavailable(what, error)
      await wait(pauseMs)
      await cluster.refresh().catch(() => undefined)
    }
  }
}
