/**
 * Open windows of one length: a bounded pool of rows, each for one (key, fixed event-time window), shared by every habit
 * and detector that declares windows of that length. A window closes when
 * log time has passed it by its length and the allowed lateness without a touch, or when the pool is full and it is the
 * least recently touched. Closing changes no result of a window that nothing can extend any more.
 */
import type { Fields, Handles } from '../../../detectors/lib/columns.ts'
import { LIMITS } from '../../../schemas/limits.ts'
import { Layout } from './layout.ts'
import type { NamedColumn, Table } from './table.ts'

const column = (name: string, type: 'u32' | 'f64'): NamedColumn => ({ name: `engine/${name}`, type, length: 1 })
const BASE: readonly NamedColumn[] = [
  column('owner', 'u32'),
  column('start', 'f64'),
  column('chain', 'u32'),
  column('touched', 'f64'),
  column('older', 'u32'),
  column('newer', 'u32'),
]
// Column numbers in the table, whose key is column 0.
const OWNER = 1
const START = 2
const CHAIN = 3
const TOUCHED = 4
const OLDER = 5
const NEWER = 6

/** Key of the row for what is too late for any window: written to, never read. */
const SCRATCH = { hi: 0xffff_ffff, lo: 0xffff_ffff }

export interface WindowPoolOptions {
  readonly owners: Table
  /** Column of the owners' table that heads the chain of a row's windows. */
  readonly head: number
  /** Who keeps what in a window. */
  readonly members: readonly { readonly name: string; readonly state: Fields }[]
  readonly lengthMs: number
  /** Most windows that one key holds at a time, the newest by event time; older events find none. */
  readonly perKeyMax: number
  readonly slotsMax: number
}

export class WindowPool {
  readonly table: Table
  readonly lengthMs: number
  readonly #o: WindowPoolOptions
  readonly #handles: ReadonlyMap<string, Handles<Fields>>
  #oldest = 0
  #newest = 0
  /** Called before a window is freed, with the cursor on it. */
  onClose: (slot: number) => void = () => {}

  constructor(options: WindowPoolOptions) {
    this.#o = options
    this.lengthMs = options.lengthMs
    const layout = new Layout(BASE)
    for (const { name, state } of options.members) layout.add(name, state)
    this.table = layout.table(2)
    this.#handles = new Map(options.members.map(({ name }) => [name, layout.bind(this.table, name)]))
    this.table.insert(SCRATCH.hi, SCRATCH.lo)
  }

  /** Open windows. */
  get size(): number {
    return this.table.size - 1
  }

  /** What a member keeps in the window that was opened last. */
  handlesOf(member: string): Handles<Fields> {
    const handles = this.#handles.get(member)
    if (handles === undefined) throw new Error(`${member} keeps nothing in windows of ${this.lengthMs} ms`)
    return handles
  }

  startOf(time: number): number {
    return Math.floor(time / this.lengthMs) * this.lengthMs
  }

  /**
   * Points the handles at the window of a key that starts at `start`, and creates it if it does not exist. Returns its
   * slot, or -1 if the key already holds newer windows only: the handles then point at a row that nobody reads.
   */
  open(owner: number, start: number, logTime: number): number {
    const lo = this.#low(owner, start)
    let slot = this.table.find(owner, lo)
    if (slot < 0) slot = this.#make(owner, start, lo)
    if (slot < 0) return this.#scratch()
    // A signal that was long on its way must not make the window look older than its last touch.
    if (logTime > this.table.f64(slot, TOUCHED)) this.table.setF64(slot, TOUCHED, logTime)
    this.#toNewest(slot)
    this.table.point(slot)
    return slot
  }

  ownerOf(slot: number): number {
    return this.table.u32(slot, OWNER)
  }

  startOfSlot(slot: number): number {
    return this.table.f64(slot, START)
  }

