/**
 * Which fingerprints have been seen, in a few bytes: a bitmap with one probe for each
 * fingerprint (a Bloom filter, Bloom 1970, with k = 1: the best k where the set may grow to the size of the bitmap). "Not seen" is certain,
 * "seen" may be wrong, so a rule that asks "is this new?" errs to the quiet side, and more so as the filter fills.
 * Order-free: the same set gives the same bits.
 */
import type { Cursor, Field } from './columns.ts'

export interface SeenFilter {
  has(fingerprint: number): boolean
  add(fingerprint: number): void
}

class SeenFilterHandle implements SeenFilter {
  readonly #c: Cursor
  readonly #i: number
  readonly #bytes: number
  constructor(c: Cursor, first: number, bytes: number) {
    this.#c = c
    this.#i = first
    this.#bytes = bytes
  }
  has(fingerprint: number): boolean {
    return this.#bit(fingerprint, false)
  }
  add(fingerprint: number): void {
    this.#bit(fingerprint, true)
  }
  /** Reads a bit, and sets it where told to. */
  #bit(word: number, set: boolean): boolean {
    const bits = this.#c.chunk[this.#i] as Uint8Array
    const bit = word % (this.#bytes * 8)
    const at = this.#c.slot * this.#bytes + (bit >>> 3)
    const mask = 1 << (bit & 7)
    const held = ((bits[at] as number) & mask) !== 0
    if (set) bits[at] = (bits[at] as number) | mask
    return held
  }
}

/** `bytes` of bits: 48 hold 30 fingerprints at 8 % false "seen", 100 at 23 %, 200 at 41 %. */
export const seenFilter = (options: { readonly bytes: number }): Field<SeenFilter> => ({
  columns: { bits: { type: 'u8', length: options.bytes } },
  bind: (c, first) => new SeenFilterHandle(c, first, options.bytes),
})
