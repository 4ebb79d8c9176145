/**
 * Looks into the embedded log while its process runs. The log's own door is closed to a second process, so this reads the
 * database beside the writer, which SQLite's write-ahead log allows and which stops nobody.
 */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { databaseFile, OFFSETS_PER_SLOT } from '../../../services/lib/log/sqlite/database.ts'

export interface RunningLog {
  /** Snapshots that are whole and reach beyond what the detector's group has committed. */
  uncommittedSnapshots(): number
  close(): void
}

const MANIFESTS = `
  SELECT c.key AS key, c.id / ${OFFSETS_PER_SLOT} - t.base AS partition
  FROM topics t JOIN compacted c ON c.id >= t.base * ${OFFSETS_PER_SLOT} AND c.id < (t.base + t.partitions) * ${OFFSETS_PER_SLOT}
  WHERE t.name = 'snapshots' AND c.key LIKE '%/manifest' AND c.value IS NOT NULL`

const COMMITTED = `
  SELECT c.next AS next FROM topics t JOIN commits c ON c.slot = t.base + ?
  WHERE t.name = ? AND c.consumer_group = 'detector'`

/** `data`: the data directory of a process that has opened its log. */
export function lookIntoRunningLog(data: string): RunningLog {
  const database = new DatabaseSync(databaseFile(join(data, 'log')), { readOnly: true, timeout: 5_000 })
  const manifests = database.prepare(MANIFESTS)
  const committed = database.prepare(COMMITTED)
  return {
    uncommittedSnapshots() {
      const rows = manifests.all() as { key: string; partition: number }[]
      return rows.filter(({ key, partition }) => {
        const [stage = '', , offset] = key.split('/')
        const row = committed.get(partition, stage) as { next: number } | undefined
        return (row?.next ?? 0) < Number(offset)
      }).length
    },
    close: () => database.close(),
  }
}
