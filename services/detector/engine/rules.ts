/**
 * The sections of the knowledge as a stage reads them, by tenant: which detectors run, with which settings, and which
 * findings are suppressed. A tenant's section overrides that of all tenants. Settings that a detector's schema does not
 * accept keep their defaults; the responder has already refused them.
 */
import type { TObject } from 'typebox'
import { Check, Default } from 'typebox/value'
import type { Detector } from '../../../detectors/detector.ts'
import type { Agents } from '../../../detectors/lib/agent-registry.ts'
import type { LeakedCredentials } from '../../../detectors/lib/leaked-credentials.ts'
import { createLists, type Lists } from '../../../detectors/lib/lists.ts'
import { settingsUnder } from '../../../detectors/lib/scored.ts'
import {
  isSectionName,
  type SectionContent,
  type SectionName,
  SECTION_NAMES,
  Settings,
} from '../../../detectors/lib/sections.ts'
import { AGENTS, type AgentRegistry } from '../../../schemas/agents.ts'
import { type DetectionConfiguration, emptyConfiguration, layerOver, SETTINGS } from '../../../schemas/configuration.ts'
import type { ConfigControl } from '../../../schemas/control.ts'
import type { Finding, Severity } from '../../../schemas/finding.ts'
import { H } from '../../../schemas/ids.ts'
import { LEAK_LIST } from '../../../schemas/leak-list.ts'
import type { StageOptions } from './stage.ts'
import { isSuppressedByFile, Suppressions } from './suppressions.ts'

export interface DetectorRules {
  readonly enabled: boolean
  readonly mode: 'live' | 'shadow'
  readonly severity: Severity | undefined
  readonly settings: Readonly<Record<string, unknown>>
}

export interface TenantRules {
  readonly lists: Lists
  /** Those of the file. */
  readonly suppressions: DetectionConfiguration['suppressions']
  /** By the detector's place in the registry. */
  readonly detectors: readonly DetectorRules[]
}

/** What a schema gives by itself. Every partition asks it of every detector, at the start and at each change of the settings. */
const DEFAULTS = new WeakMap<TObject, Readonly<Record<string, unknown>>>()

function defaultsOf(schema: TObject): Readonly<Record<string, unknown>> {
  const known = DEFAULTS.get(schema)
  if (known !== undefined) return known
  const defaults = Default(schema, {}) as Record<string, unknown>
  DEFAULTS.set(schema, defaults)
  return defaults
}

function settingsOf(schema: TObject, given: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const defaults = defaultsOf(schema)
  if (Object.keys(given).length === 0) return defaults
  const merged = { ...defaults, ...given }
  return Check(schema, merged) ? merged : defaults
}

function tenantRules(
  configuration: DetectionConfiguration,
  leaked: LeakedCredentials | undefined,
  registries: readonly AgentRegistry[],
  detectors: readonly Detector[],
): TenantRules {
  return {
    lists: createLists(configuration, leaked, registries),
    suppressions: configuration.suppressions,
    detectors: detectors.map((detector) => {
      const override = configuration.detectors[detector.id]
      return {
        enabled: override?.enabled ?? true,
        mode: override?.mode ?? detector.mode,
        severity: override?.severity,
        settings: settingsOf(detector.settings, {
          ...settingsUnder(configuration.false_per_1000, detector.id),
          ...override?.settings,
        }),
      }
    }),
  }
}

type RulesOptions = Pick<StageOptions, 'detectors' | 'codeVersion' | 'configuration' | 'leaked' | 'agents' | 'held'>

/** What a snapshot says was in force, by hash; the caller that restores it supplies the contents. */
export interface RulesDump {
  /** Name, tenant ('' for all) and hash. */
  readonly sections?: readonly (readonly [string, string, string])[]
  /** In older snapshots: the settings themselves, by tenant. */
  readonly configurations?: readonly (readonly [string, DetectionConfiguration])[]
  /** In older snapshots: hashes of leak lists, by tenant. */
  readonly leaked?: readonly (readonly [string, string])[]
}

/** The sections that a snapshot names without holding them, in the order in which they are applied. */
export const sectionsNamed = ({
  sections = [],
  leaked = [],
}: RulesDump): readonly (readonly [string, string, string])[] => [
  ...sections,
  ...leaked.map(([tenant, hash]) => [LEAK_LIST, tenant, hash] as const),
]

/** By tenant. */
const inOrder = <T>(byTenant: ReadonlyMap<string, T>): (readonly [string, T])[] =>
  [...byTenant].sort(([a], [b]) => (a < b ? -1 : 1))

