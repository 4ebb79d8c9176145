/**
 * Findings above a sink's rate, or of a detector that fires for many identities at once (crowds.ts), are not reported one
 * by one. Their deliveries are held, and at an interval one digest reports them together. A held delivery is a record of
 * the state like any other, so a restart loses none. The digest is written before the deliveries that it covers are
 * closed, so a kill in between can repeat one but never drop it. Only findings are limited: orders, pages and all other
 * notices go out at once. Each tenant of a sink has its own rate.
 */
import { counted } from '../../schemas/counted.ts'
import type { Delivery } from '../../schemas/delivery.ts'
import { type Severity, SEVERITIES } from '../../schemas/finding.ts'
import { LIMITS } from '../../schemas/limits.ts'
import type { Notice } from '../../schemas/notice.ts'
import type { Sink } from '../lib/config.ts'
import type { Deliveries } from './deliveries/index.ts'
import { RESPONDER_LIMITS } from './limits.ts'
import type { Notices, SinkRates } from './notices.ts'
import type { Sinks } from './sink-states.ts'
import type { StateStore } from './store.ts'

const MINUTE_MS = 60_000

/** `deliveries` shows what went out before a restart. */
export function createSinkRates(deliveries: Pick<Deliveries, 'list'>): SinkRates {
  const sent = new Map<string, number[]>()
  const sentBefore = (sink: Sink, tenant: string): number[] =>
    deliveries
      .list(tenant)
      .filter((one) => one.sink === sink.name && one.type.startsWith('finding.'))
      .filter(({ status }) => status !== 'held' && status !== 'joined')
      .map((one) => one.created_ms)
      .sort((a, b) => a - b)
  return {
    admits(sink, tenant, nowMs) {
      const { rate_limit: limit } = sink
      if (limit === undefined) return true
      const key = JSON.stringify([sink.name, tenant])
      const known = sent.get(key) ?? sentBefore(sink, tenant)
      const recent = known.filter((ms) => ms > nowMs - limit.per_minutes * MINUTE_MS)
      const admitted = recent.length < limit.findings
      if (admitted) recent.push(nowMs)
      sent.set(key, recent)
      return admitted
    },
  }
}

interface Entry {
  readonly id: string
  readonly revision: number
  readonly severity: Severity
  readonly detector: string
  readonly agent: string
  readonly title: string
  readonly time: string
}

const textOf = (value: unknown): string =>
  typeof value === 'string' ? value.slice(0, LIMITS.digest_text_chars_max).toWellFormed() : ''

function entryOf({ data }: Notice): Entry {
  const { severity, revision } = data
  return {
    id: textOf(data['id']),
    revision: typeof revision === 'number' ? revision : 1,
    severity: SEVERITIES.find((one) => one === severity) ?? 'info',
    detector: textOf(data['detector']),
    agent: textOf(data['agent']),
    title: textOf(data['title']),
    time: textOf(data['time']),
  }
}

/** How often each word comes, the most frequent first. */
function tally(words: readonly string[]): { readonly value: string; readonly count: number }[] {
  const counts = new Map<string, number>()
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1)
  return [...counts]
    .map(([value, count]) => ({ value, count }))
    .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
    .slice(0, LIMITS.digest_top_max)
}

/** As many as fit, the worst first: the body of a webhook is bounded. */
function fitting(entries: readonly Entry[]): Entry[] {
  const worst = [...entries].sort((a, b) => SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity))
  let bytes = 0
  return worst.filter((entry) => {
    bytes += Buffer.byteLength(JSON.stringify(entry)) + 1
    return bytes <= LIMITS.digest_entries_bytes_max
  })
}

/** The span between the first and the last of sorted times, in words. */
function minutesOf(times: readonly string[]): string {
  const minutes = Math.ceil((Date.parse(times.at(-1) ?? '') - Date.parse(times[0] ?? '')) / MINUTE_MS)
  return minutes > 1 ? counted(minutes, 'minute') : 'a minute'
}

/** What a digest says. `unread` are findings whose notice the log does not hold any more. */
function digestOf(tenant: string, id: string, entries: readonly Entry[], unread: number): object {
  const count = entries.length + unread
  const detectors = tally(entries.map(({ detector }) => detector))
  const agents = new Set(entries.map(({ agent }) => agent))
  const named = detectors.map((one) => `${one.value} ${one.count}`).join(', ')
  const times = entries.map(({ time }) => time).sort()
  const findings = fitting(entries)
  return {
    id,
    tenant,
    severity: findings[0]?.severity ?? 'info',
    title:
      detectors.length === 1 && unread === 0
        ? `${detectors[0]!.value} fired for ${counted(agents.size, 'agent')} within ${minutesOf(times)}`
        : `${counted(count, 'finding')} of ${counted(agents.size, 'agent')}`,
    why: `Too many findings to send one by one: ${named}.`,
    count,
    since: times[0] ?? null,
    until: times.at(-1) ?? null,
    detectors,
    agents: tally(entries.map(({ agent }) => agent)),
    findings,
    left_out: count - findings.length,
  }
}

export interface Digests {
  /** Reports what is due. */
  sweep(nowMs: number): Promise<void>
}

export interface DigestDeps {
  readonly store: StateStore
  readonly deliveries: Deliveries
  readonly sinks: Sinks
  readonly notices: Notices
}

export function createDigests({ store, deliveries, sinks, notices }: DigestDeps): Digests {
  const isDue = (sink: Sink, held: readonly Delivery[], nowMs: number): boolean => {
    const { rate_limit: limit } = sink
    if (held.length >= LIMITS.digest_findings_max) return true
    const waitMs = limit === undefined ? RESPONDER_LIMITS.crowd_digest_ms : limit.digest_minutes * MINUTE_MS
    return held[0]!.created_ms <= nowMs - waitMs
  }
  const tell = async (sink: Sink, held: readonly Delivery[], nowMs: number): Promise<void> => {
    const joined = held.slice(0, LIMITS.digest_findings_max)
    const read = await Promise.all(joined.map((delivery) => deliveries.notice(delivery)))
    const entries = read.flatMap((notice) => (notice === undefined ? [] : [entryOf(notice)]))
    const { id: first, tenant } = joined[0]!
    const tx = store.begin(tenant)
    const data = digestOf(tenant, first, entries, joined.length - entries.length)
    notices.tellOne(tx, { type: 'findings.digest', subject: first, mark: joined.at(-1)!.id, data }, sink, nowMs)
    for (const delivery of joined) deliveries.close(tx, delivery, 'joined', `sent in the digest ${first}`, nowMs)
    await tx.commit()
  }
  return {
    async sweep(nowMs) {
      const groups = Map.groupBy(deliveries.held(), ({ sink, tenant }) => JSON.stringify([sink, tenant]))
      for (const group of groups.values()) {
        const held = group.toSorted((a, b) => a.created_ms - b.created_ms || (a.id < b.id ? -1 : 1))
        const sink = sinks.get(held[0]!.sink)
        if (sink !== undefined && isDue(sink, held, nowMs)) await tell(sink, held, nowMs)
      }
    },
  }
}
