/**
 * Reads the content of knowledge sections, which is stored in `state` under its hash. A reader that finds a hash in a
 * control record finds the content here: it was made durable before the record.
 */
import { contentKey, contentPartition, parseChunkKey, WHOLE } from '../../schemas/state.ts'
import type { Log } from './log/port.ts'

/** The bytes under this hash, or undefined if `state` does not hold all of them. */
export async function readSection(log: Log, hash: string): Promise<Uint8Array | undefined> {
  const chunks = new Map<string, Buffer>()
  /** Settings of versions before chunks. */
  let undivided: Buffer | null = null
  for await (const { key, value } of log.read('state', contentPartition(log.partitions('state')))) {
    if (key === contentKey(hash)) undivided = value
    const at = parseChunkKey(key ?? '')
    if (at?.hash !== hash) continue
    if (value === null) chunks.delete(at.part)
    else chunks.set(at.part, value)
  }
  const whole = chunks.get(WHOLE)
  if (whole === undefined) return undivided ?? undefined
  const { chunks: count } = JSON.parse(whole.toString('utf8')) as { chunks: number }
  const parts = Array.from({ length: count }, (_, n) => chunks.get(String(n)))
  return parts.includes(undefined) ? undefined : Buffer.concat(parts.filter((part) => part !== undefined))
}
