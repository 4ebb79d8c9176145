/**
 * Makes a directory and what is missing above it. Node's own recursive way never ends where the system says that a parent
 * is missing although it is there, as under /proc.
 */
import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Resolves when the directory is there, made or found. Throws the system's error where it cannot be. */
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
