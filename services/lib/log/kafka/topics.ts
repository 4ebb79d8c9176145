/**
 * Creates missing topics and compares existing ones with what is wanted. It reports every difference at once, so one run
 * shows all that has to be fixed. It never changes what exists.
 */
import { counted } from '../../../../schemas/counted.ts'
import { setTimeout as wait } from 'node:timers/promises'
import { LIMITS } from '../../../../schemas/limits.ts'
import type { TopicSpec } from '../../../../schemas/topics.ts'
import { LogError } from '../port.ts'
import { COMPACTED_SETTINGS } from './compacted-topics.ts'
import { type Cluster, persist, unavailable } from './cluster.ts'
import { errorOf } from './wire.ts'

/** The topics that `ensureTopics` was called for. */
export interface TopicTable {
  /** The topic, if it has this partition; anything else is a bug of the caller. */
  check(topic: string, partition: number): TopicSpec
  get(topic: string): TopicSpec
  names(): readonly string[]
}

export interface TopicSettings {
  /** Copies of each partition. Left out: three, or as many as there are brokers, and existing topics are not checked. */
  readonly replicationFactor?: number
  /** Copies that must have a record before it is acknowledged. Left out: one less than the copies, one at least. */
  readonly minInSync?: number
  /** More settings of topics that are created. */
  readonly topicSettings?: Readonly<Record<string, string>>
}

const REPLICAS_DEFAULT = 3
const TOPIC_RESOURCE = 2

export function createTopicTable(): TopicTable & { add(spec: TopicSpec): void } {
  const specs = new Map<string, TopicSpec>()
  const get = (topic: string): TopicSpec => {
    const spec = specs.get(topic)
    if (spec === undefined) throw new Error(`topic ${topic} does not exist: call ensureTopics first`)
    return spec
  }
  return {
    get,
    names: () => [...specs.keys()],
    check(topic, partition) {
      const spec = get(topic)
      if (Number.isInteger(partition) && partition >= 0 && partition < spec.partitions) return spec
      throw new Error(`topic ${topic} has partitions 0 to ${spec.partitions - 1}, not ${partition}`)
    },
    add: (spec) => void specs.set(spec.name, spec),
  }
}

const replicasOf = (settings: TopicSettings, cluster: Cluster): number =>
  settings.replicationFactor ?? Math.min(REPLICAS_DEFAULT, cluster.brokerCount())

const minInSyncOf = (settings: TopicSettings, replicas: number): number =>
  settings.minInSync ?? Math.max(1, replicas - 1)

/** The settings of a topic that matter here, as Kafka names them. */
function settingsOf(spec: TopicSpec, minInSync: number): Record<string, string> {
  return {
    'cleanup.policy': spec.cleanup,
    ...(spec.cleanup === 'delete' ? { 'retention.ms': String(spec.retentionMs) } : {}),
    'min.insync.replicas': String(minInSync),
  }
}

/** The settings that a topic is created with by default. */
export const createdSettings = (spec: TopicSpec, minInSync: number): Record<string, string> => ({
  ...settingsOf(spec, minInSync),
  'message.timestamp.type': 'LogAppendTime',
  ...(spec.cleanup === 'compact' ? COMPACTED_SETTINGS : {}),
})

async function createMissing(cluster: Cluster, specs: readonly TopicSpec[], settings: TopicSettings): Promise<void> {
  const replicas = replicasOf(settings, cluster)
  const topics = specs.map((spec) => {
    const wanted = { ...createdSettings(spec, minInSyncOf(settings, replicas)), ...settings.topicSettings }
    const configEntries = Object.entries(wanted).map(([name, value]) => ({ name, value }))
    return { topic: spec.name, numPartitions: spec.partitions, replicationFactor: replicas, configEntries }
  })
  const controller = await cluster.controller()
  const { topicErrors } = await controller.call<{
    topicErrors: readonly { topic: string; errorCode: number; errorMessage?: string | null }[]
  }>('CreateTopics', { topics, validateOnly: false, timeout: LIMITS.kafka_replicate_ms_max })
  for (const { topic, errorCode, errorMessage } of topicErrors) {
    const error = errorOf(errorCode)
    if (error === undefined || error.type === 'TOPIC_ALREADY_EXISTS') continue
    if (error.retriable) throw error
    const what = `topic ${topic} with ${counted(replicas, 'replica')} cannot be created: ${errorMessage ?? error.message}`
    throw new LogError('topic_mismatch', what, { cause: error })
  }
}

