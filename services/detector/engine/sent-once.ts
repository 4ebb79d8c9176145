/**
 * The signals that a partition of stage one has sent once, because only the earliest of what is sent alike counts: the same
 * again, later, changes nothing in stage two. Keyed hashes are kept, with the time of each, so that what is left out does not
 * depend on the order in which events came, and nobody can make a signal that passes for another one.
 *
 * Each is sent every week nevertheless, because stage two may have evicted its row. The memory is bounded, in two generations:
 * when the young one is full it becomes the old one, and the old one's content is forgotten. What was forgotten is sent again,
 * which costs time and changes nothing.
 */
import type { Sent } from '../../../detectors/detector.ts'
import { KeyedHash, type Words } from '../../../schemas/keyed-hash.ts'
import { PLAIN_KEY } from './keys.ts'

/** Places of a generation, a power of two; it is full at two thirds of them. */
const PLACES_MIN = 256
const PLACES_MAX = 16_384
const WEEK_MS = 7 * 86_400_000

/** Hashes by open addressing: two words and a time in ms for each place; the second word of a free one is 0. */
class Generation {
  words: Uint32Array
  times: Float64Array
  #used = 0

  constructor(places: number) {
    this.words = new Uint32Array(places * 2)
    this.times = new Float64Array(places)
  }

  get isFull(): boolean {
    return this.#used * 3 >= PLACES_MAX * 2
  }

  /** The place of a hash, or the free one that it would take. */
  #placeOf(hi: number, lo: number): number {
    const mask = this.times.length - 1
    let at = lo & mask
    while (this.words[at * 2 + 1] !== 0 && (this.words[at * 2 + 1] !== lo || this.words[at * 2] !== hi))
      at = (at + 1) & mask
    return at
  }

  /** Infinity if it is not there. */
  timeOf(hi: number, lo: number): number {
    const at = this.#placeOf(hi, lo)
    return this.words[at * 2 + 1] === 0 ? Number.POSITIVE_INFINITY : (this.times[at] as number)
  }

  set(hi: number, lo: number, time: number): void {
    if (this.#used * 3 >= this.times.length * 2) this.#grow()
    const at = this.#placeOf(hi, lo)
    if (this.words[at * 2 + 1] === 0) this.#used++
    this.words[at * 2] = hi
    this.words[at * 2 + 1] = lo
    this.times[at] = time
  }

  #grow(): void {
    const { words, times } = this
    this.words = new Uint32Array(words.length * 2)
    this.times = new Float64Array(times.length * 2)
    this.#used = 0
    for (let at = 0; at < times.length; at++)
      if (words[at * 2 + 1] !== 0) this.set(words[at * 2] as number, words[at * 2 + 1] as number, times[at] as number)
  }

  /** Becomes what was dumped, place by place: a restart must not show in the next snapshot. */
  restore(words: Uint32Array, times: Float64Array): void {
    this.words = words
    this.times = times
    this.#used = 0
    for (let at = 0; at < times.length; at++) if (words[at * 2 + 1] !== 0) this.#used++
  }
}

export interface SentOnceDump {
  readonly key: Words
  /** The young generation, then the old one. */
  readonly generations: readonly { readonly words: Uint32Array; readonly times: Float64Array }[]
}

export class SentOnce {
  #hash: KeyedHash
  #young = new Generation(PLACES_MIN)
  #old = new Generation(PLACES_MIN)

  constructor(key: Words = PLAIN_KEY) {
    this.#hash = new KeyedHash(key)
  }

  /** Whether the same was sent at an earlier time, this week or the one before. `owner`: the detector's `id@version`; `time` in ms. */
  has(tenant: string, owner: string, sent: Sent, time: number): boolean {
    const week = Math.floor(time / WEEK_MS)
    return this.#timeOf(tenant, owner, sent, week) < time || this.#timeOf(tenant, owner, sent, week - 1) < time
  }

  /** Notes that it is sent at this time; false if the same was sent earlier in the week, so that it need not be. */
  add(tenant: string, owner: string, sent: Sent, time: number): boolean {
    if (this.#timeOf(tenant, owner, sent, Math.floor(time / WEEK_MS)) < time) return false
    if (this.#young.isFull) {
      this.#old = this.#young
      this.#young = new Generation(PLACES_MIN)
    }
    this.#young.set(this.#hash.a, this.#hash.b, time)
    return true
  }

  /** Everything is sent again: stage two may have given up what it got. */
  clear(): void {
    this.#young = new Generation(PLACES_MIN)
    this.#old = new Generation(PLACES_MIN)
  }

  get bytes(): number {
    return [this.#young, this.#old].reduce((sum, { words, times }) => sum + words.byteLength + times.byteLength, 0)
  }

  dump(): SentOnceDump {
    const generations = [this.#young, this.#old].map(({ words, times }) => ({
      words: words.slice(),
      times: times.slice(),
    }))
    return { key: this.#hash.key, generations }
  }

  restore({ key, generations: [young, old] }: SentOnceDump): void {
    this.#hash = new KeyedHash(key)
    this.clear()
    if (young !== undefined) this.#young.restore(young.words, young.times)
    if (old !== undefined) this.#old.restore(old.words, old.times)
  }

  /** When it was first sent in that week, Infinity if never; leaves its hash. */
  #timeOf(tenant: string, owner: string, { keyKind, key, fingerprint, value = 0 }: Sent, week: number): number {
    const hash = this.#hash
    hash.of(tenant, key, `${owner} ${keyKind} ${fingerprint} ${value} ${week}`)
    return Math.min(this.#young.timeOf(hash.a, hash.b), this.#old.timeOf(hash.a, hash.b))
  }
}
