/** When a delivery is tried again. */
import type { Delivery } from '../../../schemas/delivery.ts'
import { hash32 } from '../../../schemas/ids.ts'
import { LIMITS } from '../../../schemas/limits.ts'

/** Delay before each attempt in ms, counted from the one before. */
export interface Schedules {
  readonly delaysMs: readonly number[]
  /** The same for orders. */
  readonly orderDelaysMs: readonly number[]
}

/** A person waits for the answer and asks again: it is tried once, and wakes nobody else. */
export const isTest = ({ type }: Delivery): boolean => type === 'sink.test'
const AT_ONCE: readonly number[] = [0]

export function delaysOf(schedules: Schedules, delivery: Delivery): readonly number[] {
  if (isTest(delivery)) return AT_ONCE
  return delivery.order_sequence > 0 ? schedules.orderDelaysMs : schedules.delaysMs
}

/** How long after the attempt before, the jitter included: it depends on the delivery, so that a restart repeats it. */
export function delayMs(delaysMs: readonly number[], attempts: number, id: string): number {
  const base = delaysMs[Math.min(attempts, delaysMs.length - 1)] ?? 0
  return Math.round(base * (1 + LIMITS.delivery_jitter_share * (hash32(`${id}/${attempts}`) / 2 ** 32)))
}
