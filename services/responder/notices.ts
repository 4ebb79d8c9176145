/** Notifies sinks: the one place that knows who hears what, and under which ids. */
import { type Finding, severityAtLeast } from '../../schemas/finding.ts'
import { actionId } from '../../schemas/ids.ts'
import { LIMITS } from '../../schemas/limits.ts'
import { type Notice, noticeId, type NoticeType, trimFinding } from '../../schemas/notice.ts'
import type { Sink } from '../lib/config.ts'
import type { Deliveries } from './deliveries/index.ts'
import { passes } from './sink-filter.ts'
import type { Sinks } from './sink-states.ts'
import type { Transaction } from './store.ts'

/** What is reported, and about what. */
export interface Telling {
  readonly type: NoticeType
  /** Id of the finding, incident, quarantine, suppression or delivery that it is about. */
  readonly subject: string
  /** Distinguishes one act on the subject from the next: a revision, or a sequence of its state. */
  readonly mark: string | number
  readonly data: object
  /** Orders only. */
  readonly identity?: string
  readonly orderSequence?: number
}

export interface Notices {
  /** Stages a delivery to every sink of the tenant that hears of this, but for the one named. */
  tell(tx: Transaction, telling: Telling, nowMs: number, except?: string): void
  /** To one sink alone, whatever it hears. */
  tellOne(tx: Transaction, telling: Telling, sink: Sink, nowMs: number): void
  /** A finding, to sinks from their severity up; to `all` whatever its severity, and `together` with others in a digest. */
  tellFinding(
    tx: Transaction,
    finding: Finding,
    how: { readonly all: boolean; readonly together: boolean },
    nowMs: number,
  ): void
}

/** Acts whose ids predate the notices' own ids: they keep them, so nothing is reported twice. */
const ACTS: ReadonlyMap<NoticeType, (mark: string | number) => string> = new Map<
  NoticeType,
  (mark: string | number) => string
>([
  ['finding.created', () => 'notify'],
  ['incident.paged', () => 'page'],
  ['quarantine.proposed', (mark) => `proposed/${mark}`],
  ['quarantine.requested', (mark) => `order/${mark}`],
  ['quarantine.released', (mark) => `order/${mark}`],
  ['suppression.added', () => 'suppression.added'],
  ['suppression.ended', () => 'suppression.ended'],
  ['sink.disabled', (mark) => `sink.disabled/${mark}`],
  ['sink.failing', (mark) => `sink.failing/${mark}`],
])

function idOf({ type, subject, mark }: Telling): string {
  const act = ACTS.get(type)
  return act === undefined ? noticeId(subject, type, mark) : actionId(subject, act(mark))
}

const isSmall = (finding: Finding): boolean =>
  Buffer.byteLength(JSON.stringify(finding)) < LIMITS.notice_finding_bytes_max

/** Counts findings that go out alone. */
export interface SinkRates {
  /** Whether one more may, by now; it is counted then. */
  admits(sink: Sink, tenant: string, nowMs: number): boolean
}

export function createNotices(sinks: Sinks, deliveries: Deliveries, rates: SinkRates): Notices {
  const send = (
    tx: Transaction,
    telling: Telling,
    notice: Notice,
    nowMs: number,
    hearing: ReturnType<Sinks['receiving']>,
    isHeld?: (sink: Sink) => boolean,
  ): void => {
    const { type, subject, identity, orderSequence } = telling
    const id = idOf(telling)
    deliveries.create(tx, { type, id, subject, notice, identity, orderSequence }, hearing, nowMs, isHeld)
  }
  const noticeOf = ({ type, data }: Telling, nowMs: number): Notice => ({
    type,
    time: new Date(nowMs).toISOString(),
    data: { ...data },
  })
  return {
    tell(tx, telling, nowMs, except) {
      const notice = noticeOf(telling, nowMs)
      const hearing = sinks
        .receiving(tx.tenant, telling.type)
        .filter((sink) => sink.name !== except && passes(sink, telling.type, notice.data))
      send(tx, telling, notice, nowMs, hearing)
    },
    tellOne: (tx, telling, sink, nowMs) => send(tx, telling, noticeOf(telling, nowMs), nowMs, [sink]),
    tellFinding(tx, finding, { all, together }, nowMs) {
      const type = finding.revision === 1 ? 'finding.created' : 'finding.updated'
      const hearing = sinks
        .receiving(tx.tenant, type)
        .filter((sink) => all || severityAtLeast(finding.severity, sink.min_severity))
        .filter((sink) => passes(sink, type, finding))
      const { finding: data, trimmed } = trimFinding(finding, isSmall)
      const telling = { type, subject: finding.id, mark: finding.revision, data } as const
      const time = new Date(nowMs).toISOString()
      send(tx, telling, { type, time, data, ...(trimmed === undefined ? {} : { trimmed }) }, nowMs, hearing, (sink) => {
        return together || !rates.admits(sink, tx.tenant, nowMs)
      })
    },
  }
}
