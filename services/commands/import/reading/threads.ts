/** Threads that read units side by side. */
import type { Mapping } from '../../../lib/mappings/schema.ts'
import { asBuffer } from '../../../lib/as-buffer.ts'
import { type CalledThread, createCalledThread } from '../../lib/called-thread.ts'
import type { ThreadData, ThreadProcedures } from './protocol.ts'
import type { Unit, UnitRead } from './unit.ts'

export interface Threads {
  /** In whichever thread has the least to do. Rejects where that one ends. */
  read(unit: Unit): Promise<UnitRead>
  end(): Promise<void>
}

interface Reader {
  readonly thread: CalledThread<ThreadProcedures>
  underWay: number
}

const ENTRY = new URL('thread.ts', import.meta.url)

async function readIn(reader: Reader, { file, requests }: Unit): Promise<UnitRead> {
  reader.underWay++
  try {
    const read = await reader.thread.ask('read', { file, requests })
    return { ...read, blocks: read.blocks.map((block) => ({ ...block, bytes: asBuffer(block.bytes) })) }
  } finally {
    reader.underWay--
  }
}

export function createThreads(count: number, mappings: readonly Mapping[]): Threads {
  const data: Omit<ThreadData, 'calls'> = { mappings }
  const readers = Array.from({ length: count }, () => ({
    thread: createCalledThread<ThreadProcedures>(ENTRY, 'read', data),
    underWay: 0,
  }))
  return {
    async read(unit) {
      const [idlest] = readers.toSorted((a, b) => a.underWay - b.underWay)
      if (idlest === undefined) throw new Error('no thread reads')
      return readIn(idlest, unit)
    },
    async end() {
      await Promise.all(readers.map(({ thread }) => thread.end()))
    },
  }
}
