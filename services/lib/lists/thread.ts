/**
 * The thread that reads leak lists: 1.5 million lines take seconds, which nobody else waits for. It is given the keys of the
 * tenants and nothing else, answers once, and ends.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { keyList } from './key.ts'
import { type ListProblem, readHashes } from './read.ts'

export interface ListJob {
  readonly base: readonly string[]
  /** Every tenant whose list is wanted; `key`: 32 bytes for its credentials. */
  readonly tenants: readonly { readonly tenant: string; readonly key: Uint8Array; readonly files: readonly string[] }[]
}

export interface ListAnswer {
  /** Content by tenant; unusable if there are problems. */
  readonly lists: readonly (readonly [string, Uint8Array])[]
  readonly problems: readonly ListProblem[]
}

async function work({ base, tenants }: ListJob): Promise<ListAnswer> {
  const shared = await readHashes(base)
  const problems = [...shared.problems]
  const lists: [string, Uint8Array][] = []
  for (const { tenant, key, files } of tenants) {
    const own = files.length === 0 ? undefined : await readHashes([...base, ...files])
    problems.push(...(own?.problems ?? []))
    if (problems.length === 0) lists.push([tenant, keyList(own?.hashes ?? shared.hashes, key)])
  }
  return { lists, problems }
}

const answer = await work(workerData as ListJob)
parentPort?.postMessage(
  answer,
  answer.lists.map(([, bytes]) => bytes.buffer as ArrayBuffer),
)
