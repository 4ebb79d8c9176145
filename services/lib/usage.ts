/**
 * What each tenant has taken of something of late: of the processor in ms, or of the events. What lies back counts less and
 * less, with a time constant of `LIMITS.usage_ms`: somebody who stops is as good as new after a minute. `now` is in ms, of any
 * clock that only goes forward.
 */
import { LIMITS } from '../../schemas/limits.ts'

export interface Usage {
  add(tenant: string, amount: number, now: number): void
  /** Whether the tenant has taken less than so much for each ms. */
  isBelow(rate: number, tenant: string, now: number): boolean
  /** How many times what those who took anything took on average the tenant has taken; 1 if nobody took anything. */
  timesAverage(tenant: string, now: number): number
}

/** Below this nothing is remembered. */
const FORGOTTEN = 0.01

export function createUsage(): Usage {
  const taken = new Map<string, { readonly amount: number; readonly at: number }>()
  const leftOf = (tenant: string, now: number): number => {
    const { amount, at } = taken.get(tenant) ?? { amount: 0, at: now }
    return amount * Math.exp((at - now) / LIMITS.usage_ms)
  }
  /** Forgets who has next to nothing left; answers the sum of the others. */
  const tidy = (now: number): number => {
    let sum = 0
    for (const tenant of taken.keys()) {
      const left = leftOf(tenant, now)
      if (left < FORGOTTEN) taken.delete(tenant)
      else sum += left
    }
    return sum
  }
  return {
    add(tenant, amount, now) {
      if (taken.size >= LIMITS.usage_tenants_max) tidy(now)
      taken.set(tenant, { amount: leftOf(tenant, now) + amount, at: now })
    },
    isBelow: (rate, tenant, now) => leftOf(tenant, now) < LIMITS.usage_ms * rate,
    timesAverage(tenant, now) {
      const sum = tidy(now)
      return sum === 0 ? 1 : (leftOf(tenant, now) * taken.size) / sum
    },
  }
}
