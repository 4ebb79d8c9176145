/**
 * What the files say of the knowledge, and how it is asked for: the content of each section is made durable first, then a
 * command names it, so that the change stands in the audit log; who carries out the command puts it in force. A tenant whose
 * file is gone is given an empty section, which lies over nothing.
 */
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
const leakList = (tenant: string, content: Uint8Array): Wanted => ({
  name: LEAK_LIST,
  tenant,
  hash: leakListHash(content),
  content: () => content,
})

export interface Knowledge {
  /** Puts settings in force, those of all tenants and each tenant's own. Resolves when every partition holds those of all. */
  useSettings(base: DetectionLayer, layersOfTenants: Readonly<Record<string, DetectionLayer>>): Promise<void>
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

export function createKnowledge({ log, clock, logger, sections, append }: KnowledgeDeps): Knowledge {
  let base: Wanted | undefined
  let stopped = false
  let waiting: { readonly isOver: () => boolean; readonly resolve: () => void }[] = []

  const tell = (): void => {
    const over = waiting.filter(({ isOver }) => stopped || isOver())
    waiting = waiting.filter((one) => !over.includes(one))
    for (const { resolve } of over) resolve()
  }
  sections.onSettled(tell)
  const until = (isOver: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      waiting.push({ isOver, resolve })
      tell()
    })

  /** Asks for it through the log, unless it is in force or on its way. */
  async function ask({ name, tenant, hash, content }: Wanted): Promise<void> {
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

  const isReady = (): boolean =>
    base !== undefined && sections.readiness().ok && sections.isInForce(base.name, base.tenant, base.hash)
  /** Whether it is in force, or something else is that was asked for later. */
  const isDone = ({ name, tenant, hash }: Wanted): boolean => {
    const now = sections.hashOf(name, tenant)
    return (
      now !== undefined &&
      sections.isInForce(name, tenant, now) &&
      (now === hash || asked.get(`${name} ${tenant}`) !== hash)
    )
  }
  /** Hash that was asked for last, by section and owner. */
  const asked = new Map<string, string>()

  async function askAll(all: readonly Wanted[]): Promise<void> {
    for (const one of all) asked.set(`${one.name} ${one.tenant}`, one.hash)
    for (const one of all) await ask(one)
  }

  return {
    async useSettings(wanted, layersOfTenants) {
      base = settings('', wanted)
      const without = sections
        .owners(SETTINGS)
        .filter((tenant) => tenant !== '' && !Object.hasOwn(layersOfTenants, tenant))
      const layers = [...Object.entries(layersOfTenants), ...without.map((tenant) => [tenant, {}] as const)]
      await askAll([base, ...layers.map(([tenant, layer]) => settings(tenant, layer))])
      await until(isReady)
    },
    async useLeakLists(lists) {
      const without = sections.owners(LEAK_LIST).filter((tenant) => !lists.has(tenant))
      const all = [...lists, ...without.map((tenant) => [tenant, new Uint8Array(0)] as const)].map(
        ([tenant, content]) => leakList(tenant, content),
      )
      await askAll(all)
      await until(() => all.every(isDone))
      if (stopped) return
      for (const [tenant, content] of lists) {
        const entries = content.length / LEAK_ENTRY_BYTES
        logger.info({ tenant, entries }, 'every partition holds the leak list')
      }
    },
    isReady,
    stop() {
      stopped = true
      tell()
    },
  }
}
