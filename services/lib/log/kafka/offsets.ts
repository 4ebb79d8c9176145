/** Where partitions begin and end, and what groups have committed; asked of the brokers each time, in few requests. */
import { type PartitionBounds, LogError } from '../port.ts'
import { type Cluster, persist, unavailable } from './cluster.ts'
import { errorOf } from './wire.ts'

export interface Offsets {
  bounds(topic: string, partition: number): Promise<PartitionBounds>
  /** Throws offset_out_of_range where nothing can be read on from this offset. */
  check(topic: string, partition: number, offset: number): Promise<PartitionBounds>
  committed(group: string, topic: string, partition: number): Promise<number | null>
}

interface Listed {
  readonly responses: readonly {
    readonly topic: string
    readonly partitions: readonly { partition: number; errorCode: number; offset: string }[]
  }[]
}

interface CommittedOffsets {
  readonly errorCode?: number
  readonly responses: readonly {
    readonly partitions: readonly { errorCode: number; offset: string }[]
  }[]
}

const EARLIEST = '-2'
const LATEST = '-1'

interface Question {
  readonly topic: string
  readonly partition: number
  readonly resolve: (offset: number) => void
  readonly reject: (error: unknown) => void
}

/** Collects the questions of one turn and asks each leader once. A leader's answer names one time for each partition. */
function createAsker(cluster: Cluster, timestamp: string): (topic: string, partition: number) => Promise<number> {
  let asked: Question[] = []

  async function askNode(node: number, questions: readonly Question[]): Promise<void> {
    const partitions = new Map<string, Set<number>>()
    for (const { topic, partition } of questions) {
      partitions.set(topic, (partitions.get(topic) ?? new Set()).add(partition))
    }
    const topics = [...partitions].map(([topic, set]) => ({
      topic,
      partitions: [...set].map((partition) => ({ partition, timestamp })),
    }))
    const answer = await (await cluster.node(node)).call<Listed>('ListOffsets', {
      replicaId: -1,
      isolationLevel: 0,
      topics,
    })
    const said = new Map(
      answer.responses.flatMap(({ topic, partitions: all }) => all.map((one) => [`${topic}/${one.partition}`, one])),
    )
    for (const { topic, partition, resolve, reject } of questions) {
      const one = said.get(`${topic}/${partition}`)
      const error = one === undefined ? new Error('the broker did not answer') : errorOf(one.errorCode)
      if (error === undefined) resolve(Number(one!.offset))
      else reject(error)
    }
  }

  function askAll(): void {
    const nodes = Map.groupBy(asked, ({ topic, partition }) => cluster.leader(topic, partition))
    asked = []
    for (const [node, questions] of nodes) {
      const failAll = (error: unknown): void => {
        for (const { reject } of questions) reject(error)
      }
      if (node === undefined) failAll(unavailable(`${questions[0]!.topic} has a partition without a leader`))
      else askNode(node, questions).catch(failAll)
    }
  }

  return (topic, partition) =>
    new Promise((resolve, reject) => {
      if (asked.length === 0) queueMicrotask(askAll)
      asked.push({ topic, partition, resolve, reject })
    })
}

export function createOffsets(cluster: Cluster): Offsets {
  const earliest = createAsker(cluster, EARLIEST)
  const latest = createAsker(cluster, LATEST)

  const bounds = (topic: string, partition: number): Promise<PartitionBounds> =>
    persist(cluster, `the bounds of ${topic}/${partition} cannot be read`, async () => {
      // The start first: read the other way round it could lie beyond the end.
      const start = await earliest(topic, partition)
      return { start, end: await latest(topic, partition) }
    })

  async function readCommitted(group: string, topic: string, partition: number): Promise<number | null> {
    const coordinator = await cluster.coordinator(group)
    const topics = [{ topic, partitions: [{ partition }] }]
    const { errorCode = 0, responses } = await coordinator.call<CommittedOffsets>('OffsetFetch', {
      groupId: group,
      topics,
    })
    const found = responses[0]?.partitions[0]
    const error = errorOf(errorCode) ?? errorOf(found?.errorCode ?? 0)
    if (error !== undefined) throw error
    const offset = Number(found?.offset ?? -1)
    return offset < 0 ? null : offset
  }

  return {
    bounds,
    async check(topic, partition, offset) {
      const known = await bounds(topic, partition)
      if (Number.isInteger(offset) && offset >= known.start && offset <= known.end) return known
      const holds = `the log holds ${known.start} up to, not including, ${known.end}`
      throw new LogError('offset_out_of_range', `offset ${offset} of ${topic}/${partition} is not there: ${holds}`)
    },
    committed: (group, topic, partition) =>
      persist(cluster, `what ${group} committed cannot be read`, async () => {
        try {
          return await readCommitted(group, topic, partition)
        } catch (error) {
          cluster.forgetCoordinator(group)
          throw error
        }
      }),
  }
}
