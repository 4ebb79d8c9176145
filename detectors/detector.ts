/**
 * The interface of a detector: all you need to know to write one.
 *
 * A detector is one file in a fixed order: prose (what fires, why, what it misses), settings, identity and version,
 * meaning, state, `matches`, `step`, and a second half if it depends on others. `docs/add-a-detector.md` walks through
 * it. The engine calls `step` with the events of one key in log order. The step reads and changes only its own state,
 * and returns what it suspects. It reads what an identity usually does from the habits in `detectors/habits/`, which
 * learn after all detectors have looked, and only what none of them suspects.
 */
import type { Static, TObject } from 'typebox'
import type { AgentRegistry } from '../schemas/agents.ts'
import type { EventView } from '../schemas/event.ts'
import type { Evidence, Measures, Severity } from '../schemas/finding.ts'
import type { CrossKey, SignalView } from '../schemas/signal.ts'
import type { Fields, Handles, WindowSpec } from './lib/columns.ts'
import type { Lists } from './lib/lists.ts'
import type { Habits, Views } from './habits/habit.ts'

/** What a step saw that it did not expect. The engine makes a finding, or a candidate, of it. */
export interface Suspicion {
  /** One plain sentence for a person: who did what, and why that is strange. */
  readonly why: string
  readonly observed: Measures
  readonly expected: Measures
  /** -log10 of the probability under the baseline; absent for absolute rules. */
  readonly surprise?: number
  /** The root first. Absent: the current event alone. */
  readonly evidence?: readonly Evidence[]
  /** How many events it rests on, where `evidence` is a sample of them; absent: as many as `evidence` shows. */
  readonly evidenceCount?: number
  /** Replaces the detector's severity. */
  readonly severity?: Severity
  readonly title?: string
  /** Level of a detector that has levels; part of the finding's id, so a higher level is a new finding. */
  readonly level?: string
  /**
   * Distinguishes one occasion of the key from the next; part of the id. If absent: the start of the detector's window,
   * or '' without a window. The engine sends one finding per (key, window, root, level).
   */
  readonly window?: string | number
  /** False where the id must not depend on which event came first: stage two, and rules over a whole window. */
  readonly rooted?: boolean
  /** Baseline's beginning in ms; absent for absolute rules. */
  readonly learnedSince?: number
  /** Whom the finding names as agent; absent: the identity of the event. */
  readonly agent?: string
  /**
   * Of a second half's `absorb` alone: not told at once, but asked of `decide` when everything earlier has arrived. For what
   * depends on others whose signals may still be on their way.
   */
  readonly later?: boolean
  /** Asks the second half to decide, under this key, instead of firing at once. */
  readonly ask?: {
    readonly keyKind: CrossKey
    readonly key: string
    readonly fingerprint?: number
    readonly value?: number
  }
}

/** What a window shows when it closes. */
export interface Summary {
  readonly observed: Measures
  readonly evidence?: readonly Evidence[]
  /** How many events the finding rests on now; as in Suspicion. */
  readonly evidenceCount?: number
}

/** What a step sends to its own second half: mostly that an identity did something for the first time. */
export interface Sent {
  readonly keyKind: CrossKey
  readonly key: string
  readonly fingerprint: number
  readonly value?: number
  /**
   * Only the earliest of what is sent alike counts in the second half: a later one changes nothing there, and is left out
   * while the partition remembers that it sent one.
   */
  readonly once?: true
}

/** What a step gets. The object is reused: nothing of it may be kept beyond the call. */
export interface Step<S, F extends Fields, W extends Fields, U extends Habits = Record<never, never>> {
  readonly event: EventView
  /**
   * Event time in ms; of an event whose own time is not believed, the later of its key's newest time and its receipt. Never
   * use `event.time` for state.
   */
  readonly time: number
  /** The event is older than the newest one of its key: rules that depend on order skip it. */
  readonly late: boolean
  /** The first event of its key ever. */
  readonly first: boolean
  /** When the key began, in ms: `time - since` is its age. */
  readonly since: number
  /** The event's own time is believed. If not, no habit and no `learned` field keeps anything of it. */
  readonly believed: boolean
  readonly state: Handles<F>
  /** What the identity usually does, and what is new about this event, from the habits in `uses`. */
  readonly habits: Views<U>
  readonly settings: S
  readonly lists: Lists
  /**
   * The state of the fixed event-time window that contains `time`, created if missing. Only a detector that declares
   * `window` may call it, and should do so only for events that it counts: an open window costs memory.
   */
  openWindow(): Handles<W>
  /** Start of that window in ms. */
  readonly windowStart: number
  send(signal: Sent): void
  /**
   * Whether the same was sent `once`, at an earlier time, this week or the one before. It forgets: a step may only use it to
   * leave out what changes nothing.
   */
  hasSent(signal: Sent): boolean
  /**
   * Keeps the habits from learning this event although nothing is reported: it belongs to an earlier suspicion. A
   * suspicion of medium or higher does the same by itself. Only live detectors have this effect.
   */
  doubt(): void
}

/** A candidate of the first half, as its second half meets it. */
export interface Candidate {
  readonly suspicion: Suspicion
  readonly identity: string
  readonly owner: string
  readonly key: string
  readonly time: number
  /** First 32 bits of the event_id: orders what has the same time. */
  readonly tie: number
  readonly fingerprint: number
  readonly value: number
}

