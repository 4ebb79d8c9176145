/**
 * What the files say of the knowledge, and how it is requested. The content of each section is made durable first, then a
 * command names it, so that the audit log records the change. Carrying out the command puts it in force. A tenant whose
 * file is gone gets an empty section, which overrides nothing.
 */
import { AGENTS, type AgentRegistry, agentRegistryHash } from '../../schemas/agents.ts'
import { commandId, encodeCommand } from '../../schemas/command.ts'
import { canonicalJson, configurationHash, type DetectionLayer, SETTINGS } from '../../schemas/configuration.ts'
import { partitionOf } from '../../schemas/ids.ts'
import { LEAK_ENTRY_BYTES, LEAK_LIST, leakListHash } from '../../schemas/leak-list.ts'
import type { Clock } from '../lib/clock.ts'
import type { Log } from '../lib/log/port.ts'
import type { Logger } from '../lib/logger.ts'
import type { Sections } from './sections.ts'

/** A section as it should be, for one owner: a tenant, or '' for all. */
interface Wanted {
  readonly name: string
  readonly tenant: string
  readonly hash: string
  content(): Uint8Array
}

/** Content of each tenant's list, see schemas/leak-list.ts. */
export type LeakLists = ReadonlyMap<string, Uint8Array>

const settings = (tenant: string, layer: DetectionLayer): Wanted => ({
  name: SETTINGS,
  tenant,
  hash: configurationHash(layer),
  content: () => Buffer.from(canonicalJson(layer)),
})
const agentRegistry = (tenant: string, registry: AgentRegistry): Wanted => ({
  name: AGENTS,
  tenant,
  hash: agentRegistryHash(registry),
  content: () => Buffer.from(canonicalJson(registry)),
})
const leakList = (tenant: string, content: Uint8Array): Wanted => ({
  name: LEAK_LIST,
  tenant,
  hash: leakListHash(content),
  content: () => content,
})

export interface Knowledge {
  /** Puts settings in force, those of all tenants and each tenant's own. Resolves when every partition holds those of all. */
  useSettings(base: DetectionLayer, layersOfTenants: Readonly<Record<string, DetectionLayer>>): Promise<void>
  /**
   * Puts trust registries in force, by tenant ('' for all); that of an owner whose file is gone becomes empty. Resolves when every
   * partition holds that of all tenants.
   */
  useAgents(registries: Readonly<Record<string, AgentRegistry>>): Promise<void>
  /** Puts each tenant's leak list in force; that of a tenant who has none any more becomes empty. */
  useLeakLists(lists: LeakLists): Promise<void>
  /** Whether every partition holds the settings of all tenants that were asked for last. */
  isReady(): boolean
  /** Lets go who waits. */
  stop(): void
}

export interface KnowledgeDeps {
  readonly log: Log
  readonly clock: Clock
  readonly logger: Logger
  readonly sections: Sections
  append(topic: string, partition: number, value: Buffer): Promise<void>
}

/** What was requested, and who waits until it is in force. */
interface Asking {
  readonly deps: KnowledgeDeps
  base: Wanted | undefined
  stopped: boolean
  waiting: { readonly isOver: () => boolean; readonly resolve: () => void }[]
  /** Hash that was asked for last, by section and owner. */
  readonly asked: Map<string, string>
}

const tell = (asking: Asking): void => {
  const over = asking.waiting.filter(({ isOver }) => asking.stopped || isOver())
  asking.waiting = asking.waiting.filter((one) => !over.includes(one))
  for (const { resolve } of over) resolve()
}

const until = (asking: Asking, isOver: () => boolean): Promise<void> =>
  new Promise((resolve) => {
    asking.waiting.push({ isOver, resolve })
    tell(asking)
  })

