/**
 * What groups have committed. The partitions of a consumer move together and are queried together, so what is written or
 * read in one turn goes to the group's coordinator in one request. Each partition has its own answer.
 */
import type { Cluster } from './cluster.ts'
import type { Identity } from './membership/index.ts'
import { answersOf, byTopic, collectTurn, type Question } from './turn.ts'
import { errorOf } from './wire.ts'

const NO_ANSWER = new Error('the group did not answer for this partition')

/** Reads committed offsets; null if nothing is committed. Throws Kafka's error. */
export type ReadCommitted = (group: string, topic: string, partition: number) => Promise<number | null>
/** Commits the next offset to read. Throws Kafka's error. */
export type Commit = (topic: string, partition: number, offset: number) => Promise<void>

interface Fetched {
  readonly errorCode?: number
  readonly responses: readonly {
    readonly topic: string
    readonly partitions: readonly { partition: number; errorCode: number; offset: string }[]
  }[]
}
interface Committed {
  readonly responses: readonly {
    readonly topic: string
    readonly partitions: readonly { partition: number; errorCode: number }[]
  }[]
}

interface GroupQuestion extends Question<number | null> {
  readonly group: string
}
interface Order extends Question<void> {
  readonly offset: number
}

/** A coordinator that fails or is none any more is looked for again by the next question. */
async function askCoordinator<T>(cluster: Cluster, group: string, api: 'OffsetFetch' | 'OffsetCommit', args: object) {
  try {
    return await (await cluster.coordinator(group)).call<T>(api, { groupId: group, ...args })
  } catch (error) {
    cluster.forgetCoordinator(group)
    throw error
  }
}

const rejectAll = (questions: readonly Pick<Question<never>, 'reject'>[], error: unknown): void => {
  for (const { reject } of questions) reject(error)
}

export function createReadCommitted(cluster: Cluster): ReadCommitted {
  async function ask(group: string, questions: readonly GroupQuestion[]): Promise<void> {
    const topics = [...byTopic(questions)].map(([topic, partitions]) => ({
      topic,
      partitions: [...partitions.keys()].map((partition) => ({ partition })),
    }))
    const { errorCode = 0, responses } = await askCoordinator<Fetched>(cluster, group, 'OffsetFetch', { topics })
    const answerTo = answersOf(responses)
    for (const question of questions) {
      const one = answerTo(question)
      const error = errorOf(errorCode) ?? (one === undefined ? NO_ANSWER : errorOf(one.errorCode))
      const offset = Number(one?.offset)
      if (error === undefined) question.resolve(offset < 0 ? null : offset)
      else {
        cluster.forgetCoordinator(group)
        question.reject(error)
      }
    }
  }
  const collect = collectTurn<GroupQuestion>((all) => {
    for (const [group, questions] of Map.groupBy(all, (question) => question.group)) {
      ask(group, questions).catch((error: unknown) => rejectAll(questions, error))
    }
  })
  return (group, topic, partition) =>
    new Promise((resolve, reject) => collect({ group, topic, partition, resolve, reject }))
}

/** `identity` throws while the member is none. */
export function createCommit(cluster: Cluster, group: string, identity: () => Identity): Commit {
  async function send(orders: readonly Order[]): Promise<void> {
    const { memberId, generation } = identity()
    const topics = [...byTopic(orders)].map(([topic, partitions]) => ({
      topic,
      partitions: [...partitions].map(([partition, { offset }]) => ({
        partition,
        offset: String(offset),
        metadata: '',
      })),
    }))
    const { responses } = await askCoordinator<Committed>(cluster, group, 'OffsetCommit', {
      groupGenerationId: generation,
      memberId,
      retentionTime: -1,
      topics,
    })
    const answerTo = answersOf(responses)
    for (const order of orders) {
      const one = answerTo(order)
      const error = one === undefined ? NO_ANSWER : errorOf(one.errorCode)
      if (error === undefined) order.resolve()
      else {
        cluster.forgetCoordinator(group)
        order.reject(error)
      }
    }
  }
  const collect = collectTurn<Order>((orders) => {
    send(orders).catch((error: unknown) => rejectAll(orders, error))
  })
  return (topic, partition, offset) =>
    new Promise((resolve, reject) => collect({ topic, partition, offset, resolve, reject }))
}
