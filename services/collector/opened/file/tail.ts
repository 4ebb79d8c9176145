/**
 * One file that is followed: read from its position on, in chunks of whole lines. The file stays open, so that one that a
 * rotation renamed or removed is read to its end.
 */
import { type FileHandle, open } from 'node:fs/promises'
import { H } from '../../../../schemas/ids.ts'
import { COLLECTOR_LIMITS } from '../../limits.ts'
import type { Position } from './positions.ts'

const NEWLINE = 0x0a

export interface Chunk {
  /** Whole lines. */
  readonly body: Buffer
  /** Byte at which it begins. */
  readonly offset: number
  /** Byte at which the next one begins. */
  readonly next: number
  /** Lines that were too long, and are left out. */
  readonly tooLong: number
}

export interface Tail {
  readonly file: string
  position(): Position
  /** The next lines; undefined if there are none yet. `truncations` tells if the file was cut short. */
  read(): Promise<Chunk | undefined>
  /** The log holds everything read up to `next`. */
  settle(next: number): void
  /** The file is at another path now. */
  moved(path: string): void
  /** Times that the file was found cut short. */
  truncations(): number
  close(): Promise<void>
}

/** The bytes of the first line, as far as they are compared; undefined before there is a whole one. */
async function firstLine(handle: FileHandle): Promise<string | undefined> {
  const { buffer, bytesRead } = await handle.read(
    Buffer.alloc(COLLECTOR_LIMITS.tail_first_bytes),
    0,
    COLLECTOR_LIMITS.tail_first_bytes,
    0,
  )
  const end = buffer.subarray(0, bytesRead).indexOf(NEWLINE)
  if (end === -1 && bytesRead < COLLECTOR_LIMITS.tail_first_bytes) return undefined
  return H('first line', buffer.toString('latin1', 0, end === -1 ? bytesRead : end))
}

export const fileOf = ({ dev, ino }: { readonly dev: bigint | number; readonly ino: bigint | number }): string =>
  `${dev}:${ino}`

/** Opens a file. `known`: the position of the file with this device and inode. `begin`: for one that is not known. */
export async function openTail(path: string, known: Position | undefined, begin: 'start' | 'end'): Promise<Tail> {
  const handle = await open(path, 'r')
  const stat = await handle.stat({ bigint: true })
  const file = fileOf(stat)
  let first = (await firstLine(handle)) ?? ''
  let at = path
  let truncations = 0
  // The same inode with another first line is another file; without a first line so far nothing of it was read.
  const isSame = known !== undefined && (known.first === '' || known.first === first)
  let offset = isSame ? known.offset : 0
  if (known === undefined && begin === 'end') offset = await lastLineEnd(handle, Number(stat.size))

  async function look(): Promise<number> {
    const size = (await handle.stat()).size
    const now = (await firstLine(handle)) ?? ''
    // Truncated, or rewritten from its beginning: the current content was never read.
    if (size < offset || (first !== '' && now !== first)) {
      offset = 0
      truncations += 1
    }
    first = now
    return size
  }

  async function read(): Promise<Chunk | undefined> {
    const size = await look()
    if (size <= offset) return undefined
    const length = Math.min(size - offset, COLLECTOR_LIMITS.open_body_bytes_max)
    const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(length), 0, length, offset)
    const bytes = buffer.subarray(0, bytesRead)
    const end = bytes.lastIndexOf(NEWLINE) + 1
    if (end > 0) return { body: bytes.subarray(0, end), offset, next: offset + end, tooLong: 0 }
    if (bytesRead < COLLECTOR_LIMITS.open_body_bytes_max) return undefined
    // A line that no body can hold is left out as far as it has come; its rest ends as a line that is no record.
    return { body: Buffer.alloc(0), offset, next: offset + bytesRead, tooLong: 1 }
  }

  return {
    file,
    position: () => ({ file, first, offset, path: at }),
    read,
    settle(next) {
      offset = next
    },
    moved(to) {
      at = to
    },
    truncations: () => truncations,
    close: () => handle.close(),
  }
}

/** The end of the last whole line of a file. */
async function lastLineEnd(handle: FileHandle, size: number): Promise<number> {
  const start = Math.max(0, size - COLLECTOR_LIMITS.open_body_bytes_max)
  const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(size - start), 0, size - start, start)
  return start + buffer.subarray(0, bytesRead).lastIndexOf(NEWLINE) + 1
}
