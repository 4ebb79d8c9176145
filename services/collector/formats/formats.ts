/**
 * The formats that a collector reads: those of the registry, and one for each mapping of its configuration. A value of
 * unknown format is tried with the registry's first, so that no mapping takes a known log away.
 */
import type { Mapping } from '../../lib/mappings/schema.ts'
import type { Formats } from './format.ts'
import { mappedFormat } from './mapped/index.ts'
import { FORMATS } from './registry.ts'

export type { Formats } from './format.ts'

export function createFormats(mappings: readonly Mapping[]): Formats {
  const all = [...FORMATS, ...mappings.map(mappedFormat)]
  const byId = new Map(all.map((format) => [format.id, format]))
  return {
    all,
    of(id) {
      const found = byId.get(id)
      if (found === undefined) throw new Error(`there is no format ${id}`)
      return found
    },
    has: (id) => byId.has(id),
    recognise: (value) => all.find((format) => format.recognises(value)),
  }
}

/** Without mappings. */
export const BUILT_IN: Formats = createFormats([])
