/**
 * What prevents appends from being acknowledged. The brokers' own list of in-sync replicas is not enough: without
 * controllers it never shrinks. So each broker that a partition needs is probed.
 */
import { counted } from '../../../../schemas/counted.ts'
import type { Cluster } from './cluster.ts'

/** Which of these brokers answer. */
async function findLiving(cluster: Cluster, nodes: ReadonlySet<number>): Promise<ReadonlySet<number>> {
  const living = new Set<number>()
  const ask = async (id: number): Promise<void> => {
    const wire = await cluster.node(id)
    await wire.call('ListOffsets', { replicaId: -1, isolationLevel: 0, topics: [] })
    living.add(id)
  }
  await Promise.all([...nodes].map((id) => ask(id).catch(() => undefined)))
  return living
}

/** In words, for the first partition of these topics that cannot take records; undefined if all can. */
export async function findObstacle(
  cluster: Cluster,
  topics: readonly string[],
  minInSync: number | undefined,
): Promise<string | undefined> {
  const states = topics.flatMap((topic) => (cluster.topic(topic) ?? []).map((state) => ({ topic, ...state })))
  const living = await findLiving(cluster, new Set(states.flatMap(({ inSync }) => inSync)))
  for (const { topic, partition, leader, replicas, inSync } of states) {
    const place = `partition ${partition} of topic ${topic}`
    if (leader < 0) return `${place} has no leader`
    if (!living.has(leader)) return `broker ${leader}, which leads ${place}, does not answer`
    const wanted = minInSync ?? Math.max(1, replicas.length - 1)
    const count = inSync.filter((id) => living.has(id)).length
    if (count < wanted) return `${place} has ${counted(count, 'replica')} in sync and needs ${wanted}`
  }
  return undefined
}
