/**
 * The words behind a finding, for sinks that ask for them: excerpts of what a user asked for and of the orders that an
 * agent read. They are read from the log when a delivery is sent, so they wait for no warehouse and need no copy in
 * `state`. What was forgotten or has expired meanwhile is not sent. Whole bodies never leave this way.
 */
import { type Excerpt, type ExcerptKind, excerptValidator, type ToldExcerpt } from '../../schemas/excerpt.ts'
import type { Finding } from '../../schemas/finding.ts'
import { partitionOf } from '../../schemas/ids.ts'
import { LIMITS } from '../../schemas/limits.ts'
import type { Notice } from '../../schemas/notice.ts'
import type { Clock } from '../lib/clock.ts'
import { type Log, LogError } from '../lib/log/port.ts'
import type { Partitioning } from '../lib/partitioning.ts'
import { RESPONDER_LIMITS } from './limits.ts'

/** A notice with the words behind it; one that is about no finding, or while the log cannot be read, stays as it is. */
export type WithWords = (notice: Notice) => Promise<Notice>

export interface WordsDeps {
  readonly log: Log
  readonly partitioning: Partitioning
  readonly clock: Clock
}

const TOLD: ReadonlySet<ExcerptKind> = new Set(['task', 'order'])

/** Who was forgotten, and when: as the commands in the log say it, read on from where the last look ended. */
function createForgotten(log: Log) {
  const next = new Map<number, number>()
  const at = new Map<string, number>()
  return async (tenant: string, identity: string): Promise<number> => {
    const partition = partitionOf(tenant, log.partitions('commands'))
    for await (const { value, offset } of log.read('commands', partition, next.get(partition))) {
      next.set(partition, offset + 1)
      const text = value?.toString('utf8') ?? ''
      if (!text.includes('"forget"')) continue
      const command = JSON.parse(text) as { type: string; tenant: string; identity: string; time: string }
      if (command.type === 'forget')
        at.set(JSON.stringify([command.tenant, command.identity]), Date.parse(command.time))
    }
    return at.get(JSON.stringify([tenant, identity])) ?? 0
  }
}

/** The newest excerpts of the events, in the order of the events and of their places. */
async function excerptsOf(log: Log, partition: number, { tenant, evidence }: Finding, sinceMs: number) {
  const wanted = new Set(evidence.map(({ event_id }) => event_id))
  const { start, end } = await log.bounds('excerpts', partition)
  const from = Math.max(start, end - RESPONDER_LIMITS.excerpts_looked_through_max)
  const found = new Map<string, Excerpt>()
  for await (const { value } of log.read('excerpts', partition, from)) {
    const excerpt: unknown = value === null ? undefined : JSON.parse(value.toString('utf8'))
    if (!excerptValidator.check(excerpt)) continue
    if (
      excerpt.tenant !== tenant ||
      !wanted.has(excerpt.event_id) ||
      !TOLD.has(excerpt.kind) ||
      excerpt.receipt_time <= sinceMs
    )
      continue
    // An event that came twice has the same words at the same places.
    found.set(`${excerpt.event_id}/${excerpt.place}`, excerpt)
  }
  const order = [...wanted]
  return [...found.values()].toSorted(
    (a, b) => order.indexOf(a.event_id) - order.indexOf(b.event_id) || a.place - b.place,
  )
}

/** As many as fit with a finding. */
function fitting(excerpts: readonly Excerpt[]): ToldExcerpt[] {
  const told: ToldExcerpt[] = []
  let bytes = 0
  for (const { event_id, kind, text } of excerpts) {
    const one = { event_id, kind, text }
    bytes += Buffer.byteLength(JSON.stringify(one))
    if (bytes > RESPONDER_LIMITS.excerpts_told_bytes_max) break
    told.push(one)
  }
  return told
}

export function createWords({ log, partitioning, clock }: WordsDeps): WithWords {
  const forgottenAt = createForgotten(log)
  const behind = async (finding: Finding): Promise<ToldExcerpt[]> => {
    const { tenant, agent } = finding
    const { ofIdentity } = await partitioning.partitioner()
    const partition = ofIdentity(tenant, agent, log.partitions('excerpts'))
    const sinceMs = Math.max(clock.now() - LIMITS.excerpt_kept_ms, await forgottenAt(tenant, agent))
    return fitting(await excerptsOf(log, partition, finding, sinceMs))
  }
  return async (notice) => {
    if (notice.type !== 'finding.created' && notice.type !== 'finding.updated') return notice
    try {
      return { ...notice, excerpts: await behind(notice.data as unknown as Finding) }
    } catch (error) {
      // The finding goes out without words rather than not at all.
      if (error instanceof LogError) return notice
      throw error
    }
  }
}
