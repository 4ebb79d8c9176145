/**
 * The configuration in the form in which a stage asks it, by tenant: which detectors run, with which settings, and which
 * findings are suppressed. Settings that a detector's schema does not take are left at their defaults; the responder has
 * refused them before they came here.
 */
import type { TObject } from 'typebox'
import { Check, Default } from 'typebox/value'
import type { Detector } from '../../../detectors/detector.ts'
import type { LeakedCredentials } from '../../../detectors/lib/leaked-credentials.ts'
import { createLists, type Lists } from '../../../detectors/lib/lists.ts'
import { type DetectionConfiguration, configurationHash, emptyConfiguration } from '../../../schemas/configuration.ts'
import type { ConfigControl } from '../../../schemas/control.ts'
import type { Finding, Severity } from '../../../schemas/finding.ts'
import { H } from '../../../schemas/ids.ts'
import { LEAK_LIST } from '../../../schemas/leak-list.ts'
import type { SectionContent, StageOptions } from './stage.ts'
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

function tenantRules(
  configuration: DetectionConfiguration,
  leaked: LeakedCredentials | undefined,
  detectors: readonly Detector[],
): TenantRules {
  return {
    lists: createLists(configuration, leaked),
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

type RulesOptions = Pick<StageOptions, 'detectors' | 'codeVersion' | 'configuration' | 'leaked' | 'held'>

/** The parts of a snapshot that say what was in force. A leak list stands there by its hash alone. */
export interface RulesDump {
  readonly configurations: readonly (readonly [string, DetectionConfiguration])[]
  /** Absent in snapshots that are older than leak lists. */
  readonly leaked?: readonly (readonly [string, string])[]
}

/** All tenants' rules, and the epoch that they and the code make. */
export class Rules {
  readonly #options: RulesOptions
  /** By tenant; '' is everybody who has none of his own. */
  readonly #configurations = new Map<string, DetectionConfiguration>()
  readonly #leaked = new Map<string, LeakedCredentials>()
  readonly #compiled = new Map<string, TenantRules>()
  /** What people have suppressed. */
  readonly suppressions = new Suppressions()
  #epoch = ''

  constructor(options: RulesOptions) {
    this.#options = options
    if (options.leaked !== undefined) this.#leaked.set('', options.leaked)
    this.#configurations.set('', options.configuration ?? emptyConfiguration())
    this.#changed()
  }

  /** Puts in force what a control record names. Throws where another content was handed in with it, or none. */
  take(control: ConfigControl, content: SectionContent | undefined): void {
    const isList = content !== undefined && 'has' in content
    if (content === undefined || isList !== (control.name === LEAK_LIST))
      throw new Error(`configuration ${control.hash} was not handed in with its control record`)
    if (isList) this.#leaked.set(control.tenant, content)
    else this.#configurations.set(control.tenant, content)
    this.#changed()
  }

  /** Throws where a leak list that the snapshot names was not handed in with it. */
  restore({ configurations, leaked = [] }: RulesDump): void {
    for (const [tenant, configuration] of configurations) this.#configurations.set(tenant, configuration)
    for (const [tenant, hash] of leaked) {
      const list = this.#options.leaked?.hash === hash ? this.#options.leaked : this.#options.held?.get(hash)
      if (list === undefined) throw new Error(`the leak list ${hash} was not handed in with the snapshot that names it`)
      this.#leaked.set(tenant, list)
    }
    this.#changed()
  }

  #changed(): void {
    this.#compiled.clear()
    const byTenant = <T>(of: ReadonlyMap<string, T>, hashOf: (one: T) => string): string[] =>
      [...of].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([tenant, one]) => [tenant, hashOf(one)])
    const lists = byTenant(this.#leaked, ({ hash }) => hash)
    this.#epoch = H(
      'epoch',
      this.#options.codeVersion,
      ...byTenant(this.#configurations, configurationHash),
      ...(lists.length === 0 ? [] : [LEAK_LIST, ...lists]),
    )
  }

  of(tenant: string): TenantRules {
    return this.#compiled.get(tenant) ?? this.#compile(tenant)
  }

  /** A tenant that has nothing of its own shares the rules of all. */
  #compile(tenant: string): TenantRules {
    const hasOwn = tenant === '' || this.#configurations.has(tenant) || this.#leaked.has(tenant)
    if (!hasOwn) return this.of('')
    const configuration = this.#configurations.get(tenant) ?? this.#configurations.get('') ?? emptyConfiguration()
    const rules = tenantRules(configuration, this.#leaked.get(tenant) ?? this.#leaked.get(''), this.#options.detectors)
    this.#compiled.set(tenant, rules)
    return rules
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
  dump(): Required<RulesDump> {
    return {
      configurations: [...this.#configurations],
      leaked: [...this.#leaked].map(([tenant, { hash }]) => [tenant, hash]),
    }
  }
}
