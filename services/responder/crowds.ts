/**
 * A detector that fires for a hundred identities within minutes says one thing: that it fires. Above a limit per tenant,
 * sinks hear of further identities together, in a digest (digests.ts), so that nobody buries one finding under hundreds
 * of another. Nothing is withheld: findings stay in the log and in lists, incidents are opened, and pages and orders go
 * out at once.
 */
import type { Finding } from '../../schemas/finding.ts'
import { RESPONDER_LIMITS } from './limits.ts'

export interface Crowds {
  /** Whether the finding joins a digest: its detector fired for too many other identities lately. If not, it is counted. */
  joins(finding: Pick<Finding, 'tenant' | 'detector' | 'agent'>, nowMs: number): boolean
}

/** A restart resets the counts. */
export function createCrowds(): Crowds {
  /** When each identity was last reported, by tenant and detector; the oldest first. */
  const told = new Map<string, Map<string, number>>()
  return {
    joins({ tenant, detector, agent }, nowMs) {
      const key = JSON.stringify([tenant, detector])
      const lately = told.get(key) ?? new Map<string, number>()
      told.set(key, lately)
      for (const [identity, ms] of lately) {
        if (ms > nowMs - RESPONDER_LIMITS.crowd_window_ms) break
        lately.delete(identity)
      }
      const isOne = !lately.has(agent) && lately.size >= RESPONDER_LIMITS.crowd_identities_max
      if (isOne) return true
      lately.delete(agent)
      lately.set(agent, nowMs)
      return false
    },
  }
}
