/**
 * The topic manifests on a real Kafka: brokers know every setting in them, topics made by them pass the comparison of
 * moltwatch, and have the settings of those that moltwatch makes itself.
 */
import kafkajs from 'kafkajs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { topicSpecs } from '../../../schemas/topics.ts'
import { topicManifests } from '../../../scripts/topic-manifests.ts'
import { RAW_SETTINGS } from '../../../services/lib/raw-topic.ts'
import { withKafka } from '../../support/kafka.ts'
import { openKafkaLog } from '../../support/kafka-log.ts'

interface Manifest {
  readonly spec: { topicName: string; partitions: number; config: Record<string, string> }
}

const { ConfigResourceTypes, Kafka, logLevel } = kafkajs
const MINUTES_2 = 120_000
const OWN = 'own-'

await withKafka({ brokers: 1 }, (kafka) => {
  describe('topics made from the manifests', () => {
    it('are those that moltwatch wants and makes', { timeout: MINUTES_2 }, async () => {
      const manifests = topicManifests()
        .split('---\n')
        .slice(1)
        .map((text) => parse(text) as Manifest)
      const admin = new Kafka({ brokers: [...kafka().bootstrap], logLevel: logLevel.NOTHING }).admin()
      await admin.connect()
      // One broker holds one replica; the rest is as it stands there.
      const topics = manifests.map(({ spec: { topicName, partitions, config } }) => ({
        topic: topicName,
        numPartitions: partitions,
        replicationFactor: 1,
        configEntries: Object.entries(config).map(([name, value]) => ({ name, value })),
      }))
      await admin.createTopics({ topics })
      const log = await openKafkaLog(kafka(), { minInSync: 2 })
      await log.ensureTopics(topicSpecs())

      const own = topicSpecs().map((spec) => ({ ...spec, name: `${OWN}${spec.name}` }))
      await log.ensureTopics(own.filter(({ name }) => name !== `${OWN}raw`))
      const raw = await openKafkaLog(kafka(), { minInSync: 2, topicSettings: RAW_SETTINGS })
      await raw.ensureTopics(own.filter(({ name }) => name === `${OWN}raw`))
      const settingsOf = async (names: readonly string[]) => {
        const { resources } = await admin.describeConfigs({
          includeSynonyms: false,
          resources: names.map((name) => ({ type: ConfigResourceTypes.TOPIC, name })),
        })
        return resources.map(({ configEntries }) =>
          Object.fromEntries(configEntries.map(({ configName, configValue }) => [configName, configValue])),
        )
      }
      const names = topicSpecs().map(({ name }) => name)
      expect(await settingsOf(names)).toEqual(await settingsOf(names.map((name) => `${OWN}${name}`)))
      await Promise.all([log.close(), raw.close(), admin.disconnect()])
    })

    it('are refused with a setting that brokers do not know', async () => {
      const admin = new Kafka({ brokers: [...kafka().bootstrap], logLevel: logLevel.NOTHING }).admin()
      await admin.connect()
      const configEntries = [{ name: 'retention.milliseconds', value: '1' }]
      const topics = [{ topic: 'planted', numPartitions: 1, replicationFactor: 1, configEntries }]
      await expect(admin.createTopics({ topics })).rejects.toMatchObject({
        errors: [{ type: 'INVALID_CONFIG', topic: 'planted' }],
      })
      await admin.disconnect()
    })
  })
})