/** Waits until each partition has a leader. Throws a retriable error if that takes long. */
async function waitForLeaders(cluster: Cluster, specs: readonly TopicSpec[]): Promise<void> {
  for (const spec of specs) {
    for (let tries = 0; ; tries++) {
      const states = cluster.topic(spec.name)
      if (states?.every(({ leader }) => leader >= 0) === true) break
      if (tries > 100) throw unavailable(`topic ${spec.name} has partitions without a leader`)
      await wait(LIMITS.kafka_retry_ms_min)
      await cluster.refresh()
    }
  }
}

async function readSettings(cluster: Cluster, specs: readonly TopicSpec[]): Promise<Map<string, Map<string, string>>> {
  const configNames = ['cleanup.policy', 'retention.ms', 'min.insync.replicas']
  const resources = specs.map(({ name }) => ({ type: TOPIC_RESOURCE, name, configNames }))
  const answer = await (await cluster.any()).call<{
    resources: readonly {
      errorCode: number
      resourceName: string
      configEntries: readonly { configName: string; configValue: string }[]
    }[]
  }>('DescribeConfigs', { resources, includeSynonyms: false })
  return new Map(
    answer.resources.map(({ errorCode, resourceName, configEntries }) => {
      const error = errorOf(errorCode)
      if (error !== undefined) throw error
      return [resourceName, new Map(configEntries.map((entry) => [entry.configName, entry.configValue]))]
    }),
  )
}

function differences(
  spec: TopicSpec,
  cluster: Cluster,
  actual: ReadonlyMap<string, string>,
  settings: TopicSettings,
): string[] {
  const states = cluster.topic(spec.name)!
  const found: string[] = []
  const compare = (what: string, has: string | number | undefined, wanted: string | number): void => {
    if (has !== wanted) found.push(`topic ${spec.name} has ${what} ${has}, wanted: ${wanted}`)
  }
  compare('partitions', states.length, spec.partitions)
  const replicas = Math.min(...states.map((state) => state.replicas.length))
  if (settings.replicationFactor !== undefined) compare('replicas', replicas, settings.replicationFactor)
  const wanted = settingsOf(spec, minInSyncOf(settings, replicas))
  for (const [name, value] of Object.entries(wanted)) compare(name, actual.get(name), value)
  return found
}

/** Creates what is missing. Throws topic_mismatch with every difference from what exists, which it never changes. */
export async function ensureTopics(
  cluster: Cluster,
  specs: readonly TopicSpec[],
  settings: TopicSettings,
): Promise<void> {
  cluster.watch(specs.map(({ name }) => name))
  await persist(cluster, 'the topics cannot be created or checked', async () => {
    await cluster.refresh()
    const missing = specs.filter(({ name }) => cluster.topic(name) === undefined)
    if (missing.length > 0) await createMissing(cluster, missing, settings)
    await waitForLeaders(cluster, specs)
    const actual = await readSettings(cluster, specs)
    const found = specs.flatMap((spec) => differences(spec, cluster, actual.get(spec.name)!, settings))
    if (found.length === 0) return
    const advice =
      'Partitions are fixed at creation; alter the rest with kafka-configs, or give the topics another home.'
    throw new LogError('topic_mismatch', `${found.join('; ')}. ${advice}`)
  })
}
