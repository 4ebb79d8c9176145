/** What the API shows of a tenant's policy. */
import type { Severity } from '../../schemas/finding.ts'
import type { Mode, PolicyAction } from '../lib/config/schema.ts'

/** A tenant's policy with every default filled in. */
export interface ShownPolicy {
  readonly mode: Mode
  readonly rules: readonly {
    readonly detector: string
    readonly min_severity: Severity
    readonly techniques: readonly string[]
    readonly min_detectors: number
    readonly actions: readonly PolicyAction[]
  }[]
  readonly protected: readonly string[]
  readonly caps: { readonly per_hour: number; readonly share_of_identities: number }
  readonly expiresMs: number
  readonly stop: boolean
}
