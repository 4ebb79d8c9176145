/** Producer ids. All partitions share one until one of them has to leave it, and then has its own. */
import type { Cluster } from './cluster.ts'
import { type Lane, type Producer, takeProducer } from './lane.ts'
import { errorOf } from './wire.ts'

async function askForProducer(cluster: Cluster): Promise<Producer> {
  type Answer = { errorCode: number; producerId: string; producerEpoch: number }
  const wire = await cluster.any()
  const answer = await wire.call<Answer>('InitProducerId', { transactionalId: null, transactionTimeout: 0 })
  const error = errorOf(answer.errorCode)
  if (error !== undefined) throw error
  return { id: BigInt(answer.producerId), epoch: answer.producerEpoch }
}

/** Answers a function that sees to it that a lane has a producer. It throws Kafka's error. */
export function createProducers(cluster: Cluster): (lane: Lane) => Promise<void> {
  let common: Promise<Producer> | undefined
  const shared = (): Promise<Producer> =>
    (common ??= askForProducer(cluster).catch((error: unknown) => {
      common = undefined
      throw error
    }))
  return async (lane) => {
    if (lane.producer !== undefined) return
    takeProducer(lane, await (lane.nextSequence < 0 ? askForProducer(cluster) : shared()))
  }
}
