/** Where partitions begin and end, and what groups have committed; asked of the brokers each time, in few requests. */
import { type PartitionBounds, LogError } from '../port.ts'
import { type Cluster, persist, unavailable } from './cluster.ts'
import { createReadCommitted } from './commits.ts'
import { answersOf, byTopic, collectTurn, type Question } from './turn.ts'
import { errorOf } from './wire.ts'

export interface Offsets {
  bounds(topic: string, partition: number): Promise<PartitionBounds>
  /** Throws offset_out_of_range if reading cannot continue from this offset. */
  check(topic: string, partition: number, offset: number): Promise<PartitionBounds>
  committed(group: string, topic: string, partition: number): Promise<number | null>
}

interface Listed {
  readonly responses: readonly {
    readonly topic: string
    readonly partitions: readonly { partition: number; errorCode: number; offset: string }[]
  }[]
}

const EARLIEST = '-2'
const LATEST = '-1'

/** Collects the questions of one turn and asks each leader once. A leader's answer names one time for each partition. */
function createAsker(cluster: Cluster, timestamp: string): (topic: string, partition: number) => Promise<number> {
  async function askNode(node: number, questions: readonly Question<number>[]): Promise<void> {
    const topics = [...byTopic(questions)].map(([topic, partitions]) => ({
      topic,
      partitions: [...partitions.keys()].map((partition) => ({ partition, timestamp })),
    }))
    const answer = await (await cluster.node(node)).call<Listed>('ListOffsets', {
      replicaId: -1,
      isolationLevel: 0,
      topics,
    })
    const answerTo = answersOf(answer.responses)
    for (const question of questions) {
      const one = answerTo(question)
      const error = one === undefined ? new Error('the broker did not answer') : errorOf(one.errorCode)
      if (error === undefined) question.resolve(Number(one!.offset))
      else question.reject(error)
    }
  }

  const collect = collectTurn<Question<number>>((asked) => {
    const nodes = Map.groupBy(asked, ({ topic, partition }) => cluster.leader(topic, partition))
    for (const [node, questions] of nodes) {
      const failAll = (error: unknown): void => {
        for (const { reject } of questions) reject(error)
      }
      if (node === undefined) failAll(unavailable(`${questions[0]!.topic} has a partition without a leader`))
      else askNode(node, questions).catch(failAll)
    }
  })

  return (topic, partition) => new Promise((resolve, reject) => collect({ topic, partition, resolve, reject }))
}

export function createOffsets(cluster: Cluster): Offsets {
  const earliest = createAsker(cluster, EARLIEST)
  const latest = createAsker(cluster, LATEST)
  const readCommitted = createReadCommitted(cluster)

  const bounds = (topic: string, partition: number): Promise<PartitionBounds> =>
    persist(cluster, `the bounds of ${topic}/${partition} cannot be read`, async () => {
      // The start first: in the other order it could be beyond the end.
      const start = await earliest(topic, partition)
      return { start, end: await latest(topic, partition) }
    })

  return {
    bounds,
    async check(topic, partition, offset) {
      const known = await bounds(topic, partition)
      if (Number.isInteger(offset) && offset >= known.start && offset <= known.end) return known
      const holds = `the log holds ${known.start} up to, not including, ${known.end}`
      throw new LogError('offset_out_of_range', `offset ${offset} of ${topic}/${partition} is not there: ${holds}`)
    },
    committed: (group, topic, partition) =>
      persist(cluster, `what ${group} committed cannot be read`, () => readCommitted(group, topic, partition)),
  }
}
