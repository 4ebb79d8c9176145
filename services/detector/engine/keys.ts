/**
 * 64-bit keys of table rows: two 32-bit lanes of one pass over the words. At 1.5 million keys the chance that any two
 * collide is 6e-8; a collision would merge two baselines, nothing else.
 */
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

/** Writes the key of the words into `into`: no allocation on the hot path. */
export function key64(into: Key64, a: string, b: string, c = ''): void {
  let x = 0x811c9dc5
  let y = 0x9747b28c
  for (let i = 0; i < a.length; i++) {
    const code = a.charCodeAt(i)
    x = Math.imul(x ^ code, 0x01000193)
    y = Math.imul(y ^ code, 0x5bd1e995)
  }
  x = Math.imul(x ^ 0x1ffff, 0x01000193)
  y = Math.imul(y ^ 0x1ffff, 0x5bd1e995)
  for (let i = 0; i < b.length; i++) {
    const code = b.charCodeAt(i)
    x = Math.imul(x ^ code, 0x01000193)
    y = Math.imul(y ^ code, 0x5bd1e995) ^ (x >>> 17)
  }
  x = Math.imul(x ^ 0x1ffff, 0x01000193)
  y = Math.imul(y ^ 0x1ffff, 0x5bd1e995)
  for (let i = 0; i < c.length; i++) {
    const code = c.charCodeAt(i)
    x = Math.imul(x ^ code, 0x01000193)
    y = Math.imul(y ^ code, 0x5bd1e995) ^ (x >>> 17)
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