  /** Closes what log time has left behind. */
  expire(logTime: number): void {
    const patience = this.lengthMs + LIMITS.window_lateness_ms
    while (this.#oldest !== 0 && logTime - this.table.f64(this.#oldest - 1, TOUCHED) >= patience) {
      this.close(this.#oldest - 1)
    }
  }

  /** Closes all windows of a key. */
  release(owner: number): void {
    for (
      let head = this.#o.owners.u32(owner, this.#o.head);
      head !== 0;
      head = this.#o.owners.u32(owner, this.#o.head)
    ) {
      this.close(head - 1)
    }
  }

  close(slot: number): void {
    this.table.point(slot)
    this.onClose(slot)
    this.#unchain(slot)
    this.#unlink(slot)
    this.table.remove(slot)
  }

  #low(owner: number, start: number): number {
    const number = start / this.lengthMs
    const h = Math.imul(owner ^ Math.imul(number | 0, 0x9e3779b1), 0x85ebca6b)
    return (h ^ (h >>> 15)) >>> 0 || 1
  }

  #make(owner: number, start: number, lo: number): number {
    const { owners, head, perKeyMax, slotsMax } = this.#o
    let held = 0
    let first = -1
    for (let at = owners.u32(owner, head); at !== 0; at = this.table.u32(at - 1, CHAIN)) {
      held++
      if (first < 0 || this.table.f64(at - 1, START) < this.table.f64(first, START)) first = at - 1
    }
    if (held >= perKeyMax) {
      if (start < this.table.f64(first, START)) return -1
      this.close(first)
    }
    if (this.size >= slotsMax) this.close(this.#oldest - 1)
    const slot = this.table.insert(owner, lo)
    this.table.setU32(slot, OWNER, owner)
    this.table.setF64(slot, START, start)
    this.table.setU32(slot, CHAIN, owners.u32(owner, head))
    owners.setU32(owner, head, slot + 1)
    this.#link(slot)
    return slot
  }

  #scratch(): number {
    this.table.remove(this.table.find(SCRATCH.hi, SCRATCH.lo))
    this.table.point(this.table.insert(SCRATCH.hi, SCRATCH.lo))
    return -1
  }

  #unchain(slot: number): void {
    const { owners, head } = this.#o
    const owner = this.ownerOf(slot)
    const next = this.table.u32(slot, CHAIN)
    let at = owners.u32(owner, head)
    if (at === slot + 1) {
      owners.setU32(owner, head, next)
      return
    }
    while (this.table.u32(at - 1, CHAIN) !== slot + 1) at = this.table.u32(at - 1, CHAIN)
    this.table.setU32(at - 1, CHAIN, next)
  }

  #link(slot: number): void {
    this.table.setU32(slot, OLDER, this.#newest)
    this.table.setU32(slot, NEWER, 0)
    if (this.#newest !== 0) this.table.setU32(this.#newest - 1, NEWER, slot + 1)
    this.#newest = slot + 1
    if (this.#oldest === 0) this.#oldest = slot + 1
  }

  #unlink(slot: number): void {
    const older = this.table.u32(slot, OLDER)
    const newer = this.table.u32(slot, NEWER)
    if (older !== 0) this.table.setU32(older - 1, NEWER, newer)
    else this.#oldest = newer
    if (newer !== 0) this.table.setU32(newer - 1, OLDER, older)
    else this.#newest = older
  }

  #toNewest(slot: number): void {
    if (this.#newest === slot + 1) return
    this.#unlink(slot)
    this.#link(slot)
  }

  /** Ends of the list by touch, for the snapshot. */
  get ends(): readonly [number, number] {
    return [this.#oldest, this.#newest]
  }

  load(
    high: number,
    free: readonly number[],
    ends: readonly [number, number],
    bytesOf: (name: string) => Uint8Array | undefined,
  ): void {
    this.table.load(high, free, bytesOf)
    this.#oldest = ends[0]
    this.#newest = ends[1]
  }
}
