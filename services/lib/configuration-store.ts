/**
 * Reads the content of detection configurations, which lies in `state` under its hash. Whoever meets a control record
 * with a hash finds the content here: it was made durable before the record.
 */
import {
  configurationHash,
  type DetectionConfiguration,
  detectionConfigurationValidator,
} from '../../schemas/configuration.ts'
import { contentKey, contentPartition } from '../../schemas/state.ts'
import type { Log } from './log/port.ts'

/**
 * The configuration with this hash, or undefined where `state` does not hold it. Throws where what lies there is not what
 * the hash names: going on with another configuration would change results.
 */
export async function readConfigurationContent(log: Log, hash: string): Promise<DetectionConfiguration | undefined> {
  const key = contentKey(hash)
  let found: Buffer | null = null
  for await (const record of log.read('state', contentPartition(log.partitions('state')))) {
    if (record.key === key) found = record.value
  }
  if (found === null) return undefined
  const content = JSON.parse(found.toString('utf8')) as unknown
  if (!detectionConfigurationValidator.check(content) || configurationHash(content) !== hash) {
    throw new Error(`the configuration ${hash} in the topic state is damaged: its content has another hash`)
  }
  return content
}

/** As readConfigurationContent; every content is read once. All partitions of a process ask for the same few. */
export function createConfigurationReader(log: Log): (hash: string) => Promise<DetectionConfiguration | undefined> {
  const known = new Map<string, Promise<DetectionConfiguration | undefined>>()
  return (hash) => {
    const reading = known.get(hash)
    if (reading !== undefined) return reading
    const fresh = readConfigurationContent(log, hash)
    known.set(hash, fresh)
    const forget = (): boolean => known.delete(hash)
    // Neither an absence nor a failure is remembered.
    fresh.then((content) => content === undefined && forget(), forget)
    return fresh
  }
}
