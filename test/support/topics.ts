/** Reads whole topics of any log, for tests that look into them. */
import type { Log } from '../../services/lib/log/port.ts'

/** What a partition holds, tombstones left out. */
export async function valuesIn(log: Log, topic: string, partition: number): Promise<Buffer[]> {
  const values: Buffer[] = []
  for await (const { value } of log.read(topic, partition)) if (value !== null) values.push(value)
  return values
}

/** What all partitions of a topic hold, one after the other. */
export async function valuesOf(log: Log, topic: string): Promise<Buffer[]> {
  const values: Buffer[] = []
  for (let partition = 0; partition < log.partitions(topic); partition++) {
    values.push(...(await valuesIn(log, topic, partition)))
  }
  return values
}
