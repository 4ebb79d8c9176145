/**
 * A real Apache Kafka: what stands in the topic is read back by kafkajs's own consumer, and each record must be OCSF
 * (test/forms/ocsf.ts) under the key of its tenant. The broker stalls by being stopped (SIGSTOP), and refuses by being away.
 */
import kafkajs from 'kafkajs'
import { startKafka } from '../../../infra/local/kafka.ts'
import { findKafka } from '../../../infra/local/kafka-jars.ts'
import { ocsfProblems } from '../../forms/ocsf.ts'
import { demand, type SinkReceiver, type StartReceiver, type Taken } from './receiver.ts'

const TOPIC = 'security.findings'

function check(key: string, value: string): Taken {
  const document = JSON.parse(value) as Record<string, unknown>
  const problems = ocsfProblems(document)
  demand(problems.length === 0, problems.join('; '))
  const { uid, tenant_uid: tenant } = document['metadata'] as Record<string, string>
  demand(/^[0-9A-Za-z.-]+$/.test(uid ?? ''), 'no uid of the delivery')
  demand(key === (tenant ?? ''), `the key ${key}`)
  const info = document['finding_info'] as { uid: string } | undefined
  const act = document['activity_id'] === 3 ? 'resolve' : 'trigger'
  return { text: value, key: info?.uid ?? '', act }
}

/** Why the suite leaves this type out; undefined where it runs. */
export async function whyAway(): Promise<string | undefined> {
  const found = await findKafka()
  return found.ok ? undefined : found.reason
}

export const startReceiver: StartReceiver = async () => {
  const taken: Taken[] = []
  const problems: string[] = []
  const running = await startKafka({ brokers: 1 })
  const broker = running.brokers[0]!
  const client = new kafkajs.Kafka({ brokers: [...running.bootstrap], logLevel: kafkajs.logLevel.NOTHING })
  const admin = client.admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic: TOPIC, numPartitions: 2 }], waitForLeaders: true })
  await admin.disconnect()
  const seen = new Set<string>()
  const eachMessage = async ({ partition, message: { key, value, offset } }: kafkajs.EachMessagePayload) => {
    const place = `${partition}/${offset}`
    if (seen.has(place)) return
    seen.add(place)
    try {
      taken.push(check(String(key), String(value)))
    } catch (error) {
      problems.push((error as Error).message)
    }
  }
  let readers = 0
  /** Reads all of the topic from its beginning; what another one has read is passed over. */
  const listen = async (): Promise<kafkajs.Consumer> => {
    const consumer = client.consumer({ groupId: `suite-${++readers}`, retry: { retries: 100, maxRetryTime: 500 } })
    await consumer.connect()
    await consumer.subscribe({ topic: TOPIC, fromBeginning: true })
    await consumer.run({ eachMessage })
    return consumer
  }
  let consumer = await listen()
  /** A consumer that saw its broker die or stand still may wait for it for minutes; a new one does not. */
  const comeBack = async (): Promise<void> => {
    await broker.start()
    const before = consumer
    consumer = await listen()
    void before.disconnect().catch(() => undefined)
  }
  const receiver: SinkReceiver = {
    settings: { brokers: running.bootstrap, topic: TOPIC, ssl: false, allow_private: true },
    mood: 'take',
    async setMood(mood) {
      receiver.mood = mood
      if (mood === 'stall') await broker.freeze()
      else if (mood === 'refuse') await broker.kill()
      else await comeBack()
    },
    taken,
    problems,
    async close() {
      await consumer.disconnect().catch(() => undefined)
      await running.close()
    },
  }
  return receiver
}
