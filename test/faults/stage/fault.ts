/**
 * What a fault is: a number of the catalogue, what breaks, what must hold, and how it is played on each engine. A play does
 * its harm to a running system while a shipper sends, says in a sentence what it saw, and throws where the harm did not
 * come about: a fault that never happened proves nothing. Unless a play ends in a standstill, the rest of the load is sent and the
 * outcome compared with an undisturbed run.
 */
import type { Random } from '../../../services/commands/demo/random.ts'
import type { Load } from './load.ts'
import type { Shipper } from './shipper.ts'
import type { EmbeddedSystem, EngineName, SeparateSystem, System } from './system.ts'

export interface Scene<S extends System = System> {
  readonly system: S
  readonly load: Load
  readonly shipper: Shipper
  /** Decides everything that the play leaves to chance. */
  readonly random: Random
}

/** What the log held in the end. */
export interface Held {
  /** Findings, repeats counted. */
  readonly records: number
  readonly distinct: number
  /** Snapshots that were compared with the log that they stand for. */
  readonly snapshots: number
}

/** The system stands still, as it should, until a person has decided: there is no end to compare. */
export interface Standstill {
  readonly standsStill: string
}

/** A sentence, or what makes one of the end. */
export type Seen = string | ((held: Held) => string) | Standstill
export type Play<S extends System = System> = (scene: Scene<S>) => Promise<Seen>

export interface Without {
  /** Why it is not played on this engine. */
  readonly without: string
}

export interface Fault {
  readonly number: number
  /** What breaks. */
  readonly title: string
  /** What must hold; a clause. */
  readonly holds: string
  readonly embedded: Play<EmbeddedSystem> | Without
  readonly kafka: Play<SeparateSystem> | Without
  /**
   * Where it is played the same way on both, or where one of them says it all and the other takes long: the engine that a run of all
   * tests plays it on. `demand`: it takes long on each, and `npm run faults` alone plays it. Left out: on each that it is played on.
   */
  readonly testedOn?: EngineName | 'demand'
  /** One, unless it says so. */
  readonly brokers?: 3
}

export const isPlayed = (fault: Fault, engine: EngineName): boolean => typeof fault[engine] === 'function'

/** Whether a run of all tests plays it on this engine. */
export const isTested = (fault: Fault, engine: EngineName): boolean =>
  isPlayed(fault, engine) && (fault.testedOn ?? engine) === engine
