/**
 * The keyed hash Chaskey-12 (Mouha et al. 2014, ISO/IEC 29192-6) over lists of three words: 128 bits of 32-bit additions,
 * rotations and exclusive ors, and so fast here. It finds rows of state and spreads identities over partitions. Without its key
 * nobody can make two names with one hash, nor many that fall on one place. No id, no order and no finding depends on it.
 */
import { hash32 } from './ids.ts'

/** 128 bits as four words of 32. */
export type Words = readonly [number, number, number, number]

/** Twice a 128-bit number, in GF(2^128). */
function twice([a, b, c, d]: Words): Words {
  const carry = d >>> 31 === 0 ? 0 : 0x87
  return [(a << 1) ^ carry, (b << 1) | (a >>> 31), (c << 1) | (b >>> 31), (d << 1) | (c >>> 31)]
}

/** UTF-16 units of one block. */
const BLOCK = 8

/** How many hashes are kept, a power of two: who acts once mostly acts again at once. */
const RECENT = 256

/** A list and its hash. */
class Recent {
  tenant = ''
  first = ''
  second = ''
  a = 0
  b = 0
  c = 0
  d = 0
}

/** Where a list's hash is kept; those that share a place only cost each other's hash. */
const placeOf = (first: string, second: string): number => hash32(second, hash32(first)) & (RECENT - 1)

/**
 * The hash under one key. One object hashes many lists; `a` to `d` hold its last result. The message is each text in
 * separate, zero-padded blocks, then a block with their lengths, so that no two lists are alike.
 */
export class KeyedHash {
  readonly key: Words
  readonly #end: Words
  readonly #recent: (Recent | undefined)[] = Array.from({ length: RECENT }, () => undefined)
  /** State after the tenant, who mostly is the one before. */
  #tenant: string | undefined
  #afterTenant: Words
  a = 0
  /** Never 0, so that four zeros mean a free row of a table. */
  b = 0
  c = 0
  d = 0

  constructor(key: Words) {
    this.key = key
    this.#afterTenant = key
    this.#end = twice(key)
  }

  of(tenant: string, first: string, second: string): void {
    const place = placeOf(first, second)
    const known = this.#recent[place]
    if (known?.first === first && known.tenant === tenant && known.second === second) {
      this.a = known.a
      this.b = known.b
      this.c = known.c
      this.d = known.d
      return
    }
    this.#make(tenant, first, second)
    const recent = known ?? (this.#recent[place] = new Recent())
    recent.tenant = tenant
    recent.first = first
    recent.second = second
    recent.a = this.a
    recent.b = this.b
    recent.c = this.c
    recent.d = this.d
  }

  #make(tenant: string, first: string, second: string): void {
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
