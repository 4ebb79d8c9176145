/**
 * Policy: which actions a finding calls for, and what may become of a quarantine before anybody has been asked. Pure
 * functions over the configuration; notification does not depend on them, because sinks hear every finding from their
 * severity up in every mode.
 */
import { counted } from '../../schemas/counted.ts'
import { type Finding, severityAtLeast } from '../../schemas/finding.ts'
import type { Incident } from '../../schemas/incident.ts'
import { LIMITS } from '../../schemas/limits.ts'
import type { Containment } from '../../schemas/quarantine.ts'
import type { Mode, Policy, PolicyRule, Preset } from '../lib/config/schema.ts'
import { matchesPattern } from '../lib/patterns.ts'

export interface Caps {
  readonly per_hour: number
  readonly share_of_identities: number
}

/** One tenant's policy with every default filled in. */
export interface EffectivePolicy {
  readonly mode: Mode
  readonly rules: readonly PolicyRule[]
  readonly protected: readonly string[]
  readonly caps: Caps
  readonly expiresMs: number
  readonly stop: boolean
}

export interface Decision {
  /** Notify every sink that receives findings, even if this one is below its severity. */
  readonly notify: boolean
  readonly page: boolean
  readonly containment: Containment | undefined
  /** The detector pattern of the rule that asks for containment, for people. */
  readonly rule: string
}

const PRESET_RULES: Readonly<Record<Preset, readonly PolicyRule[]>> = {
  'contain-agent-networks': [
    {
      detector: 'peer/known-agent-network',
      min_severity: 'info',
      techniques: [],
      min_detectors: 1,
      actions: ['page', 'quarantine'],
    },
  ],
}

const HOUR_MS = 3_600_000
const DEFAULT_EXPIRES_HOURS = LIMITS.quarantine_expires_ms / HOUR_MS

/** What holds for a tenant: its own entry key by key, then the policy of all, then the defaults. */
export function effectivePolicy(policy: Policy, tenant: string): EffectivePolicy {
  const own = Object.hasOwn(policy.tenants, tenant) ? policy.tenants[tenant] : undefined
  const preset = own?.preset ?? policy.preset
  return {
    // Naming a preset means that it should act; nothing else quarantines by default.
    mode: own?.mode ?? policy.mode ?? (preset === undefined ? 'shadow' : 'enforce'),
    rules: [...(preset === undefined ? [] : PRESET_RULES[preset]), ...(own?.rules ?? policy.rules ?? [])],
    protected: own?.protected ?? policy.protected ?? [],
    caps: own?.caps ?? policy.caps ?? { per_hour: 5, share_of_identities: 0.1 },
    expiresMs: Math.round((own?.expires_hours ?? policy.expires_hours ?? DEFAULT_EXPIRES_HOURS) * HOUR_MS),
    stop: own?.stop ?? policy.stop ?? false,
  }
}

const matchesRule = (rule: PolicyRule, finding: Finding, incident: Incident): boolean =>
  matchesPattern(rule.detector, finding.detector) &&
  severityAtLeast(finding.severity, rule.min_severity) &&
  (rule.techniques.length === 0 || rule.techniques.some((t) => finding.techniques.includes(t))) &&
  incident.detectors.length >= rule.min_detectors

/** The actions of all rules that match; of two containments the stronger. The incident already holds the finding. */
export function decide(policy: EffectivePolicy, finding: Finding, incident: Incident): Decision {
  const matching = policy.rules.filter((rule) => matchesRule(rule, finding, incident))
  const wants = (action: PolicyRule['actions'][number]): PolicyRule | undefined =>
    matching.find((rule) => rule.actions.includes(action))
  const quarantine = wants('quarantine')
  const reduce = wants('reduce-autonomy')
  const containing = quarantine ?? reduce
  return {
    notify: wants('notify') !== undefined,
    page: wants('page') !== undefined,
    containment: containing === undefined ? undefined : quarantine === undefined ? 'reduce-autonomy' : 'quarantine',
    rule: containing?.detector ?? '',
  }
}

export const isProtected = (policy: EffectivePolicy, identity: string): boolean =>
  policy.protected.some((pattern) => matchesPattern(pattern, identity))

/** What the guard rails look at. */
export interface GuardFacts {
  readonly identity: string
  /** A person's global stop. */
  readonly stopped: boolean
  /** The identity is young, or of unknown age: the counts below are those of such, otherwise those of the others. */
  readonly newborn: boolean
  readonly orderedLastHour: number
  /** Identities under automatic containment at the moment. */
  readonly active: number
  /** Identities known of the tenant; undefined where nobody can say. */
  readonly identities: number | undefined
}

export type Guarded =
  | { readonly outcome: 'order' }
  | { readonly outcome: 'shadow' | 'propose' | 'refuse'; readonly reason: string }

/** What becomes of an automatic containment. */
export function guard(policy: EffectivePolicy, facts: GuardFacts): Guarded {
  if (policy.mode === 'shadow') return { outcome: 'shadow', reason: 'the policy is in shadow mode: nothing was done' }
  if (isProtected(policy, facts.identity)) {
    return { outcome: 'refuse', reason: 'the identity is protected: only a person can order it, with force' }
  }
  if (policy.stop || facts.stopped) return { outcome: 'propose', reason: 'the global stop is set' }
  const whose = facts.newborn ? ' for identities that are new' : ''
  if (policy.mode === 'propose') return { outcome: 'propose', reason: 'the policy requires approval by a person' }
  if (facts.orderedLastHour >= policy.caps.per_hour) {
    return { outcome: 'propose', reason: `the cap of ${policy.caps.per_hour} an hour${whose} is reached` }
  }
  if (facts.identities !== undefined) {
    const most = Math.max(1, Math.floor(facts.identities * policy.caps.share_of_identities))
    if (facts.active >= most) {
      return {
        outcome: 'propose',
        reason: `the cap of ${most} of ${counted(facts.identities, 'identity', 'identities')}${whose} is reached`,
      }
    }
  }
  return { outcome: 'order' }
}
