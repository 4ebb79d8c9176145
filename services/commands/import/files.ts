/**
 * The files that a command names, and their uncompressed bytes: plain, gzip or zstd, detected by the first bytes, because
 * a name may be wrong. A directory stands for its files, `-` for standard input, a pattern for its matches.
 */
import { createReadStream } from 'node:fs'
import { glob, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline, Readable, type Transform } from 'node:stream'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { UsageError } from '../../lib/errors.ts'

/** Standard input, as a file's name. */
export const STDIN = '-'

const READ_BYTES = 256 * 1024
const PATTERN = /[*?[\]{}]/

const unreadable = (path: string, error: unknown): UsageError => {
  const { code } = error as NodeJS.ErrnoException
  return new UsageError(`${path} cannot be read: ${code === 'ENOENT' ? 'there is no such file' : code}`, {
    cause: error,
  })
}

async function filesOf(path: string): Promise<string[]> {
  if (path === STDIN) return [path]
  const found = await stat(path).catch((error: unknown) => error as NodeJS.ErrnoException)
  if (!('size' in found)) {
    if (!PATTERN.test(path)) return [path]
    const fitting: string[] = []
    for await (const one of glob(path)) fitting.push(one)
    return fitting.length === 0 ? [path] : fitting.sort()
  }
  if (!found.isDirectory()) return [path]
  const inside = await readdir(path, { recursive: true, withFileTypes: true })
  return inside
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}

/** All files that these paths stand for, in order; those of a directory or pattern sorted by name. */
export async function expandPaths(paths: readonly string[]): Promise<string[]> {
  return (await Promise.all(paths.map(filesOf))).flat()
}

/** By the magic bytes of the packing. */
function unpacker(first: Buffer): { readonly name: string; readonly create: () => Transform } | undefined {
  if (first[0] === 0x1f && first[1] === 0x8b) {
    return { name: 'gzip', create: () => createGunzip({ chunkSize: READ_BYTES }) }
  }
  if (first.length >= 4 && first.readUInt32LE(0) === 0xfd2fb528) {
    return { name: 'zstd', create: () => createZstdDecompress({ chunkSize: READ_BYTES }) }
  }
  return undefined
}

/** Throws UsageError if the file cannot be read or is damaged. `onBytes` gets byte counts as stored on disk. */
export async function* bytesOf(path: string, onBytes: (bytes: number) => void): AsyncGenerator<Buffer> {
  const file = path === STDIN ? process.stdin : createReadStream(path, { highWaterMark: READ_BYTES })
  const packed = (file as AsyncIterable<Buffer>)[Symbol.asyncIterator]()
  const read = (): Promise<IteratorResult<Buffer>> =>
    packed.next().catch((error: unknown) => {
      throw unreadable(path, error)
    })
  const first = await read()
  if (first.done === true) return
  async function* whole(): AsyncGenerator<Buffer> {
    for (let next = first; next.done !== true; next = await read()) {
      onBytes(next.value.length)
      yield next.value
    }
  }
  const packing = unpacker(first.value)
  if (packing === undefined) {
    yield* whole()
    return
  }
  // The callback is there because a stream without one throws; the loop over the unpacked bytes gets the error.
  const unpacked = pipeline(Readable.from(whole()), packing.create(), () => {})
  try {
    yield* unpacked as AsyncIterable<Buffer>
  } catch (error) {
    throw new UsageError(`${path} is a damaged ${packing.name} file: ${(error as Error).message}`, { cause: error })
  }
}
