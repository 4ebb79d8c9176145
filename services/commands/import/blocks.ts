/**
 * Blocks of bytes, to be read again: in memory as far as they fit, and behind that in a file of the temporary directory, so that
 * a file of any size is read in bounded memory. The file is its owner's alone and has no name any more once it is open: it goes
 * with the process, however that ends.
 */
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { UsageError } from '../../lib/errors.ts'

export interface Blocks {
  /** Throws UsageError where the temporary directory is full. */
  add(block: Buffer): void
  readonly count: number
  /** The block that was the n-th to come, from 0. */
  at(n: number): Buffer
}

const OWNER_ONLY = 0o600

function openNameless(): number {
  const directory = mkdtempSync(join(tmpdir(), 'moltwatch-import-'))
  try {
    return openSync(join(directory, 'blocks'), 'wx+', OWNER_ONLY)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function writeWhole(file: number, block: Buffer, at: number): void {
  for (let done = 0; done < block.length; ) done += writeSync(file, block, done, block.length - done, at + done)
}

function readWhole(file: number, length: number, at: number): Buffer {
  const block = Buffer.alloc(length)
  for (let done = 0; done < length; ) {
    const more = readSync(file, block, done, length - done, at + done)
    if (more === 0) throw new Error(`the spool ends ${length - done} bytes early`)
    done += more
  }
  return block
}

/** Closes the file of blocks that nobody holds any more. */
const files = new FinalizationRegistry<number>((file) => closeSync(file))

/** `memoryBytesMax`: the most that is kept in memory. */
export function createBlocks(memoryBytesMax: number): Blocks {
  const held: Buffer[] = []
  /** Of those in the file. */
  const places: { readonly at: number; readonly length: number }[] = []
  let bytes = 0
  let written = 0
  let file: number | undefined

  function spill(block: Buffer): void {
    try {
      if (file === undefined) files.register(blocks, (file = openNameless()))
      writeWhole(file, block, written)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === undefined) throw error
      throw new UsageError(
        `the temporary directory ${tmpdir()} cannot hold what was read (${code}): make room there, or name another one in TMPDIR`,
      )
    }
    places.push({ at: written, length: block.length })
    written += block.length
  }

  const blocks: Blocks = {
    add(block) {
      if (file !== undefined || bytes + block.length > memoryBytesMax) return spill(block)
      held.push(block)
      bytes += block.length
    },
    get count() {
      return held.length + places.length
    },
    at(n) {
      const inMemory = held[n]
      if (inMemory !== undefined) return inMemory
      const place = places[n - held.length]
      if (place === undefined || file === undefined) throw new RangeError(`there is no block ${n}`)
      return readWhole(file, place.length, place.at)
    },
  }
  return blocks
}
