/** Gives a log the key of its partitions as a responder does, for tests that run none. */
import type { Words } from '../../schemas/keyed-hash.ts'
import { writePartitionKey } from '../../schemas/partitioning.ts'
import { contentPartition, stateKey } from '../../schemas/state.ts'
import type { Log } from '../../services/lib/log/port.ts'

let claims = 0

/** Writes a claim. The first one of a log counts. */
export async function claimPartitionKey(log: Log, words: Words = [1, 2, 3, 4]): Promise<void> {
  const key = stateKey({ kind: 'partitioning', tenant: '', id: `claim-${++claims}` }, 1)
  const value = Buffer.from(JSON.stringify({ key: writePartitionKey(words) }))
  await log.append('state', contentPartition(log.partitions('state')), [{ key, value }])
}
