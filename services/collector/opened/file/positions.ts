/**
 * How far each file was read, on disk. A file is identified by device, inode and first line: a rename keeps its position,
 * and a new file with a reused inode does not inherit one. Written to a separate file, made durable, then renamed: a
 * crash leaves the old positions or the new ones, never a part of them.
 */
import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'

export interface Position {
  /** `device:inode`. */
  readonly file: string
  /** H of the first line; '' before there is one. */
  readonly first: string
  /** Byte behind the last line that the log holds. */
  readonly offset: number
  /** Where it was last seen. */
  readonly path: string
}

const isPosition = (value: unknown): value is Position => {
  const { file, first, offset, path } = value as Partial<Record<keyof Position, unknown>>
  return (
    typeof file === 'string' &&
    typeof first === 'string' &&
    typeof path === 'string' &&
    Number.isSafeInteger(offset) &&
    (offset as number) >= 0
  )
}

/** The positions; undefined if there are none yet. Throws Error if the file is not a file of positions. */
export async function readPositions(path: string): Promise<Position[] | undefined> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  const value = JSON.parse(text) as { positions?: unknown }
  if (!Array.isArray(value.positions) || !value.positions.every(isPosition)) throw new Error('it holds no positions')
  return value.positions
}

export async function writePositions(path: string, positions: readonly Position[]): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const next = `${path}.next`
  const file = await open(next, 'w', 0o600)
  try {
    await file.writeFile(JSON.stringify({ positions }))
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(next, path)
  const folder = await open(dirname(path), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
