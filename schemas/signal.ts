/**
 * A signal: what stage one passes on to stage two. It is sent mostly when an identity does something for the first time
 * (`evidence`), and when a detector of stage one has a suspicion that others must help to decide (`candidate`).
 *
 * Signals travel in frames like events. (source partition, offset, sequence) says which record of `events` a signal came
 * from, so that stage two applies each source's offsets once, however often a recovered worker repeats them.
 */
import Type, { type Static } from 'typebox'
import { choice, columnsOf, defaultsOf, instant, name, real, text, whole } from './columns.ts'
import { LIMITS } from './limits.ts'

export const SIGNAL_SCHEMA_VERSION = 1
export const SIGNAL_KINDS = ['evidence', 'candidate'] as const
/** Kinds of key that cross identities: one state table each in stage two. */
export const CROSS_KEYS = ['credential', 'source', 'peer', 'owner', 'target', 'trace', 'peer_group'] as const
export type CrossKey = (typeof CROSS_KEYS)[number]

export const Signal = Type.Object(
  {
    tenant: name('Tenant'),
    detector: name('Detector that sent it and whose second half takes it'),
    version: whole('Version of that detector', 'UInt32', 0xffff_ffff),
    kind: choice('What it is', SIGNAL_KINDS),
    key_kind: choice('Kind of key that stage two keeps state for', CROSS_KEYS),
    key: text('The key', LIMITS.text_chars_max),
    offset: whole('Offset in the source partition of `events`', 'UInt64', Number.MAX_SAFE_INTEGER),
    sequence: whole('Number of the signal among those of its offset', 'UInt32', 0xffff_ffff),
    receipt_time: instant('Receipt time of the frame it came from'),
    history: whole('1: trains and finds, never acts', 'UInt8', 1),
    time: instant('Event time'),
    event_id: text('Event that caused it', 32),
    identity: text('Identity that acted', LIMITS.name_chars_max),
    owner: name('Owner of that identity'),
    session: text('Session of the event', LIMITS.name_chars_max),
    fingerprint: whole('What is counted: a 32-bit hash chosen by the detector', 'UInt32', 0xffff_ffff),
    value: real('A number chosen by the detector'),
    body: text(
      'Candidates: JSON of what the first half saw (observed, expected, evidence and what its second half needs)',
      16_384,
    ),
    // Last, so that readers of rows by position, such as older detectors, skip it.
    identity_since: instant("When that identity's first event was; 0 where nobody knows"),
  },
  { $id: 'signal', additionalProperties: false },
)
export type Signal = Static<typeof Signal>
export const SIGNAL_COLUMNS = columnsOf(Signal)
const BLANK = defaultsOf(Signal)
/** A signal with every column at its default; none of them is a list, so copies share nothing. */
export const blankSignal = (): Signal => ({ ...BLANK })

const NAMES = SIGNAL_COLUMNS.map((column) => column.name) as (keyof Signal)[]
export const signalRowOf = (signal: Signal): readonly unknown[] => NAMES.map((column) => signal[column])

/** Reads a signal's row by column name; see EventView. */
export class SignalView {
  row: readonly unknown[] = []
}
export interface SignalView extends Readonly<Signal> {}
NAMES.forEach((column, index) => {
  Object.defineProperty(SignalView.prototype, column, {
    get(this: SignalView) {
      return this.row[index]
    },
    enumerable: true,
  })
})
