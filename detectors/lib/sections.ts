/**
 * The sections of the knowledge: what a `config` control record can name, and how the bytes that `state` holds under its hash
 * become what the engine asks. A new section is a class with `section` and `hash`, its line in the table, and its reader in
 * the engine's rules.
 */
import {
  configurationHash,
  type DetectionLayer,
  detectionLayerValidator,
  SETTINGS,
} from '../../schemas/configuration.ts'
import { AGENTS, agentRegistryValidator } from '../../schemas/agents.ts'
import { LEAK_ENTRY_BYTES, LEAK_LIST } from '../../schemas/leak-list.ts'
import { Agents } from './agent-registry.ts'
import { LeakedCredentials } from './leaked-credentials.ts'

/** Settings of detectors, networks, peers and suppressions: those of all tenants, or the layer of one. */
export class Settings {
  readonly section = SETTINGS
  /** Names the content. */
  readonly hash: string
  readonly layer: DetectionLayer

  constructor(layer: DetectionLayer) {
    this.layer = layer
    this.hash = configurationHash(layer)
  }
}

export type SectionContent = Settings | LeakedCredentials | Agents
export type SectionName = SectionContent['section']

function readSettings(bytes: Uint8Array): Settings | undefined {
  const layer = JSON.parse(new TextDecoder().decode(bytes)) as unknown
  return detectionLayerValidator.check(layer) ? new Settings(layer) : undefined
}

function readAgents(bytes: Uint8Array): Agents | undefined {
  const registry = JSON.parse(new TextDecoder().decode(bytes)) as unknown
  return agentRegistryValidator.check(registry) ? new Agents(registry) : undefined
}

const READERS: Readonly<Record<SectionName, (bytes: Uint8Array) => SectionContent | undefined>> = {
  [SETTINGS]: readSettings,
  [AGENTS]: readAgents,
  [LEAK_LIST]: (bytes) => (bytes.length % LEAK_ENTRY_BYTES === 0 ? new LeakedCredentials(bytes) : undefined),
}

export const SECTION_NAMES = Object.keys(READERS) as readonly SectionName[]
export const isSectionName = (name: string): name is SectionName => Object.hasOwn(READERS, name)

/** The content that these bytes are; undefined if they are none of this section, or not what the hash names. */
export function openSection(name: SectionName, hash: string, bytes: Uint8Array): SectionContent | undefined {
  const content = READERS[name](bytes)
  return content?.hash === hash ? content : undefined
}
