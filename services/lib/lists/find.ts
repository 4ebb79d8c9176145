/**
 * Finds the leak lists next to a configuration: `lists/leaked-credentials/*.txt` for all tenants, and in addition
 * `tenants/<tenant>/lists/leaked-credentials/*.txt` for one tenant. Their paths, sizes, times and inode numbers show whether
 * they have changed, without reading them: a file that was moved into the place of another may keep its size and time.
 */
import { stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { namesIn } from '../directory.ts'

export interface LeakFiles {
  /** Sorted paths. */
  readonly base: readonly string[]
  readonly tenants: ReadonlyMap<string, readonly string[]>
  /** The same for the same files. */
  readonly mark: string
}

const ROOM = ['lists', 'leaked-credentials'] as const

async function textFiles(directory: string): Promise<string[]> {
  const names = await namesIn(directory)
  return names.filter((name) => name.endsWith('.txt') && !name.startsWith('.')).map((name) => join(directory, name))
}

/** Throws where a directory is there and cannot be read. */
export async function findLeakFiles(configuration: string): Promise<LeakFiles> {
  const beside = dirname(configuration)
  const base = await textFiles(join(beside, ...ROOM))
  const tenants = new Map<string, string[]>()
  for (const tenant of await namesIn(join(beside, 'tenants'))) {
    const files = await textFiles(join(beside, 'tenants', tenant, ...ROOM))
    if (files.length > 0) tenants.set(tenant, files)
  }
  const marks: unknown[] = []
  for (const path of [...base, ...[...tenants.values()].flat()]) {
    const found = await stat(path).catch(() => undefined)
    marks.push([path, found?.size, found?.mtimeMs, found?.ino])
  }
  return { base, tenants, mark: JSON.stringify(marks) }
}
