/**
 * The cluster as one client sees it: its brokers, the leader of each partition, the coordinator of each group, and a live
 * connection to each. What fails is discarded and recreated on its next use. Callers that meet stale metadata ask for a
 * refresh. The cluster itself never retries: its callers know how long that is worthwhile.
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

/** Metadata of the cluster, and the connections to it. */
interface State {
  readonly options: ClusterOptions
  readonly watched: Set<string>
  readonly addresses: Map<number, string>
  readonly wires: Map<string, Promise<Wire>>
  readonly topics: Map<string, readonly PartitionState[]>
  readonly coordinators: Map<string, number>
  controllerId: number
  refreshedAt: number
  refreshing: Promise<void> | undefined
  seed: number
  closed: boolean
}

async function connect(state: State, address: string): Promise<Wire> {
  if (state.closed) throw unavailable('the log is closed')
  const known = state.wires.get(address)
  const wire = await known?.catch(() => undefined)
  if (wire !== undefined && !wire.isDead()) return wire
  // Others may have waited for the same dead connection and made a new one meanwhile.
  if (state.wires.get(address) !== known) return connect(state, address)
  wire?.close()
  const connecting = connectWire(address, state.options)
  state.wires.set(address, connecting)
  const connected = await connecting.catch((error: unknown) => {
    throw unavailable(`broker ${address} cannot be reached`, error)
  })
  if (!state.closed) return connected
  connected.close()
  throw unavailable('the log is closed')
}

async function any(state: State): Promise<Wire> {
  const known = [...state.addresses.values()]
  for (const address of known) {
    const wire = await state.wires.get(address)?.catch(() => undefined)
    if (wire !== undefined && !wire.isDead()) return wire
  }
  let failure: unknown = unavailable('no broker is configured')
  const candidates = [...new Set([...known, ...state.options.brokers])]
  state.seed++
  for (let i = 0; i < candidates.length; i++) {
    try {
      return await connect(state, candidates[(i + state.seed) % candidates.length]!)
    } catch (error) {
      failure = error
    }
  }
  throw failure
}

function learn(state: State, { brokers, controllerId: controller, topicMetadata }: Metadata): void {
  state.controllerId = controller
  state.addresses.clear()
  for (const { nodeId, host, port } of brokers) state.addresses.set(nodeId, `${host}:${port}`)
  for (const { topicErrorCode, topic, partitionMetadata } of topicMetadata) {
    const error = errorOf(topicErrorCode)
    if (error?.type === 'UNKNOWN_TOPIC_OR_PARTITION') state.topics.delete(topic)
    if (error !== undefined && partitionMetadata.length === 0) continue
    const states = partitionMetadata.map(({ partitionId, leader, replicas, isr }) => ({
      partition: partitionId,
      leader,
      replicas,
      inSync: isr,
    }))
    state.topics.set(
      topic,
      states.sort((a, b) => a.partition - b.partition),
    )
  }
  state.refreshedAt = performance.now()
}

async function refreshNow(state: State): Promise<void> {
  const wire = await any(state)
  learn(state, await wire.call<Metadata>('Metadata', { topics: [...state.watched], allowAutoTopicCreation: false }))
}

const refresh = (state: State): Promise<void> =>
  (state.refreshing ??= refreshNow(state).finally(() => {
    state.refreshing = undefined
  }))

async function node(state: State, id: number): Promise<Wire> {
  if (!state.addresses.has(id)) await refresh(state)
  const address = state.addresses.get(id)
  if (address === undefined) throw unavailable(`broker ${id} is not in the cluster at the moment`)
  return connect(state, address)
}

async function coordinator(state: State, group: string): Promise<Wire> {
  let id = state.coordinators.get(group)
  if (id === undefined) {
    const answer = await (await any(state)).call<Coordinates>('GroupCoordinator', {
      groupId: group,
      coordinatorType: 0,
    })
    const error = errorOf(answer.errorCode)
    if (error !== undefined) throw error
    id = answer.coordinator.nodeId
    state.coordinators.set(group, id)
  }
  return node(state, id)
}

export function createCluster(options: ClusterOptions): Cluster {
  const state: State = {
    options,
    watched: new Set(),
    addresses: new Map(),
    wires: new Map(),
    topics: new Map(),
    coordinators: new Map(),
    controllerId: -1,
    refreshedAt: Number.NEGATIVE_INFINITY,
    refreshing: undefined,
    seed: 0,
    closed: false,
  }

  return {
    watch(names) {
      for (const name of names) state.watched.add(name)
    },
    refresh: () => refresh(state),
    async refreshIfOld() {
      if (performance.now() - state.refreshedAt > LIMITS.kafka_metadata_ms_max) await refresh(state)
    },
    topic: (name) => state.topics.get(name),
    leader(topic, partition) {
      const leader = state.topics.get(topic)?.[partition]?.leader
      return leader === undefined || leader < 0 ? undefined : leader
    },
    brokerCount: () => state.addresses.size,
    node: (id) => node(state, id),
    any: () => any(state),
    async controller() {
      if (state.controllerId < 0) await refresh(state)
      return node(state, state.controllerId)
    },
    coordinator: (group) => coordinator(state, group),
    forgetCoordinator: (group) => void state.coordinators.delete(group),
    close() {
      state.closed = true
      for (const wire of state.wires.values()) wire.then((open) => open.close()).catch(() => undefined)
    },
  }
}

/** Whether a retry can help: metadata is stale, a broker is coming up, or the trouble passes by itself. */
const isPassing = (error: unknown): boolean => {
  const { type, retriable, name } = error as { type?: string; retriable?: boolean; name?: string }
  if (error instanceof LogError) return error.retriable
  if (name === 'TypeError' || name === 'ReferenceError' || name === 'RangeError') return false
  return type === undefined || retriable === true
}

/**
 * Repeats an action on the cluster until it succeeds. Passing trouble is retried with fresh metadata for at most
 * `kafka_patience_ms_max`, then throws log_unavailable. An error that no retry can fix is thrown at once.
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
