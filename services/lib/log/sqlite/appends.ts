/**
 * Group commit: one transaction, and so one wait for the disk, for all appends and offset commits that have arrived.
 * Either all of them are in the log or none is; a failed one leaves the partitions as they were.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { unpackValues } from '../packed-records.ts'
import { recordCrc, rowCrc, rowId } from './database.ts'
import { type Partition, type Partitions, rollback } from './partitions.ts'
import type { AppendRequest, CommitRequest } from './protocol.ts'

export interface Appender {
  /** The answers in the order of the requests: first offset of each append of a request; null for an offset commit. */
  run(requests: readonly (AppendRequest | CommitRequest)[]): (Float64Array<ArrayBuffer> | null)[]
}

interface Growth {
  end: number
  endPosition: number
  firstAt: number
}

type Growths = Map<Partition, Growth>

function growthOf(growths: Growths, partition: Partition, nowMs: number): Growth {
  let growth = growths.get(partition)
  if (growth === undefined) {
    growth = { end: partition.end, endPosition: partition.endPosition, firstAt: nowMs }
    growths.set(partition, growth)
  }
  return growth
}

export function createAppender(database: DatabaseSync, partitions: Partitions): Appender {
  const insert = {
    delete: database.prepare('INSERT INTO records VALUES (?, ?, ?, ?, ?, ?)'),
    compact: database.prepare('INSERT INTO compacted VALUES (?, ?, ?, ?, ?, ?)'),
  }
  const putCommit = database.prepare('INSERT OR REPLACE INTO commits VALUES (?, ?, ?, ?)')

  function append(request: AppendRequest, growths: Growths): Float64Array<ArrayBuffer> {
    const { slots, counts, nowMs, values } = request
    const firsts = new Float64Array(slots.length)
    let run = -1
    let left = 0
    let partition!: Partition
    let growth!: Growth
    let statement!: StatementSync
    unpackValues(values, (_, key, value) => {
      while (left === 0) {
        run++
        left = counts[run]!
        partition = partitions.slots[slots[run]!]!
        growth = growthOf(growths, partition, nowMs)
        statement = insert[partition.topic.cleanup]
        firsts[run] = growth.end
      }
      const id = rowId(partition.slot, growth.end)
      statement.run(id, nowMs, recordCrc(id, nowMs, key, value), growth.endPosition, key, value)
      growth.end++
      growth.endPosition += (key === null ? 0 : Buffer.byteLength(key)) + (value?.length ?? 0)
      left--
    })
    return firsts
  }

  function adopt(growths: Growths): void {
    for (const [partition, growth] of growths) {
      partition.end = growth.end
      partition.endPosition = growth.endPosition
      if (partition.topic.cleanup === 'delete') partition.headAt ??= growth.firstAt
    }
  }

  return {
    run(requests) {
      const growths: Growths = new Map()
      database.exec('BEGIN IMMEDIATE')
      try {
        const answers = requests.map((request) => {
          if (request.kind === 'append') return append(request, growths)
          const { group, slot, offset } = request
          putCommit.run(group, slot, offset, rowCrc(group, slot, offset))
          return null
        })
        database.exec('COMMIT')
        adopt(growths)
        return answers
      } catch (error) {
        rollback(database)
        throw error
      }
    },
  }
}
