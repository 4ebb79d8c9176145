/**
 * The interface of a habit: what an identity usually does, learned once and read by every detector that names it in
 * `uses`.
 *
 * For each event of an identity, the engine calls `look` of the habits, which determine what is new about it; `step` of
 * the detectors, which read the habits' views; then `learn` of the habits, with a flag that says whether a live
 * suspicion doubts the event. So no detector judges an event by a habit that has already learned it, and one place
 * decides what is learned.
 */
import type { EventView } from '../../schemas/event.ts'
import type { Fields, Handles, WindowSpec } from '../lib/columns.ts'

/** What a habit gets of an event. The object is reused: nothing of it may be kept beyond the call. */
export interface Moment {
  readonly event: EventView
  /** Event time in ms; of an event whose own time is not believed, the time at which it is judged. */
  readonly time: number
  /** The event is older than the newest one of its key. */
  readonly late: boolean
  /** When the key began, in ms: `time - since` is its age. */
  readonly since: number
  /** The event's own time is believed. If not, `learn` gets `doubted`, and nothing of the event may ever be known. */
  readonly believed: boolean
}

/** Where a habit keeps its state. */
export interface HabitPlace<F extends Fields, W extends Fields> {
  readonly state: Handles<F>
  /** The state of the fixed event-time window that the moment falls into; only for a habit that declares `window`. */
  openWindow(): Handles<W>
  /** Start of that window in ms. */
  readonly windowStart: number
}

/** A habit over one table: what detectors read of it, and how it takes an event. */
export interface OpenHabit<V> {
  readonly view: V
  /** Before the detectors: what this event is to the habit. It may count the event in a window, and learns nothing. */
  look?(moment: Moment): void
  /** After the detectors. `doubted`: a live suspicion exists against the event, or its time is not believed. */
  learn(moment: Moment, doubted: boolean): void
  /** What is new about the event last looked at: fingerprints in the habit's own order; 0 means nothing. */
  novel?(): readonly number[]
  /**
   * A person's verdict on this novelty, for the current identity. `known`: harmless, so it is known from now on.
   * Otherwise it was an attack and must never become known automatically.
   */
  teach?(novelty: readonly number[], known: boolean): void
}

export interface HabitSpec<V, F extends Fields, W extends Fields> {
  readonly id: string
  /** Raised when the stored data changes meaning: only this habit's state then restarts from empty. */
  readonly version: number
  readonly state: F
  readonly window?: WindowSpec<W>
  open(place: HabitPlace<F, W>): OpenHabit<V>
}

/** A habit as the engine and its readers see it, its own fields erased. */
// oxlint-disable-next-line typescript/no-explicit-any -- the engine handles all habits alike; their own files are typed.
export type Habit<V = unknown> = HabitSpec<V, any, any>
export type Habits = Readonly<Record<string, Habit>>
/** What a detector's step gets: the view of each habit that it uses, by the name it gave it. */
export type Views<U extends Habits> = { readonly [K in keyof U]: U[K] extends Habit<infer V> ? V : never }

/** Declares a habit; the identity function, there for its types. */
export function defineHabit<V, F extends Fields, W extends Fields = Record<never, never>>(
  spec: HabitSpec<V, F, W>,
): Habit<V> {
  return spec
}
