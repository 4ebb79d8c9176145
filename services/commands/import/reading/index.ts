/**
 * Reads units one after the other, or side by side in threads: reading takes more than half of a replay, and no unit depends on
 * another. What comes of them comes in their order, so that nobody can tell the difference.
 */
import type { Mapping } from '../../../lib/mappings/schema.ts'
import { threadsOfMachine } from '../../lib/called-thread.ts'
import { inOrder } from '../../lib/in-order.ts'
import { createThreads, type Threads } from './threads.ts'
import { createReadUnit, type Unit, type UnitRead } from './unit.ts'

export { TOLD_MAX, type Unit } from './unit.ts'

/** A thread takes as long to begin as it takes to read this much. */
const ALONE_BYTES_MAX = 4 * 1024 * 1024
/** Units that are read or wait to be, for each thread: while one is handed over, the next is there. */
const UNITS_PER_THREAD = 2

const bytesOf = ({ requests }: Unit): number =>
  requests.reduce((sum, request) => sum + ('problem' in request ? 0 : request.body.length), 0)

/** Reads the first units by itself, and the others in threads as soon as they are worth it. */
function createReaders(mappings: readonly Mapping[], count: number) {
  const readUnit = createReadUnit(mappings)
  let bytes = 0
  let threads: Threads | undefined
  return {
    async read(unit: Unit): Promise<UnitRead> {
      bytes += bytesOf(unit)
      if (bytes <= ALONE_BYTES_MAX || count < 2) return readUnit(unit)
      threads ??= createThreads(count, mappings)
      return threads.read(unit)
    },
    end: async () => threads?.end(),
  }
}

/**
 * What became of each unit, in their order. Throws what reading a unit throws. `count`: threads; with one there are none, and the
 * caller's reads.
 */
export async function* readUnits<T extends Unit>(
  units: AsyncIterable<T>,
  mappings: readonly Mapping[],
  count = threadsOfMachine(),
): AsyncGenerator<readonly [T, UnitRead]> {
  const readers = createReaders(mappings, count)
  const read = async (unit: T) => [unit, await readers.read(unit)] as const
  try {
    yield* inOrder(units, read, UNITS_PER_THREAD * count)
  } finally {
    await readers.end()
  }
}
