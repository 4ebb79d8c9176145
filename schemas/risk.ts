/** The risk of an incident: what puts the worst first. Pure arithmetic, so that the console computes it, too. */
import type { Severity } from './finding.ts'

/** What a finding adds to the risk of its incident. */
const RISK_POINTS: Readonly<Record<Severity, number>> = { info: 1, low: 4, medium: 15, high: 40, critical: 70 }
export const riskPointsOf = (severity: Severity): number => RISK_POINTS[severity]

/** Half of the risk is gone after this time without a further finding. */
const RISK_HALF_LIFE_MS = 24 * 3_600_000

/**
 * The risk of an incident at a moment, 0 to 100: it rises with every finding, less with each, and decays with the time since
 * the last one. `100 * (1 - exp(-points / 50)) * 2^(-age / 24 h)`: one high finding is 55, three are 91, a day later 45.
 */
export function riskAt(incident: { readonly risk_points: number; readonly last_time: string }, nowMs: number): number {
  const ageMs = Math.max(0, nowMs - Date.parse(incident.last_time))
  return Math.round(100 * (1 - Math.exp(-incident.risk_points / 50)) * 2 ** (-ageMs / RISK_HALF_LIFE_MS))
}
