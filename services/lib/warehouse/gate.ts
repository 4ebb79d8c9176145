/**
 * Lets a few questions run at once and a bounded number wait, because each one takes a core and memory from the rest of
 * the process. Tenants take turns: one that asks a hundred things at once delays only itself. If the queue is full, the
 * tenant with the most waiting gives up a place to one that has fewer.
 */
import { createFairQueue } from '../fair-queue.ts'
import { WarehouseError } from './port.ts'

export type Gate = <T>(tenant: string, work: () => Promise<T>) => Promise<T>

interface QueuedQuestion {
  go(): void
  refuse(error: WarehouseError): void
}

/** Runs at most `running` works at once, and refuses with `busy` what does not fit among the `waiting` that may wait. */
export function createGate(running: number, waiting: number): Gate {
  let active = 0
  const queue = createFairQueue<QueuedQuestion>()
  const busy = (): WarehouseError =>
    new WarehouseError('busy', `${waiting} questions already wait for the warehouse: try again soon`)

  /** Makes room for one of the tenant where another has more waiting. */
  const makeRoom = (tenant: string): void => {
    if (queue.size() < waiting) return
    const most = queue.largest()
    if (most === undefined || queue.sizeOf(most) <= queue.sizeOf(tenant) + 1) throw busy()
    queue.takeNewest(most)?.refuse(busy())
  }
  return async (tenant, work) => {
    if (active >= running) {
      makeRoom(tenant)
      // Work that finishes passes its place on, so `active` does not change.
      await new Promise<void>((go, refuse) => queue.push(tenant, { go, refuse }))
    } else active++
    try {
      return await work()
    } finally {
      const next = queue.next(() => true)
      if (next === undefined) active--
      else next.go()
    }
  }
}
