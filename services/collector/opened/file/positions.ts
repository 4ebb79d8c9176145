/**
 * How far each file was read, on disk. A file is known by its device, its inode and its first line, so that a rename keeps
 * its place and a new file under an old inode does not inherit it. Written to a file of its own, made durable, then renamed:
 * a crash leaves the old positions or the new ones, never half of them.
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
  /** Where it was seen last. */
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

/** The positions, undefined where there are none yet. Throws Error where the file is no file of positions. */
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
