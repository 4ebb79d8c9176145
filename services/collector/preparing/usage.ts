/**
 * What each tenant has taken of the processor in the threads of late, so that a thread can be kept free for those who took
 * little. What lies back counts less and less, with a time constant of `LIMITS.prepare_usage_ms`: somebody who stops is
 * as good as new after a minute.
 */
import { LIMITS } from '../../../schemas/limits.ts'

export interface Usage {
  /** A job of the tenant has taken so many ms of the processor. `now`: ms, of any clock that only goes forward. */
  add(tenant: string, ms: number, now: number): void
  /** Whether the tenant has taken less than its light share of one core. */
  isLight(tenant: string, now: number): boolean
}

/** Below this nothing is remembered. */
const FORGOTTEN_MS = 1

export function createUsage(): Usage {
  const taken = new Map<string, { readonly ms: number; readonly at: number }>()
  const leftOf = (tenant: string, now: number): number => {
    const { ms, at } = taken.get(tenant) ?? { ms: 0, at: now }
    return ms * Math.exp((at - now) / LIMITS.prepare_usage_ms)
  }
  const tidy = (now: number): void => {
    for (const tenant of taken.keys()) if (leftOf(tenant, now) < FORGOTTEN_MS) taken.delete(tenant)
  }
  return {
    add(tenant, ms, now) {
      if (taken.size >= LIMITS.prepare_usage_tenants_max) tidy(now)
      taken.set(tenant, { ms: leftOf(tenant, now) + ms, at: now })
    },
    isLight: (tenant, now) => leftOf(tenant, now) < LIMITS.prepare_usage_ms * LIMITS.prepare_light_share,
  }
}
