/**
 * Lets a few questions run at once and a bounded number wait, because each one takes a core and memory from the rest of
 * the process.
 */
import { WarehouseError } from './port.ts'

export type Gate = <T>(work: () => Promise<T>) => Promise<T>

/** Runs at most `running` works at once, the others in order; refuses with `busy` when `waiting` already wait. */
export function createGate(running: number, waiting: number): Gate {
  let active = 0
  const queue: (() => void)[] = []
  return async (work) => {
    if (active >= running) {
      if (queue.length >= waiting) {
        throw new WarehouseError('busy', `${waiting} questions already wait for the warehouse: try again soon`)
      }
      // Whoever finishes hands its place over, so `active` does not change.
      await new Promise<void>((go) => queue.push(go))
    } else active++
    try {
      return await work()
    } finally {
      const next = queue.shift()
      if (next === undefined) active--
      else next()
    }
  }
}
