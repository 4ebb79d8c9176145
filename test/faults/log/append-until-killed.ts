/**
 * Appends to an embedded log as fast as it is acknowledged, and prints each acknowledgement, until it is killed: run by
 * a test as a process of its own. What a record holds follows from its partition and number, so that the test can tell
 * an invented one. Meanwhile retention and compaction run without a pause, so that kills meet them too.
 */
import { writeSync } from 'node:fs'
import { systemClock } from '../../../services/lib/clock.ts'
import { createLogger } from '../../../services/lib/logger.ts'
import { createSqliteLog } from '../../../services/lib/log/sqlite/index.ts'
import { KEYS, PLACES, TOPICS, valueOf } from './kill-support.ts'

const IN_FLIGHT = 8

const log = await createSqliteLog({
  directory: process.argv[2]!,
  clock: systemClock,
  logger: createLogger('silent'),
  maintenanceEveryMs: 0,
  tombstoneGraceMs: 0,
})
await log.ensureTopics(TOPICS)

/**
 * Prints at once, not when the stream gets to it: an acknowledgement that the test never saw is one it cannot check. The
 * pipe does not block, so while the test is slow to read this waits and tries again.
 */
function print(line: string): void {
  for (;;) {
    try {
      writeSync(1, line)
      return
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
    }
  }
}

/** Several appends to one partition are always under way; the numbers go on where the test says they stopped. */
async function appendForEver(topic: string, partition: number, from: number): Promise<void> {
  let next = from
  const one = async (): Promise<void> => {
    for (;;) {
      const number = next++
      const key = `${number % KEYS}`
      const offset = await log.append(topic, partition, [{ key, value: valueOf(topic, partition, number) }])
      print(`${topic}/${partition} ${number} ${offset}\n`)
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, one))
}

async function maintainForEver(): Promise<void> {
  for (;;) await log.maintain()
}

const froms = process.argv[3]!.split(',').map(Number)
await Promise.all([
  maintainForEver(),
  ...PLACES.map(([topic, partition], i) => appendForEver(topic, partition, froms[i]!)),
])
