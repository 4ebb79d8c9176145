/**
 * Keys of table rows: 128 bits of a keyed hash over tenant and words (schemas/keyed-hash.ts). Without the hash key nobody
 * can make two names that share a row, or many that crowd one place of the index.
 *
 * The hash key is in the snapshot next to the rows that it made. It changes no result: no id, order or finding depends on
 * it, so a partition that starts empty may start with another one.
 */
import type { Words } from '../../../schemas/keyed-hash.ts'

/** The default key of rows: for tools that read one file and keep nothing. */
export const PLAIN_KEY: Words = [0x6d6f6c74, 0x77617463, 0x68202d20, 0x726f7773]

export interface Key64 {
  hi: number
  /** Never 0, so that an all-zero key means a free row. */
  lo: number
}

const mix = (h: number): number => {
  let x = h ^ (h >>> 16)
  x = Math.imul(x, 0x85ebca6b)
  x ^= x >>> 13
  x = Math.imul(x, 0xc2b2ae35)
  return (x ^ (x >>> 16)) >>> 0
}

/**
 * The key that rows had before: 64 bits, without a hash key. It finds each row of an older snapshot once, within its own
 * tenant only; the row then gets its new key.
 */
export function key64(into: Key64, a: string, b: string, c: string): void {
  let x = 0x811c9dc5
  let y = 0x9747b28c
  for (let i = 0; i < a.length; i++) {
    const code = a.charCodeAt(i)
    x = Math.imul(x ^ code, 0x01000193)
    y = Math.imul(y ^ code, 0x5bd1e995)
  }
  for (const word of [b, c]) {
    x = Math.imul(x ^ 0x1ffff, 0x01000193)
    y = Math.imul(y ^ 0x1ffff, 0x5bd1e995)
    for (let i = 0; i < word.length; i++) {
      const code = word.charCodeAt(i)
      x = Math.imul(x ^ code, 0x01000193)
      y = Math.imul(y ^ code, 0x5bd1e995) ^ (x >>> 17)
    }
  }
  into.hi = mix(y)
  into.lo = mix(x) || 1
}

/** The first 64 bits of an id of hex digits. */
export function keyOfId(into: Key64, id: string): void {
  into.hi = hex32(id, 0)
  into.lo = hex32(id, 8) || 1
}

/** 32 bits from eight hex digits starting at `from`. */
export function hex32(id: string, from: number): number {
  let x = 0
  for (let i = from; i < from + 8; i++) {
    const code = id.charCodeAt(i)
    // Without a branch, which would be guessed wrong for every third digit: letters have bit 6, and begin with 1.
    x = (x << 4) | ((code & 0xf) + 9 * (code >> 6))
  }
  return x >>> 0
}
