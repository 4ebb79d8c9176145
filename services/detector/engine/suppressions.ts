/**
 * What people have suppressed, from control records: findings of a scope turn to shadow until an end. Suppressions are
 * not part of the epoch, because they change what is done about a finding and not what is found.
 */
import { isInRange } from '../../../detectors/lib/host-list.ts'
import type { Suppression as FileSuppression } from '../../../schemas/configuration.ts'
import type { SuppressionControl } from '../../../schemas/control.ts'
import type { Finding } from '../../../schemas/finding.ts'
import { ANY_DETECTOR } from '../../../schemas/any-detector.ts'
import type { SuppressionScope } from '../../../schemas/suppression.ts'

/** Events may be this much behind the log: until then an ended one can still be asked for. */
const KEPT_AFTER_END_MS = 24 * 3_600_000

/** The measures in which detectors name the other side, and the source. */
const PEER_MEASURES = ['peer', 'host', 'network'] as const
const SOURCE_MEASURES = ['source_address', 'source', 'from'] as const

const observes = (finding: Finding, names: readonly string[], holds: (value: string) => boolean): boolean =>
  names.some((name) => {
    const value = finding.observed[name]
    return typeof value === 'string' ? holds(value) : Array.isArray(value) && value.some(holds)
  })

const matchesTarget = (pattern: string, target: string): boolean =>
  pattern.endsWith('*') ? target.startsWith(pattern.slice(0, -1)) : target === pattern

/** Whether every part of the scope holds of the finding. */
export function isInScope(scope: SuppressionScope, finding: Finding): boolean {
  const { detector, agent, target, peer, network } = scope
  if (detector !== ANY_DETECTOR && detector !== finding.detector) return false
  if (agent !== undefined && agent !== finding.agent) return false
  if (target !== undefined && !matchesTarget(target, finding.evidence[0]?.target ?? '')) return false
  if (peer !== undefined && !observes(finding, PEER_MEASURES, (value) => value === peer)) return false
  return network === undefined || observes(finding, SOURCE_MEASURES, (value) => isInRange(value, network))
}

const endOf = (until: string | undefined): number =>
  until === undefined ? Number.POSITIVE_INFINITY : Date.parse(until)

/** Whether the service's own file suppresses a finding. */
export const isSuppressedByFile = (suppressions: readonly FileSuppression[], finding: Finding): boolean =>
  suppressions.some(
    ({ until, detector, agent }) =>
      Date.parse(finding.time) <= endOf(until) &&
      isInScope({ detector, ...(agent === undefined ? {} : { agent }) }, finding),
  )

interface Kept {
  readonly control: SuppressionControl
  /** ms since 1970. */
  readonly end: number
}

/** A tenant's. */
interface Own {
  readonly kept: Map<string, Kept>
  /** No earlier end is among them. */
  earliest: number
}

/** Frees what ended long ago. */
function free(own: Own, logTime: number): void {
  own.earliest = Number.POSITIVE_INFINITY
  for (const [id, { end }] of own.kept) {
    if (end + KEPT_AFTER_END_MS < logTime) own.kept.delete(id)
    else if (end < own.earliest) own.earliest = end
  }
}

/** All tenants' suppressions of one partition. */
export class Suppressions {
  readonly #byTenant = new Map<string, Own>()

  /** Takes a control record. `logTime` frees those that no event can ask for any more. */
  apply(control: SuppressionControl, logTime: number): void {
    const own = this.#byTenant.get(control.tenant) ?? {
      kept: new Map<string, Kept>(),
      earliest: Number.POSITIVE_INFINITY,
    }
    const end = endOf(control.until)
    if (control.ended) own.kept.delete(control.id)
    else {
      own.kept.set(control.id, { control, end })
      if (end < own.earliest) own.earliest = end
    }
    if (own.earliest + KEPT_AFTER_END_MS < logTime) free(own, logTime)
    if (own.kept.size === 0) this.#byTenant.delete(control.tenant)
    else this.#byTenant.set(control.tenant, own)
  }

  has(finding: Finding): boolean {
    const own = this.#byTenant.get(finding.tenant)
    if (own === undefined) return false
    const time = Date.parse(finding.time)
    for (const { control, end } of own.kept.values()) if (time <= end && isInScope(control, finding)) return true
    return false
  }

  /** For the snapshot. */
  dump(): SuppressionControl[] {
    return [...this.#byTenant.values()].flatMap((own) => [...own.kept.values()].map(({ control }) => control))
  }

  restore(controls: readonly SuppressionControl[]): void {
    this.#byTenant.clear()
    for (const control of controls) this.apply(control, Number.NEGATIVE_INFINITY)
  }
}
