/**
 * What a fault is: a number of the catalogue, what breaks, what must hold, and how it is played on each engine. A play does
 * its harm to a running system while a shipper sends, says in a sentence what it saw, and throws where the harm did not
 * come about: a fault that never happened proves nothing.
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

/** What the log held in the end: findings with and without repeats. */
export interface Held {
  readonly records: number
  readonly distinct: number
}

/** A sentence, or what makes one of the end. */
export type Seen = string | ((held: Held) => string)
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
  readonly brokers?: 3
  /**
   * The system is to stand still in the end, until a person has decided. Otherwise the rest of the load is sent and the
   * outcome compared with an undisturbed run.
   */
  readonly endsStopped?: true
}

export const isPlayed = (fault: Fault, engine: EngineName): boolean => typeof fault[engine] === 'function'
