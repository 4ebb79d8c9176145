/** The priority of threads, where the system has one for each. */
import { constants, getPriority, platform, setPriority } from 'node:os'

const LOWEST = constants.priority.PRIORITY_LOW

/**
 * Lowers the priority of the calling thread by so many steps of `nice`. On Linux each thread has its own; elsewhere this would
 * change the whole process, and nothing is done. A sandbox may refuse it, and then all are equal.
 */
export function stepBack(steps: number): void {
  if (platform() !== 'linux') return
  try {
    setPriority(Math.min(getPriority() + steps, LOWEST))
  } catch {
    // Refused: the thread works all the same.
  }
}
