/** Stage one's side of one habit: its location, and the moment passed to it. One object for the life of the stage. */
import type { Habit, HabitPlace, Moment, OpenHabit } from '../../../detectors/habits/habit.ts'
import type { Detector } from '../../../detectors/detector.ts'
import type { Fields, Handles } from '../../../detectors/lib/columns.ts'
import type { EventView } from '../../../schemas/event.ts'
import { ownerName } from './layout.ts'
import type { Laid } from './lay.ts'
import type { Placing } from './placing.ts'
import type { WindowPool } from './windows.ts'

/** How a snapshot names what belongs to a version of a habit. */
export const habitName = (habit: Habit): string => ownerName({ id: `habits/${habit.id}`, version: habit.version })

/** Every habit that a detector uses, once. */
export const habitsOf = (detectors: readonly Detector[]): Habit[] => [
  ...new Set(detectors.flatMap((detector) => Object.values((detector.uses ?? {}) as Record<string, Habit>))),
]

export class HabitSide implements Moment, HabitPlace<Fields, Fields> {
  readonly habit: Habit
  readonly name: string
  readonly open: OpenHabit<unknown>
  /** The open habit's own: see FirstHalf. */
  readonly #look: OpenHabit<unknown>['look']
  readonly #learn: OpenHabit<unknown>['learn']
  readonly state: Handles<Fields>
  readonly #pool: WindowPool | undefined
  readonly #window: Handles<Fields> | undefined

  event: EventView
  time = 0
  late = false
  since = 0
  believed = true
  row = 0
  logTime = 0

  constructor(habit: Habit, laid: Laid, event: EventView) {
    this.habit = habit
    this.name = habitName(habit)
    this.state = laid.stateOf(this.name)
    this.#pool = laid.poolOf(this.name)
    this.#window = this.#pool?.handlesOf(this.name)
    this.event = event
    this.open = habit.open(this)
    this.#look = this.open.look
    this.#learn = this.open.learn
  }

  get windowStart(): number {
    return this.#pool === undefined ? 0 : this.#pool.startOf(this.time)
  }

  readonly openWindow = (): Handles<Fields> => {
    if (this.#pool === undefined || this.#window === undefined)
      throw new Error(`the habit ${this.habit.id} opens a window and declares none`)
    this.#pool.open(this.row, this.windowStart, this.logTime)
    return this.#window
  }

  /** Points the side at an event of the key in `row`, and lets the habit look. */
  look(row: number, placing: Placing, logTime: number): void {
    this.row = row
    this.time = placing.time
    this.late = placing.late
    this.since = placing.since
    this.believed = placing.doubt === ''
    this.logTime = logTime
    this.#look?.(this)
  }

  learn(doubted: boolean): void {
    this.#learn(this, doubted)
  }
}
