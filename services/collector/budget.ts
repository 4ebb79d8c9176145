/**
 * Bytes that requests hold at the same time, from the first chunk of their body until they are durable. All together are
 * bounded, and each tenant by a share, so that the uploads of one cannot keep out those of others.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { LIMITS } from '../../schemas/limits.ts'

/** What one request holds. */
export interface Hold {
  /** False if there is no room. */
  take(bytes: number): boolean
  /** Gives everything back; may be called again. */
  release(): void
}

/** Takes this much; false if there is no room for a while, or nobody wants it any more. */
export async function takeSoon(hold: Hold, bytes: number, isGivenUp = (): boolean => false): Promise<boolean> {
  for (let waitedMs = 0; !isGivenUp(); waitedMs += LIMITS.body_room_every_ms) {
    if (hold.take(bytes)) return true
    if (waitedMs >= LIMITS.body_room_ms_max) return false
    await sleep(LIMITS.body_room_every_ms)
  }
  return false
}

export interface Budget {
  hold(tenant: string): Hold
  readonly used: () => number
}

export function createBudget(bytesMax: number): Budget {
  const tenantBytesMax = bytesMax * LIMITS.request_bytes_tenant_share
  const byTenant = new Map<string, number>()
  let used = 0
  return {
    hold(tenant) {
      let held = 0
      const count = (bytes: number): void => {
        held += bytes
        used += bytes
        const own = (byTenant.get(tenant) ?? 0) + bytes
        if (own > 0) byTenant.set(tenant, own)
        else byTenant.delete(tenant)
      }
      return {
        take(bytes) {
          if (used + bytes > bytesMax || (byTenant.get(tenant) ?? 0) + bytes > tenantBytesMax) return false
          count(bytes)
          return true
        },
        release: () => count(-held),
      }
    },
    used: () => used,
  }
}
