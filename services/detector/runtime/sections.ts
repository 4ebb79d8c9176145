/**
 * The sections of the configuration that control records and snapshots name, read from `state`. A leak list is held once
 * in a process, as long as a stage uses it: all partitions of a process ask for the same few.
 */
import { LeakedCredentials } from '../../../detectors/lib/leaked-credentials.ts'
import { LEAK_LIST } from '../../../schemas/leak-list.ts'
import { createConfigurationReader, readLeakList } from '../../lib/configuration-store.ts'
import type { Log } from '../../lib/log/port.ts'
import type { SectionReader } from './partition-worker.ts'

/** So long after it was last asked for, a list is held for the next partition that asks. */
const KEPT_MS = 60_000

export function createSectionReader(log: Log): SectionReader {
  const settings = createConfigurationReader(log)
  const known = new Map<string, WeakRef<LeakedCredentials>>()
  const reading = new Map<string, Promise<LeakedCredentials | undefined>>()
  const kept = new Map<string, { readonly list: LeakedCredentials; readonly timer: NodeJS.Timeout }>()

  function keep(hash: string, list: LeakedCredentials): LeakedCredentials {
    clearTimeout(kept.get(hash)?.timer)
    kept.set(hash, { list, timer: setTimeout(() => kept.delete(hash), KEPT_MS).unref() })
    known.set(hash, new WeakRef(list))
    return list
  }

  async function read(hash: string): Promise<LeakedCredentials | undefined> {
    const bytes = await readLeakList(log, hash)
    return bytes === undefined ? undefined : keep(hash, new LeakedCredentials(bytes))
  }

  async function leakList(hash: string): Promise<LeakedCredentials | undefined> {
    const held = known.get(hash)?.deref()
    if (held !== undefined) return keep(hash, held)
    const fresh = reading.get(hash) ?? read(hash).finally(() => reading.delete(hash))
    reading.set(hash, fresh)
    return fresh
  }

  return { leakList, of: ({ name, hash }) => (name === LEAK_LIST ? leakList(hash) : settings(hash)) }
}
