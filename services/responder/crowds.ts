/**
 * A detector that fires for a hundred identities within minutes tells one thing: that it does. Beyond so many of a tenant the
 * sinks hear of further identities together, in a digest (digests.ts), so that nobody buries one finding under hundreds of
 * another. Nothing is withheld: findings stay in the log and in lists, incidents are opened, and pages and orders go at once.
 */
import type { Finding } from '../../schemas/finding.ts'
import { RESPONDER_LIMITS } from './limits.ts'

export interface Crowds {
  /** Whether the finding is told together with others: its detector fired for too many other identities lately. It is counted. */
  joins(finding: Pick<Finding, 'tenant' | 'detector' | 'agent'>, nowMs: number): boolean
}

/** A restart begins to count anew. */
export function createCrowds(): Crowds {
  /** When each identity was told of last, by tenant and detector; the one longest ago first. */
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
