/**
 * The last N ids, for dropping repeats: a ring of 64-bit prefixes and an open-addressing index into it. It starts small
 * and grows to its capacity, so that a quiet partition costs little.
 *
 * An id may come with a content, which is stored with it: the same id with another content is not a repeat. The first
 * content of an id is indexed under the id alone, the others under id and content together, so that many contents of one
 * id do not make a long run.
 */
import { LIMITS } from '../../../schemas/limits.ts'
import { keyOfId, type Key64 } from './keys.ts'

const START = 1_024

/** What an id is: not seen yet, there with this content, or there with another one only. */
export type Seen = 'new' | 'repeat' | 'conflict'

export class IdRing {
  readonly #capacity: number
  readonly #withContent: boolean
  #hi: Uint32Array
  #lo: Uint32Array
  /** Of the contents; empty where ids come without. 0 and 0 is a content that is not known, which every other one matches. */
  #contentHi: Uint32Array
  #contentLo: Uint32Array
  /** 1: not the first content of its id. */
  #later: Uint8Array
  #slots: Uint32Array
  #next = 0
  #count = 0
  /** How many are not the first content of their id; mostly none. */
  #laters = 0
  readonly #key: Key64 = { hi: 0, lo: 0 }
  readonly #content: Key64 = { hi: 0, lo: 0 }

  /** `capacity` is a power of two. */
  constructor(capacity: number, withContent = false) {
    this.#capacity = capacity
    this.#withContent = withContent
    const size = Math.min(START, capacity)
    this.#hi = new Uint32Array(size)
    this.#lo = new Uint32Array(size)
    this.#contentHi = new Uint32Array(withContent ? size : 0)
    this.#contentLo = new Uint32Array(withContent ? size : 0)
    this.#later = new Uint8Array(withContent ? size : 0)
    this.#slots = new Uint32Array(size * 2)
  }

  /** Adds the id; false if it is already among the last ones. */
  add(id: string): boolean {
    return this.take(id, '') === 'new'
  }

