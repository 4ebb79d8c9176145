/**
 * Reads the content of detection configurations and of leak lists, which lies in `state` under its hash. Whoever meets a
 * control record with a hash finds the content here: it was made durable before the record.
 */
import {
  configurationHash,
  type DetectionConfiguration,
  detectionConfigurationValidator,
} from '../../schemas/configuration.ts'
import { LEAK_ENTRY_BYTES, leakListHash } from '../../schemas/leak-list.ts'
import { contentKey, contentPartition, LIST_WHOLE, parseListKey } from '../../schemas/state.ts'
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

/**
 * The content of the leak list with this hash, or undefined where `state` does not hold all of it. Throws where what lies
 * there is not what the hash names.
 */
export async function readLeakList(log: Log, hash: string): Promise<Uint8Array | undefined> {
  const chunks = new Map<string, Buffer>()
  for await (const { key, value } of log.read('state', contentPartition(log.partitions('state')))) {
    const at = parseListKey(key ?? '')
    if (at?.hash !== hash) continue
    if (value === null) chunks.delete(at.part)
    else chunks.set(at.part, value)
  }
  const whole = chunks.get(LIST_WHOLE)
  if (whole === undefined) return undefined
  const { chunks: count } = JSON.parse(whole.toString('utf8')) as { chunks: number }
  const parts = Array.from({ length: count }, (_, n) => chunks.get(String(n)))
  if (parts.includes(undefined)) return undefined
  const bytes = Buffer.concat(parts.filter((part) => part !== undefined))
  if (bytes.length % LEAK_ENTRY_BYTES !== 0 || leakListHash(bytes) !== hash) {
    throw new Error(`the leak list ${hash} in the topic state is damaged: its content has another hash`)
  }
  return bytes
}