/** Asks for it through the log, unless it is in force or on its way. */
async function ask(asking: Asking, { name, tenant, hash, content }: Wanted): Promise<void> {
  const { sections, clock, append, log } = asking.deps
  if (sections.hashOf(name, tenant) === hash) return
  await sections.hold(hash, content())
  const time = new Date(clock.now()).toISOString()
  const command = {
    type: 'configuration',
    id: commandId(tenant, 'configuration', `${name} ${hash} ${time}`),
    tenant,
    by: 'configuration file',
    time,
    section: name,
    hash,
  } as const
  await append('commands', partitionOf(tenant, log.partitions('commands')), encodeCommand(command))
}

const isReady = (asking: Asking): boolean =>
  asking.base !== undefined &&
  asking.deps.sections.readiness().ok &&
  asking.deps.sections.isInForce(asking.base.name, asking.base.tenant, asking.base.hash)

/** Whether it is in force, or something else is that was asked for later. */
const isDone = (asking: Asking, { name, tenant, hash }: Wanted): boolean => {
  const { sections } = asking.deps
  const now = sections.hashOf(name, tenant)
  return (
    now !== undefined &&
    sections.isInForce(name, tenant, now) &&
    (now === hash || asking.asked.get(`${name} ${tenant}`) !== hash)
  )
}

async function askAll(asking: Asking, all: readonly Wanted[]): Promise<void> {
  for (const one of all) asking.asked.set(`${one.name} ${one.tenant}`, one.hash)
  for (const one of all) await ask(asking, one)
}

async function useSettings(
  asking: Asking,
  wanted: DetectionLayer,
  layersOfTenants: Readonly<Record<string, DetectionLayer>>,
): Promise<void> {
  asking.base = settings('', wanted)
  const without = asking.deps.sections
    .owners(SETTINGS)
    .filter((tenant) => tenant !== '' && !Object.hasOwn(layersOfTenants, tenant))
  const layers = [...Object.entries(layersOfTenants), ...without.map((tenant) => [tenant, {}] as const)]
  await askAll(asking, [asking.base, ...layers.map(([tenant, layer]) => settings(tenant, layer))])
  await until(asking, () => isReady(asking))
}

async function useAgents(asking: Asking, registries: Readonly<Record<string, AgentRegistry>>): Promise<void> {
  const without = asking.deps.sections.owners(AGENTS).filter((tenant) => !Object.hasOwn(registries, tenant))
  const all = [...Object.entries(registries), ...without.map((tenant) => [tenant, {}] as const)].map(
    ([tenant, registry]) => agentRegistry(tenant, registry),
  )
  await askAll(asking, all)
  await until(asking, () => all.every((one) => one.tenant !== '' || isDone(asking, one)))
}

async function useLeakLists(asking: Asking, lists: LeakLists): Promise<void> {
  const { sections, logger } = asking.deps
  const without = sections.owners(LEAK_LIST).filter((tenant) => !lists.has(tenant))
  const all = [...lists, ...without.map((tenant) => [tenant, new Uint8Array(0)] as const)].map(([tenant, content]) =>
    leakList(tenant, content),
  )
  await askAll(asking, all)
  await until(asking, () => all.every((one) => isDone(asking, one)))
  if (asking.stopped) return
  for (const [tenant, content] of lists) {
    const entries = content.length / LEAK_ENTRY_BYTES
    logger.info({ tenant, entries }, 'every partition holds the leak list')
  }
}

export function createKnowledge(deps: KnowledgeDeps): Knowledge {
  const asking: Asking = {
    deps,
    base: undefined,
    stopped: false,
    waiting: [],
    asked: new Map(),
  }

  deps.sections.onSettled(() => tell(asking))

  return {
    useSettings: (wanted, layersOfTenants) => useSettings(asking, wanted, layersOfTenants),
    useAgents: (registries) => useAgents(asking, registries),
    useLeakLists: (lists) => useLeakLists(asking, lists),
    isReady: () => isReady(asking),
    stop() {
      asking.stopped = true
      tell(asking)
    },
  }
}
