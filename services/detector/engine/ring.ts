/**
 * The last N ids, to drop repeats by: a ring of 64-bit prefixes and an open-addressing index into it. It starts small and
 * grows to its capacity, so that a partition that sees little costs little.
 */
import { keyOfId, type Key64 } from './keys.ts'

const START = 1_024

export class IdRing {
  readonly #capacity: number
  #hi: Uint32Array
  #lo: Uint32Array
  #slots: Uint32Array
  #next = 0
  #count = 0
  readonly #key: Key64 = { hi: 0, lo: 0 }

  /** `capacity` is a power of two. */
  constructor(capacity: number) {
    this.#capacity = capacity
    const size = Math.min(START, capacity)
    this.#hi = new Uint32Array(size)
    this.#lo = new Uint32Array(size)
    this.#slots = new Uint32Array(size * 2)
  }

  /** Takes the id in; answers false where it is already among the last ones. */
  add(id: string): boolean {
    keyOfId(this.#key, id)
    const { hi, lo } = this.#key
    if (this.#find(hi, lo) >= 0) return false
    if (this.#count === this.#hi.length) {
      if (this.#hi.length < this.#capacity) this.#grow()
      else this.#drop(this.#next)
    }
    this.#hi[this.#next] = hi
    this.#lo[this.#next] = lo
    this.#insert(this.#next)
    this.#next = (this.#next + 1) % this.#hi.length
    if (this.#count < this.#hi.length) this.#count++
    return true
  }

  get bytes(): number {
    return this.#hi.byteLength + this.#lo.byteLength + this.#slots.byteLength
  }

  /** Oldest first, pairs of (hi, lo). */
  dump(): Uint32Array {
    const out = new Uint32Array(this.#count * 2)
    const size = this.#hi.length
    const first = (this.#next - this.#count + size) % size
    for (let k = 0; k < this.#count; k++) {
      out[k * 2] = this.#hi[(first + k) % size] as number
      out[k * 2 + 1] = this.#lo[(first + k) % size] as number
    }
    return out
  }

  static restore(capacity: number, dump: Uint32Array): IdRing {
    const ring = new IdRing(capacity)
    const count = Math.min(dump.length / 2, capacity)
    while (ring.#hi.length < count) ring.#grow()
    const skip = dump.length / 2 - count
    for (let k = 0; k < count; k++) {
      ring.#hi[k] = dump[(skip + k) * 2] as number
      ring.#lo[k] = dump[(skip + k) * 2 + 1] as number
      ring.#insert(k)
    }
    ring.#count = count
    ring.#next = count % ring.#hi.length
    return ring
  }

  #find(hi: number, lo: number): number {
    const mask = this.#slots.length - 1
    for (let s = lo & mask; ; s = (s + 1) & mask) {
      const held = this.#slots[s] as number
      if (held === 0) return -1
      if (this.#lo[held - 1] === lo && this.#hi[held - 1] === hi) return s
    }
  }

  #insert(position: number): void {
    const mask = this.#slots.length - 1
    let s = (this.#lo[position] as number) & mask
    while (this.#slots[s] !== 0) s = (s + 1) & mask
    this.#slots[s] = position + 1
  }

  /** Removes the id at a ring position; later ones of its run move back, so that no run is broken. */
  #drop(position: number): void {
    const mask = this.#slots.length - 1
    let hole = this.#find(this.#hi[position] as number, this.#lo[position] as number)
    for (let s = (hole + 1) & mask; this.#slots[s] !== 0; s = (s + 1) & mask) {
      const home = (this.#lo[(this.#slots[s] as number) - 1] as number) & mask
      if (((s - home) & mask) >= ((s - hole) & mask)) {
        this.#slots[hole] = this.#slots[s] as number
        hole = s
      }
    }
    this.#slots[hole] = 0
  }

  /** Doubles the ring while it is full and unrolled: position 0 is then the oldest. */
  #grow(): void {
    const size = this.#hi.length * 2
    const hi = new Uint32Array(size)
    const lo = new Uint32Array(size)
    hi.set(this.#hi)
    lo.set(this.#lo)
    this.#hi = hi
    this.#lo = lo
    this.#slots = new Uint32Array(size * 2)
    for (let k = 0; k < this.#count; k++) this.#insert(k)
    this.#next = this.#count
  }
}