export type Decision =
  | { readonly fire: false }
  | {
      readonly fire: true
      readonly severity?: Severity
      readonly why?: string
      readonly level?: string
      readonly agent?: string
      /** Replaces the candidate's. */
      readonly evidence?: readonly Evidence[]
      /** Added to what the first half observed and expected. */
      readonly observed?: Measures
      readonly expected?: Measures
    }

/** What a second half's `absorb` gets. */
export interface Absorb<S, F extends Fields, W extends Fields> {
  readonly signal: SignalView
  readonly time: number
  readonly tie: number
  readonly state: Handles<F>
  readonly settings: S
  readonly lists: Lists
  openWindow(): Handles<W>
  readonly windowStart: number
  /** The evidence form of the event behind the signal. */
  evidence(): Evidence
}

export interface Decide<S, F extends Fields> {
  readonly candidate: Candidate
  readonly state: Handles<F>
  readonly settings: S
  readonly lists: Lists
}

/**
 * The half that sees what crosses identities, keyed by something they share. Its state must be order-free (sets, counts,
 * minima over fixed event-time windows): the order in which other partitions' signals arrive is not fixed. `decide`
 * counts only what has an earlier event time than the candidate, ties by event_id.
 */
export interface SecondHalf<S, F extends Fields, W extends Fields> {
  readonly keys: readonly CrossKey[]
  readonly state: F
  readonly window?: WindowSpec<W>
  /** Takes one signal of the detector; may answer a suspicion where a quantity that only grows crosses a threshold. */
  absorb(context: Absorb<S, F, W>): Suspicion | undefined
  /** Called once for each candidate when log time has passed it by the candidate delay. Must not change the state. */
  decide?(context: Decide<S, F>): Decision
}

/** What a detector needs to see anything: shows where it is blind, and until when it learns. */
export interface DetectorNeeds {
  /** Columns of an event; of each inner list one is enough. */
  readonly fields: readonly (readonly string[])[]
  /** Age of an identity from which it judges by habit, in ms; 0 for absolute rules. */
  readonly learns_ms: number
}

export interface DetectorSpec<
  S extends TObject,
  F extends Fields,
  W extends Fields,
  F2 extends Fields,
  W2 extends Fields,
  U extends Habits,
> {
  /** tactic/name, as its path. */
  readonly id: string
  /** Raised with every change of behaviour; state and findings of one version are never mixed with another's. */
  readonly version: number

  readonly title: string
  readonly severity: Severity
  /** A shadow detector's findings are stored and shown, never sent or acted on. */
  readonly mode: 'live' | 'shadow'
  /** ATT&CK, ATLAS and OWASP ASI ids. */
  /** Absent: it needs nothing but an identity and a time. */
  readonly needs?: DetectorNeeds
  readonly techniques: readonly string[]
  readonly falsePositives: readonly string[]

  readonly settings: S
  /** The kind of key that stage one keeps state for: the identity, or the session within an identity. */
  readonly key: 'identity' | 'session'
  /** The habits of the identity that it reads, by the names under which its step finds them. */
  readonly uses?: U
  /** What no habit holds. What of it vouches for the identity is marked `learned`. */
  readonly state: F
  readonly window?: WindowSpec<W>

  /** Cheap test before any state is touched. */
  matches(event: EventView, lists: Lists): boolean
  step(context: Step<Static<S>, F, W, U>): Suspicion | undefined
  /** Brings a finding up to date when its window closes (revision 2); absent: there is no second revision. */
  summarise?(window: Handles<W>, settings: Static<S>): Summary
  readonly second?: SecondHalf<Static<S>, F2, W2>
}

/** A detector as the engine sees it, its own types erased. */
// oxlint-disable-next-line typescript/no-explicit-any -- the engine handles all detectors alike; their own files are typed.
export type Detector = DetectorSpec<TObject, any, any, any, any, any>

/** Declares a detector; the identity function, there for its types. */
export function defineDetector<
  S extends TObject,
  F extends Fields,
  W extends Fields = Record<never, never>,
  F2 extends Fields = Record<never, never>,
  W2 extends Fields = Record<never, never>,
  U extends Habits = Record<never, never>,
>(spec: DetectorSpec<S, F, W, F2, W2, U>): Detector {
  return spec
}

/**
 * A case: events, and the findings expected from them. Cases are next to their detector in `<name>.cases.ts`, at least
 * two that fire and three that stay quiet. They run through the whole engine, second half included.
 */
export interface DetectorCase {
  readonly name: string
  /** Partial events; absent columns get defaults, `event_id` and `source_id` are numbered, `time` is required. */
  readonly events: readonly CaseEvent[]
  /** Exactly these findings, in any order; [] for a case that stays quiet. Only the named fields are compared. */
  readonly expect: readonly ExpectedFinding[]
  readonly settings?: Readonly<Record<string, unknown>>
  /** Credentials on the tenant's leak list, 32 hex digits each, in ascending order. */
  readonly leaked?: readonly string[]
  /** The trust registry. */
  readonly agents?: AgentRegistry
}
export type CaseEvent = { readonly time: number } & Partial<Omit<EventView, 'row' | 'conflict' | 'time'>>
export interface ExpectedFinding {
  readonly severity?: Severity
  readonly agent?: string
  /** source_id values that the evidence must hold. */
  readonly evidence?: readonly string[]
}
