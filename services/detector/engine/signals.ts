/** What stage one passes on of the current record: evidence for others, and candidates that the second stage decides. */
import type { Sent, Suspicion } from '../../../detectors/detector.ts'
import { evidenceOf } from '../../../detectors/lib/evidence.ts'
import type { EventRow, EventView } from '../../../schemas/event.ts'
import { round6 } from '../../../schemas/finding.ts'
import { LIMITS } from '../../../schemas/limits.ts'
import { blankSignal, type Signal } from '../../../schemas/signal.ts'
import type { FirstHalf } from './first-half.ts'

const DAY_MS = 86_400_000

export class Signals {
  readonly #event: EventView
  /** When the identity of the current event began, in ms. */
  readonly #since: () => number
  #made: Signal[] = []
  /** The event of the last evidence as its body, and its row: several detectors send the same. */
  #body = ''
  #bodyOf: EventRow = []

  constructor(event: EventView, since: () => number) {
    this.#event = event
    this.#since = since
  }

  /** Begins a record. */
  clear(): void {
    this.#made = []
  }

  /** What the record at this offset has brought about. */
  taken(offset: number): Signal[] {
    for (const signal of this.#made) signal.offset = offset
    return this.#made
  }

  /** `time`: when others may say that it has happened, in ms. */
  send(half: FirstHalf, sent: Sent, time: number): void {
    const signal = this.#signal(half, sent.keyKind, sent.key, half.logTime, time)
    signal.kind = 'evidence'
    signal.fingerprint = sent.fingerprint >>> 0
    signal.value = sent.value ?? 0
    signal.body = this.#evidence()
  }

  #evidence(): string {
    const { row } = this.#event
    if (row !== this.#bodyOf) {
      this.#bodyOf = row
      this.#body = JSON.stringify(evidenceOf(this.#event))
    }
    return this.#body
  }

  /** `receiptTime` is that of the frame: what the decision's delay counts from. */
  ask(half: FirstHalf, suspicion: Suspicion, ask: NonNullable<Suspicion['ask']>, receiptTime: number): void {
    const signal = this.#signal(half, ask.keyKind, ask.key, receiptTime, half.time)
    signal.kind = 'candidate'
    signal.fingerprint = (ask.fingerprint ?? 0) >>> 0
    signal.value = ask.value ?? 0
    const { ask: _, ...rest } = suspicion
    signal.body = JSON.stringify({
      ...rest,
      evidence: (suspicion.evidence ?? [evidenceOf(this.#event)]).slice(0, LIMITS.evidence_events_max),
      surprise: round6(suspicion.surprise ?? 0),
      window: suspicion.window ?? (half.slot >= 0 ? half.windowStart : Math.floor(half.time / DAY_MS) * DAY_MS),
    })
  }

  #signal(half: FirstHalf, keyKind: Signal['key_kind'], key: string, receiptTime: number, time: number): Signal {
    const event = this.#event
    const signal = blankSignal()
    signal.tenant = event.tenant
    signal.detector = half.detector.id
    signal.version = half.detector.version
    signal.key_kind = keyKind
    signal.key = key
    signal.sequence = this.#made.length
    signal.receipt_time = receiptTime
    signal.history = event.history
    signal.time = time
    signal.event_id = event.event_id
    signal.identity = event.identity
    signal.owner = event.owner
    signal.session = event.session
    signal.identity_since = this.#since()
    this.#made.push(signal)
    return signal
  }
}
