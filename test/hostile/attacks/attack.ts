/** What an attack is, and what came of it. */
import type { Target } from './target.ts'

export interface Outcome {
  readonly succeeded: boolean
  /** What was measured, for the table. */
  readonly figure: string
}

export interface Attack {
  /** Short name, for `--only`. */
  readonly id: string
  /** Number in the list of docs/attacks.md. */
  readonly kind: number
  /** What the attacker does, in a few words. */
  readonly title: string
  run(target: Target): Promise<Outcome>
}

export const succeeded = (figure: string): Outcome => ({ succeeded: true, figure })
export const held = (figure: string): Outcome => ({ succeeded: false, figure })
/** The attack succeeds where `is` holds. */
export const outcome = (is: boolean, ifSo: string, otherwise = ifSo): Outcome =>
  is ? succeeded(ifSo) : held(otherwise)
