/**
 * The configuration in the form in which a stage asks it, by tenant: which detectors run, with which settings, and which
 * findings are suppressed. Settings that a detector's schema does not take are left at their defaults; the responder has
 * refused them before they came here.
 */
import type { TObject } from 'typebox'
import { Check, Default } from 'typebox/value'
import type { Detector } from '../../../detectors/detector.ts'
import { createLists, type Lists } from '../../../detectors/lib/lists.ts'
import { type DetectionConfiguration, configurationHash, emptyConfiguration } from '../../../schemas/configuration.ts'
import type { Finding, Severity } from '../../../schemas/finding.ts'
import { H } from '../../../schemas/ids.ts'
import { isSuppressedByFile, Suppressions } from './suppressions.ts'

export interface DetectorRules {
  readonly enabled: boolean
  readonly mode: 'live' | 'shadow'
  readonly severity: Severity | undefined
  readonly settings: Record<string, unknown>
}

export interface TenantRules {
  readonly lists: Lists
  /** By the detector's place in the registry. */
  readonly detectors: readonly DetectorRules[]
}

function settingsOf(schema: TObject, given: Readonly<Record<string, unknown>> | undefined): Record<string, unknown> {
  const defaults = Default(schema, {}) as Record<string, unknown>
  const merged = { ...defaults, ...given }
  return Check(schema, merged) ? merged : defaults
}

function tenantRules(configuration: DetectionConfiguration, detectors: readonly Detector[]): TenantRules {
  return {
    lists: createLists(configuration),
    detectors: detectors.map((detector) => {
      const override = configuration.detectors[detector.id]
      return {
        enabled: override?.enabled ?? true,
        mode: override?.mode ?? detector.mode,
        severity: override?.severity,
        settings: settingsOf(detector.settings, override?.settings),
      }
    }),
  }
}

/** All tenants' rules, and the epoch that they and the code make. */
export class Rules {
  readonly #detectors: readonly Detector[]
  readonly #codeVersion: string
  /** By tenant; '' is everybody who has none of his own. */
  readonly #configurations = new Map<string, DetectionConfiguration>()
  readonly #compiled = new Map<string, TenantRules>()
  /** What people have suppressed. */
  readonly suppressions = new Suppressions()
  #epoch = ''

  constructor(detectors: readonly Detector[], codeVersion: string, initial: DetectionConfiguration | undefined) {
    this.#detectors = detectors
    this.#codeVersion = codeVersion
    this.set('', initial ?? emptyConfiguration())
  }

  set(tenant: string, configuration: DetectionConfiguration): void {
    this.#configurations.set(tenant, configuration)
    this.#compiled.set(tenant, tenantRules(configuration, this.#detectors))
    const hashes = [...this.#configurations]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([t, c]) => [t, configurationHash(c)])
    this.#epoch = H('epoch', this.#codeVersion, ...hashes)
  }

  of(tenant: string): TenantRules {
    return this.#compiled.get(tenant) ?? (this.#compiled.get('') as TenantRules)
  }

  /** The finding, or its shadow where the file or a person has suppressed it. */
  withSuppressions(finding: Finding): Finding {
    const configuration = this.#configurations.get(finding.tenant) ?? this.#configurations.get('')
    const isHeld = isSuppressedByFile(configuration?.suppressions ?? [], finding) || this.suppressions.has(finding)
    return isHeld ? { ...finding, mode: 'shadow' } : finding
  }

  get epoch(): string {
    return this.#epoch
  }

  /** For the snapshot: what was in force. */
  dump(): [string, DetectionConfiguration][] {
    return [...this.#configurations]
  }
}