/** All tenants' rules, and the epoch that they and the code make. */
export class Rules {
  readonly #options: RulesOptions
  /** In force until a control record says otherwise. */
  readonly #initial: readonly SectionContent[]
  /** By section and tenant; '' is everybody's. */
  readonly #sections = new Map<SectionName, Map<string, SectionContent>>(
    SECTION_NAMES.map((name) => [name, new Map<string, SectionContent>()]),
  )
  readonly #compiled = new Map<string, TenantRules>()
  /** What people have suppressed. */
  readonly suppressions = new Suppressions()
  #epoch = ''

  constructor(options: RulesOptions) {
    this.#options = options
    const settings = new Settings(options.configuration ?? emptyConfiguration())
    this.#initial = [settings, options.leaked, options.agents].filter((content) => content !== undefined)
    for (const content of this.#initial) this.#put('', content)
    this.#changed()
  }

  /** Puts in force what a control record names. Throws where another content was handed in with it, or none. */
  take(control: ConfigControl, content: SectionContent | undefined): void {
    if (content?.section !== control.name || content.hash !== control.hash)
      throw new Error(`section ${control.name} ${control.hash} was not handed in with its control record`)
    this.#put(control.tenant, content)
    this.#changed()
  }

  /** Throws where a section that the snapshot names was not handed in with it. */
  restore(dump: RulesDump): void {
    for (const [tenant, configuration] of dump.configurations ?? []) this.#put(tenant, new Settings(configuration))
    for (const [name, tenant, hash] of sectionsNamed(dump)) {
      const content = this.#inForce(name, hash) ?? this.#options.held?.get(hash)
      if (content?.section !== name)
        throw new Error(`section ${name} ${hash} was not handed in with the snapshot that names it`)
      this.#put(tenant, content)
    }
    this.#changed()
  }

  #put(tenant: string, content: SectionContent): void {
    this.#sections.get(content.section)?.set(tenant, content)
  }

  #inForce(name: string, hash: string): SectionContent | undefined {
    const known = isSectionName(name) ? [...(this.#sections.get(name)?.values() ?? [])] : []
    return known.find((content) => content.hash === hash)
  }

  #of(name: typeof SETTINGS, tenant: string): Settings | undefined
  #of(name: typeof LEAK_LIST, tenant: string): LeakedCredentials | undefined
  #of(name: typeof AGENTS, tenant: string): Agents | undefined
  #of(name: SectionName, tenant: string): SectionContent | undefined {
    return this.#sections.get(name)?.get(tenant)
  }

  #changed(): void {
    this.#compiled.clear()
    const hashes = [...this.#sections].map(([name, byTenant]) => {
      const own = inOrder(byTenant).flatMap(([tenant, { hash }]) => [tenant, hash])
      // Settings were there before sections had names.
      return name === SETTINGS || own.length === 0 ? own : [name, ...own]
    })
    this.#epoch = H('epoch', this.#options.codeVersion, ...hashes.flat())
  }

  of(tenant: string): TenantRules {
    return this.#compiled.get(tenant) ?? this.#compile(tenant)
  }

  #hasOwn(tenant: string): boolean {
    return [...this.#sections.values()].some((byTenant) => byTenant.has(tenant))
  }

  /** A tenant without sections shares the rules of all. They are cached for it, too, because every event asks. */
  #compile(tenant: string): TenantRules {
    const rules = tenant === '' || this.#hasOwn(tenant) ? this.#made(tenant) : this.of('')
    this.#compiled.set(tenant, rules)
    return rules
  }

  #made(tenant: string): TenantRules {
    const leaked = this.#of(LEAK_LIST, tenant) ?? this.#of(LEAK_LIST, '')
    // The tenant's own comes first: its mode goes before that of all.
    const agents = [...new Set([tenant, ''])].flatMap((owner) => this.#of(AGENTS, owner)?.registry ?? [])
    return tenantRules(this.#settingsOf(tenant), leaked, agents, this.#options.detectors)
  }

  /** The tenant's settings over those of all. */
  #settingsOf(tenant: string): DetectionConfiguration {
    const below = tenant === '' ? emptyConfiguration() : this.#settingsOf('')
    const own = this.#of(SETTINGS, tenant)
    return own === undefined ? below : layerOver(below, own.layer)
  }

  /** The finding, or its shadow where the file or a person has suppressed it. */
  withSuppressions(finding: Finding): Finding {
    const { suppressions } = this.of(finding.tenant)
    const isHeld = isSuppressedByFile(suppressions, finding) || this.suppressions.has(finding)
    return isHeld ? { ...finding, mode: 'shadow' } : finding
  }

  get epoch(): string {
    return this.#epoch
  }

  /** For the snapshot: what was in force. */
  dump(): RulesDump {
    const taken = [...this.#sections.values()].flatMap(inOrder)
    // Initial sections need not be named. They are compared by hash, because a restart makes new objects.
    const initial = new Set(this.#initial.map(({ section, hash }) => `${section} ${hash}`))
    const named = taken.filter(([tenant, { section, hash }]) => tenant !== '' || !initial.has(`${section} ${hash}`))
    return { sections: named.map(([tenant, { section, hash }]) => [section, tenant, hash] as const) }
  }
}