  /** Adds the id with its content, unless it is a repeat. `content` is an id, or '' if there is none. */
  take(id: string, content: string): Seen {
    keyOfId(this.#key, id)
    if (content === '') this.#content.hi = this.#content.lo = 0
    else keyOfId(this.#content, content)
    const { hi, lo } = this.#key
    const first = this.#find(hi, lo)
    if (first >= 0 && this.#sameContent((this.#slots[first] as number) - 1)) return 'repeat'
    // The first content may have left the ring before the others.
    if (this.#laters > 0 && this.#findLater(hi, lo) >= 0) return 'repeat'
    this.#put(first < 0 ? 0 : 1)
    return first < 0 ? 'new' : 'conflict'
  }

  /** Writes the current key and content to the next position. */
  #put(later: 0 | 1): void {
    if (this.#count === this.#hi.length) {
      if (this.#hi.length < this.#capacity) this.#grow()
      else this.#drop(this.#next)
    }
    this.#hi[this.#next] = this.#key.hi
    this.#lo[this.#next] = this.#key.lo
    if (this.#withContent) {
      this.#contentHi[this.#next] = this.#content.hi
      this.#contentLo[this.#next] = this.#content.lo
      this.#later[this.#next] = later
      this.#laters += later
    }
    this.#insert(this.#next)
    this.#next = (this.#next + 1) % this.#hi.length
    if (this.#count < this.#hi.length) this.#count++
  }

  #sameContent(position: number): boolean {
    if (!this.#withContent) return true
    const [hi, lo] = [this.#contentHi[position], this.#contentLo[position]]
    const { hi: wantedHi, lo: wantedLo } = this.#content
    return (hi === wantedHi && lo === wantedLo) || (hi === 0 && lo === 0) || (wantedHi === 0 && wantedLo === 0)
  }

  get bytes(): number {
    return this.#hi.byteLength * 2 + (this.#contentHi.byteLength * 2 + this.#later.byteLength) + this.#slots.byteLength
  }

  /** Numbers of a dumped id: (hi, lo), and with content (content hi, content lo, whether it is not the first). */
  static readonly #numbers = (withContent: boolean): number => (withContent ? 5 : 2)

  /** Oldest first. */
  dump(): Uint32Array {
    const width = IdRing.#numbers(this.#withContent)
    const out = new Uint32Array(this.#count * width)
    const size = this.#hi.length
    const first = (this.#next - this.#count + size) % size
    for (let k = 0; k < this.#count; k++) {
      const at = (first + k) % size
      out[k * width] = this.#hi[at] as number
      out[k * width + 1] = this.#lo[at] as number
      if (!this.#withContent) continue
      out[k * width + 2] = this.#contentHi[at] as number
      out[k * width + 3] = this.#contentLo[at] as number
      out[k * width + 4] = this.#later[at] as number
    }
    return out
  }

  static restore(capacity: number, dump: Uint32Array, withContent = false): IdRing {
    const ring = new IdRing(capacity, withContent)
    const width = IdRing.#numbers(withContent)
    const count = Math.min(dump.length / width, capacity)
    while (ring.#hi.length < count) ring.#grow()
    const skip = dump.length / width - count
    for (let k = 0; k < count; k++) {
      const at = (skip + k) * width
      ring.#hi[k] = dump[at] as number
      ring.#lo[k] = dump[at + 1] as number
      if (withContent) {
        ring.#contentHi[k] = dump[at + 2] as number
        ring.#contentLo[k] = dump[at + 3] as number
        ring.#later[k] = dump[at + 4] as number
        ring.#laters += ring.#later[k] as number
      }
      ring.#insert(k)
    }
    ring.#count = count
    ring.#next = count % ring.#hi.length
    return ring
  }

  /** Where the run of an id begins; with the current content that is not its first, where the run of both begins. */
  #home(position: number): number {
    const lo = this.#lo[position] as number
    return this.#later[position] === 1 ? lo ^ (this.#contentLo[position] as number) : lo
  }

  /** The slot of an id's first content, or -1. */
  #find(hi: number, lo: number): number {
    const mask = this.#slots.length - 1
    for (let s = lo & mask; ; s = (s + 1) & mask) {
      const held = this.#slots[s] as number
      if (held === 0) return -1
      if (this.#lo[held - 1] === lo && this.#hi[held - 1] === hi && this.#later[held - 1] !== 1) return s
    }
  }

  /** The slot of an id with the current content, if that is not its first; otherwise -1. */
  #findLater(hi: number, lo: number): number {
    const mask = this.#slots.length - 1
    for (let s = (lo ^ this.#content.lo) & mask; ; s = (s + 1) & mask) {
      const held = this.#slots[s] as number
      if (held === 0) return -1
      const isIt = this.#lo[held - 1] === lo && this.#hi[held - 1] === hi && this.#later[held - 1] === 1
      if (isIt && this.#sameContent(held - 1)) return s
    }
  }

  #insert(position: number): void {
    const mask = this.#slots.length - 1
    let s = this.#home(position) & mask
    while (this.#slots[s] !== 0) s = (s + 1) & mask
    this.#slots[s] = position + 1
  }

  /** Removes the id at a ring position; later ones of its run move back, so that no run is broken. */
  #drop(position: number): void {
    const mask = this.#slots.length - 1
    let hole = this.#home(position) & mask
    while (this.#slots[hole] !== position + 1) hole = (hole + 1) & mask
    for (let s = (hole + 1) & mask; this.#slots[s] !== 0; s = (s + 1) & mask) {
      const home = this.#home((this.#slots[s] as number) - 1) & mask
      if (((s - home) & mask) >= ((s - hole) & mask)) {
        this.#slots[hole] = this.#slots[s] as number
        hole = s
      }
    }
    this.#slots[hole] = 0
    if (this.#later[position] === 1) this.#laters--
  }

  /** Doubles the ring while it is full and unrolled: position 0 is then the oldest. */
  #grow(): void {
    const size = this.#hi.length * 2
    const wider = (old: Uint32Array): Uint32Array => {
      const made = new Uint32Array(old.length * 2)
      made.set(old)
      return made
    }
    this.#hi = wider(this.#hi)
    this.#lo = wider(this.#lo)
    this.#contentHi = wider(this.#contentHi)
    this.#contentLo = wider(this.#contentLo)
    const later = new Uint8Array(this.#later.length * 2)
    later.set(this.#later)
    this.#later = later
    this.#slots = new Uint32Array(size * 2)
    for (let k = 0; k < this.#count; k++) this.#insert(k)
    this.#next = this.#count
  }
}

/** The ring of events of a partition, from a snapshot; `ids` are those of a version that kept no contents. */
export function restoreSeen(contents: Uint32Array, ids: Uint32Array): IdRing {
  if (contents.length > 0) return IdRing.restore(LIMITS.dedup_ids_per_partition, contents, true)
  const wide = new Uint32Array((ids.length / 2) * 5)
  for (let k = 0; k < ids.length / 2; k++) wide.set(ids.subarray(k * 2, k * 2 + 2), k * 5)
  return IdRing.restore(LIMITS.dedup_ids_per_partition, wide, true)
}
