/**
 * The sections of the knowledge that control records and snapshots name, read from `state`. Each is held once in a process,
 * as long as a stage uses it: all partitions of a process ask for the same few, and a leak list may be large.
 */
import { isSectionName, openSection, type SectionContent } from '../../../detectors/lib/sections.ts'
import type { Log } from '../../lib/log/port.ts'
import { readSection } from '../../lib/section-store.ts'

/** So long after it was last asked for, a section is held for the next partition that asks. */
const KEPT_MS = 60_000

/**
 * Finds a section by name and hash; undefined if `state` does not hold all of it, or if this version does not know it.
 * Throws if the stored content does not match the hash: continuing with other content would change results.
 */
export type SectionReader = (name: string, hash: string) => Promise<SectionContent | undefined>

export function createSectionReader(log: Log): SectionReader {
  const known = new Map<string, WeakRef<SectionContent>>()
  const reading = new Map<string, Promise<SectionContent | undefined>>()
  const kept = new Map<string, { readonly content: SectionContent; readonly timer: NodeJS.Timeout }>()

  function keep(hash: string, content: SectionContent): SectionContent {
    clearTimeout(kept.get(hash)?.timer)
    kept.set(hash, { content, timer: setTimeout(() => kept.delete(hash), KEPT_MS).unref() })
    known.set(hash, new WeakRef(content))
    return content
  }

  async function read(name: string, hash: string): Promise<SectionContent | undefined> {
    const bytes = isSectionName(name) ? await readSection(log, hash) : undefined
    if (bytes === undefined || !isSectionName(name)) return undefined
    const content = openSection(name, hash, bytes)
    if (content === undefined)
      throw new Error(`the section ${name} ${hash} in the topic state is damaged: its content has another hash`)
    return keep(hash, content)
  }

  return async (name, hash) => {
    const held = known.get(hash)?.deref()
    if (held !== undefined) return held.section === name ? keep(hash, held) : undefined
    const fresh = reading.get(hash) ?? read(name, hash).finally(() => reading.delete(hash))
    reading.set(hash, fresh)
    return fresh
  }
}
