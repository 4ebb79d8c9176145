/** The records of one partition for the consumer that holds it. While it has nothing new, the reader is asked for nothing. */
import type { Source, Taken } from '../runner.ts'
import type { Catalog } from './catalog.ts'
import type { Fetch } from './fetch.ts'

/** Opens the source; it reads nothing until it is reset to an offset. */
export function openSource(
  { catalog, fetch }: { readonly catalog: Catalog; readonly fetch: Fetch },
  topic: string,
  partition: number,
  onChange: () => void,
): Source {
  const slot = catalog.slot(topic, partition)
  const unwatch = catalog.watch(slot, onChange)
  let position = -1
  let paused = false

  async function take(recordsMax: number, bytesMax: number): Promise<Taken | undefined> {
    catalog.checkOffset(topic, partition, position)
    // What compaction has emptied is read past.
    while (!paused && position < catalog.end(slot)) {
      const endOffset = catalog.end(slot)
      const { records, next } = await fetch(slot, position, endOffset, recordsMax, bytesMax)
      // Paused meanwhile: it is read again later.
      if (paused) break
      position = next
      if (records.length > 0) return { records, endOffset }
    }
    return undefined
  }

  return {
    take,
    reset(offset) {
      position = offset
    },
    setPaused(wanted) {
      paused = wanted
    },
    close: unwatch,
  }
}
