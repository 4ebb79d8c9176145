/**
 * Stage one's side of one detector: its handles, its windows, and the context that its step gets. The context is one
 * object for the life of the stage, pointed at event after event.
 */
import type { TObject } from 'typebox'
import type { Detector, Sent, Step } from '../../../detectors/detector.ts'
import type { Habits, Views } from '../../../detectors/habits/habit.ts'
import type { Cursor, Fields, Handles } from '../../../detectors/lib/columns.ts'
import type { Lists } from '../../../detectors/lib/lists.ts'
import type { EventView } from '../../../schemas/event.ts'
import type { Finding } from '../../../schemas/finding.ts'
import type { DetectorRules } from './rules.ts'
import type { KeptBack } from './kept-back.ts'
import { ownerName } from './layout.ts'
import type { Laid } from './lay.ts'
import type { Placing } from './placing.ts'
import type { WindowPool } from './windows.ts'

export class FirstHalf implements Step<unknown, Fields, Fields> {
  readonly detector: Detector
  /** Place in the registry, by which the rules are asked. */
  readonly place: number
  readonly state: Handles<Fields>
  readonly habits: Views<Habits>
  readonly #keptBack: KeptBack
  readonly #cursor: Cursor
  readonly pool: WindowPool | undefined
  readonly #window: Handles<Fields> | undefined
  /** What fired in an open window, to be brought up to date when it closes. */
  readonly fired = new Map<number, Finding>()
  readonly #send: (half: FirstHalf, signal: Sent) => void

  event: EventView
  time = 0
  late = false
  first = false
  since = 0
  believed = true
  settings: unknown = {}
  lists!: Lists
  row = 0
  logTime = 0
  /** Slot of the window that the step opened, or -1. */
  slot = -1
  /** The step doubts the event: see Step.doubt. */
  doubts = false

  constructor(
    detector: Detector,
    place: number,
    laid: Laid,
    habits: Views<Habits>,
    event: EventView,
    send: (half: FirstHalf, signal: Sent) => void,
  ) {
    const owner = ownerName(detector)
    this.detector = detector
    this.place = place
    this.state = laid.stateOf(owner)
    this.habits = habits
    this.#keptBack = laid.keptBackOf(owner)
    this.#cursor = laid.keys.table.cursor
    this.pool = laid.poolOf(owner)
    this.#window = this.pool?.handlesOf(owner)
    this.event = event
    this.#send = send
  }

  get windowStart(): number {
    return this.pool === undefined ? 0 : this.pool.startOf(this.time)
  }

  // Functions of the object, not methods, so that a step may take them out of its context.
  readonly openWindow = (): Handles<Fields> => {
    if (this.pool === undefined || this.#window === undefined)
      throw new Error(`${this.detector.id} opens a window and declares none`)
    this.slot = this.pool.open(this.row, this.windowStart, this.logTime)
    return this.#window
  }

  /** What it keeps in the window that is closing. */
  get closing(): Handles<Fields> | undefined {
    return this.#window
  }

  readonly doubt = (): void => {
    this.doubts = true
  }

  readonly send = (signal: Sent): void => {
    this.#send(this, signal)
  }

  /** Points the context at an event of the key in `row`. */
  aim(row: number, own: DetectorRules, lists: Lists, placing: Placing, logTime: number): void {
    this.row = row
    this.settings = own.settings
    this.lists = lists
    this.time = placing.time
    this.late = placing.late
    this.first = placing.first
    this.since = placing.since
    this.believed = placing.doubt === ''
    this.logTime = logTime
    this.slot = -1
    this.doubts = false
    if (!this.#keptBack.isEmpty) this.#keptBack.keep(this.#cursor)
  }

  /** Takes back what the step learned of the current event: the cursor still stands on its row. */
  unlearn(): void {
    if (!this.#keptBack.isEmpty) this.#keptBack.restore(this.#cursor)
  }
}

/** Erased like Detector, for calls of `step`. */
export type ErasedStep = Parameters<Detector['step']>[0] &
  Step<Record<string, unknown>, Fields, Fields> & { settings: TObject }
