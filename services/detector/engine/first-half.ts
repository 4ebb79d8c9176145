/**
 * Stage one's side of one detector: its handles, its windows, and the context that its step gets. The context is one
 * object for the life of the stage, pointed at event after event.
 */
import type { Detector, Sent, Step, Suspicion } from '../../../detectors/detector.ts'
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

/** Takes what a step sends to stage two. */
export interface Sender {
  send(half: FirstHalf, signal: Sent): void
  hasSent(half: FirstHalf, signal: Sent): boolean
}

export class FirstHalf implements Step<unknown, Fields, Fields> {
  readonly detector: Detector
  /** The detector's own, in fields of this class: detectors have many shapes, and each call would look them up. */
  readonly matches: Detector['matches']
  readonly step: ErasedStepFunction
  /** Place in the registry, by which the rules are asked. */
  readonly place: number
  readonly state: Handles<Fields>
  readonly habits: Views<Habits>
  /** Whether its step learns something by itself, which is reverted if the event is only judged. */
  readonly keepsBack: boolean
  readonly #keptBack: KeptBack
  readonly #cursor: Cursor
  readonly pool: WindowPool | undefined
  readonly #window: Handles<Fields> | undefined
  /** What fired in an open window, to be brought up to date when it closes. */
  readonly fired = new Map<number, Finding>()
  readonly #sender: Sender
  /** The detector's `id@version`. */
  readonly owner: string

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

  constructor(detector: Detector, place: number, laid: Laid, habits: Views<Habits>, event: EventView, sender: Sender) {
    const owner = ownerName(detector)
    this.owner = owner
    this.detector = detector
    this.matches = detector.matches
    this.step = detector.step as ErasedStepFunction
    this.place = place
    this.state = laid.stateOf(owner)
    this.habits = habits
    this.#keptBack = laid.keptBackOf(owner)
    this.keepsBack = !this.#keptBack.isEmpty
    this.#cursor = laid.keys.table.cursor
    this.pool = laid.poolOf(owner)
    this.#window = this.pool?.handlesOf(owner)
    this.event = event
    this.#sender = sender
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

  readonly send = (signal: Sent): void => this.#sender.send(this, signal)

  readonly hasSent = (signal: Sent): boolean => this.#sender.hasSent(this, signal)

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
    if (this.keepsBack) this.#keptBack.keep(this.#cursor)
  }

  /** Reverts what the step learned from the current event: the cursor is still on its row. */
  unlearn(): void {
    this.#keptBack.restore(this.#cursor)
  }
}

/** `step` of a detector whose own types are erased, as they are in this context. */
type ErasedStepFunction = (context: Step<unknown, Fields, Fields>) => Suspicion | undefined
