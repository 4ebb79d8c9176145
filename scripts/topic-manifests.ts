/**
 * The topics as Strimzi manifests, for clusters in which the first client does not create the topics. Generated from the
 * table in schemas/topics.ts; a test compares topics.yaml with it.
 *
 *   node scripts/topic-manifests.ts > infra/kafka/topics.yaml
 */
import { stringify } from 'yaml'
import { type TopicSpec, topicSpecs } from '../schemas/topics.ts'
import { createdSettings } from '../services/lib/log/kafka/topics.ts'
import { RAW_SETTINGS } from '../services/lib/raw-topic.ts'

const REPLICAS = 3
const MIN_IN_SYNC = 2

/** Settings of one topic in the words of Kafka: those that it has where moltwatch creates it. */
const configOf = (spec: TopicSpec) => ({
  ...createdSettings(spec, MIN_IN_SYNC),
  ...(spec.name === 'raw' ? RAW_SETTINGS : {}),
})

const resourceOf = (spec: TopicSpec) => ({
  apiVersion: 'kafka.strimzi.io/v1',
  kind: 'KafkaTopic',
  metadata: { name: spec.name, labels: { 'strimzi.io/cluster': 'moltwatch' }, annotations: { holds: spec.holds } },
  spec: { topicName: spec.name, partitions: spec.partitions, replicas: REPLICAS, config: configOf(spec) },
})

const HEAD = `# Topics of moltwatch as resources of Strimzi, generated from schemas/topics.ts by scripts/topic-manifests.ts: not edited by hand.
# They speak the API v1: Strimzi has it since 0.49, and nothing else since 1.0.
# The number of partitions is fixed once a topic exists; kafka.partitions in the configuration must say the same.
`

/** The text of topics.yaml. */
export const topicManifests = (): string =>
  HEAD +
  topicSpecs()
    .map((spec) => `---\n${stringify(resourceOf(spec), { lineWidth: 0 })}`)
    .join('')

if (import.meta.main) process.stdout.write(topicManifests())
