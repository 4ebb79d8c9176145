/**
 * Lists a directory, and creates one together with its missing parents. Node's own recursive mkdir never returns if the
 * system reports an existing parent as missing, as under /proc.
 */
import { chmod, mkdir, readdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

const OWNER_ALONE = 0o700
const OTHERS = 0o077

/**
 * Creates a directory, or accepts an existing one, and closes it to others. Throws if it cannot be created, or if it is
 * another user's and open to others.
 */
export async function ensurePrivateDirectory(path: string): Promise<void> {
  await ensureDirectory(path, OWNER_ALONE)
  const { mode } = await stat(path)
  if ((mode & OTHERS) === 0) return
  await chmod(path, OWNER_ALONE).catch((error: unknown) => {
    throw new Error(`others may read it, and its mode cannot be changed: run chmod 700 ${path} as its owner`, {
      cause: error,
    })
  })
}

/** Resolves when the directory exists, created or found. Throws the system's error if it cannot be created. */
export async function ensureDirectory(path: string, mode: number): Promise<void> {
  try {
    await mkdir(path, { mode })
    return
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST' && (await stat(path)).isDirectory()) return
    if (code !== 'ENOENT' || dirname(path) === path) throw error
  }
  await ensureDirectory(dirname(path), mode)
  await mkdir(path, { mode })
}

/** Names in a directory, sorted; none if there is no such directory. Throws the system's error if it cannot be read. */
export async function namesIn(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).sort()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return []
    throw error
  }
}
