/**
 * Keys of table rows: 128 bits of the keyed hash Chaskey-12 over tenant and words (Mouha et al. 2014, ISO/IEC 29192-6),
 * which is made of 32-bit additions, rotations and exclusive ors, and so is fast here. Without its key nobody can make two
 * names that share a row, nor many that crowd one place of an index.
 *
 * The key lies in the snapshot beside the rows that it made. It changes no result: no id, no order and no finding hangs on
 * it, so that a partition that begins anew may begin with another one.
 */

/** 128 bits as four words of 32. */
export type Words = readonly [number, number, number, number]

/** The key of rows where none is given: of tools that read one file and keep nothing. */
export const PLAIN_KEY: Words = [0x6d6f6c74, 0x77617463, 0x68202d20, 0x726f7773]

export interface Key64 {
  hi: number
  /** Never 0, so that an all-zero key means a free row. */
  lo: number
}

/** Twice a 128-bit number, in GF(2^128). */
function twice([a, b, c, d]: Words): Words {
  const carry = d >>> 31 === 0 ? 0 : 0x87
  return [(a << 1) ^ carry, (b << 1) | (a >>> 31), (c << 1) | (b >>> 31), (d << 1) | (c >>> 31)]
}

/** UTF-16 units of one block. */
const BLOCK = 8

/**
 * The rows' keyed hash. One object for the life of a table: what it made last stands in its words. The message is each word
 * in blocks of its own, filled up with zeros, and a last block with their lengths, so that no two lists are alike.
 */
export class RowKey {
  readonly key: Words
  readonly #end: Words
  /** State after the tenant, who mostly is the one before. */
  #tenant: string | undefined
  #afterTenant: Words = PLAIN_KEY
  a = 0
  /** Never 0, so that an all-zero key means a free row. */
  b = 0
  c = 0
  d = 0

  constructor(key: Words) {
    this.key = key
    this.#end = twice(key)
  }

  of(tenant: string, first: string, second: string): void {
    if (tenant !== this.#tenant) {
      ;[this.a, this.b, this.c, this.d] = this.key
      this.#absorb(tenant)
      this.#tenant = tenant
      this.#afterTenant = [this.a, this.b, this.c, this.d]
    } else {
      const after = this.#afterTenant
      this.a = after[0]
      this.b = after[1]
      this.c = after[2]
      this.d = after[3]
    }
    this.#absorb(first)
    this.#absorb(second)
    const end = this.#end
    this.a ^= tenant.length ^ end[0]
    this.b ^= first.length ^ end[1]
    this.c ^= second.length ^ end[2]
    this.d ^= end[3]
    this.#permute()
    this.a = (this.a ^ end[0]) >>> 0
    this.b = (this.b ^ end[1]) >>> 0 || 1
    this.c = (this.c ^ end[2]) >>> 0
    this.d = (this.d ^ end[3]) >>> 0
  }

  #absorb(word: string): void {
    const { length } = word
    const whole = length - (length % BLOCK)
    let at = 0
    for (; at < whole; at += BLOCK) {
      this.a ^= word.charCodeAt(at) | (word.charCodeAt(at + 1) << 16)
      this.b ^= word.charCodeAt(at + 2) | (word.charCodeAt(at + 3) << 16)
      this.c ^= word.charCodeAt(at + 4) | (word.charCodeAt(at + 5) << 16)
      this.d ^= word.charCodeAt(at + 6) | (word.charCodeAt(at + 7) << 16)
      this.#permute()
    }
    if (at === length) return
    // Beyond the end charCodeAt answers NaN, which the operators of bits take for 0.
    this.a ^= word.charCodeAt(at) | (word.charCodeAt(at + 1) << 16)
    this.b ^= word.charCodeAt(at + 2) | (word.charCodeAt(at + 3) << 16)
    this.c ^= word.charCodeAt(at + 4) | (word.charCodeAt(at + 5) << 16)
    this.d ^= word.charCodeAt(at + 6) | (word.charCodeAt(at + 7) << 16)
    this.#permute()
  }

  #permute(): void {
    let { a, b, c, d } = this
    for (let round = 0; round < 12; round++) {
      a = (a + b) | 0
      b = ((b << 5) | (b >>> 27)) ^ a
      a = (a << 16) | (a >>> 16)
      c = (c + d) | 0
      d = ((d << 8) | (d >>> 24)) ^ c
      a = (a + d) | 0
      d = ((d << 13) | (d >>> 19)) ^ a
      c = (c + b) | 0
      b = ((b << 7) | (b >>> 25)) ^ c
      c = (c << 16) | (c >>> 16)
    }
    this.a = a
    this.b = b
    this.c = c
    this.d = d
  }
}

const mix = (h: number): number => {
  let x = h ^ (h >>> 16)
  x = Math.imul(x, 0x85ebca6b)
  x ^= x >>> 13
  x = Math.imul(x, 0xc2b2ae35)
  return (x ^ (x >>> 16)) >>> 0
}

/**
 * The key that rows had before: 64 bits without a key of its own. Rows of an older snapshot are found by it once, by their
 * own tenant alone, and get their new key then.
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
    x = (x << 4) | (code <= 57 ? code - 48 : (code & 0xdf) - 55)
  }
  return x >>> 0
}
