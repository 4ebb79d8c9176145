/**
 * What was new about events that a live suspicion doubted, kept until a person says what it was. Then the habits learn
 * it, or it can no longer become known by itself. Identities are stored as a hash, and what is new as its fingerprint.
 */
import type { OpenHabit } from '../../../detectors/habits/habit.ts'
import { H } from '../../../schemas/ids.ts'
import { LIMITS } from '../../../schemas/limits.ts'

export interface Doubt {
  readonly detector: string
  /** Name of the habit with its version, and what it said was new. */
  readonly habit: string
  readonly novelty: readonly number[]
}

export type DoubtsDump = readonly (readonly [string, readonly Doubt[]])[]

/** A side of a habit, as a verdict meets it. */
export interface Taught {
  readonly name: string
  readonly open: Pick<OpenHabit<unknown>, 'novel' | 'teach'>
}

const isSame = (a: Doubt, b: Doubt): boolean =>
  a.detector === b.detector && a.habit === b.habit && a.novelty.every((print, n) => print === b.novelty[n])

/** Identities in the order of their newest doubt; the oldest go first, and of one identity its oldest doubts. */
export class Doubts {
  readonly #byIdentity = new Map<string, readonly Doubt[]>()

  static keyOf(tenant: string, identity: string): string {
    return H('doubts', tenant, identity)
  }

  /** Keeps what the habits call new about the current event, under each detector that doubts it. */
  note(tenant: string, identity: string, detectors: readonly string[], sides: readonly Taught[]): void {
    const fresh = sides.flatMap(({ name, open }) => {
      const novelty = open.novel?.() ?? []
      return novelty.some((print) => print !== 0) ? [{ habit: name, novelty: [...novelty] }] : []
    })
    if (fresh.length === 0) return
    const key = Doubts.keyOf(tenant, identity)
    const kept = this.#byIdentity.get(key) ?? []
    const more = detectors
      .flatMap((detector) => fresh.map((one) => ({ detector, ...one })))
      .filter((one) => !kept.some((other) => isSame(one, other)))
    this.#byIdentity.delete(key)
    this.#byIdentity.set(key, [...kept, ...more].slice(-LIMITS.doubts_per_identity_max))
    const [oldest] = this.#byIdentity.keys()
    if (oldest !== undefined && this.#byIdentity.size > LIMITS.doubted_identities_per_partition_max)
      this.#byIdentity.delete(oldest)
  }

  /** What this detector doubted of the identity; it is settled then, and forgotten. */
  take(tenant: string, identity: string, detector: string): readonly Doubt[] {
    const key = Doubts.keyOf(tenant, identity)
    const kept = this.#byIdentity.get(key) ?? []
    const rest = kept.filter((one) => one.detector !== detector)
    if (rest.length === 0) this.#byIdentity.delete(key)
    else this.#byIdentity.set(key, rest)
    return kept.filter((one) => one.detector === detector)
  }

  forget(tenant: string, identity: string): void {
    this.#byIdentity.delete(Doubts.keyOf(tenant, identity))
  }

  /** For the snapshot. */
  dump(): DoubtsDump {
    return [...this.#byIdentity]
  }

  restore(dump: DoubtsDump): void {
    this.#byIdentity.clear()
    for (const [key, doubts] of dump) this.#byIdentity.set(key, doubts)
  }
}
