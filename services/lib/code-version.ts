/**
 * The version of the code that decides: a hash of the engine, the detectors and all that they import, and of nothing else.
 * It is part of the epoch, so that a finding says which code found it, and a change of that code is a new epoch without
 * anybody's doing; a change of anything else, such as how the log is read, is none.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { H } from '../../schemas/ids.ts'
import { importClosure } from './import-closure.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const ENTRIES = ['detectors/registry.ts', 'services/detector/engine/index.ts']

/** Pinned versions of the packages: a newer list of public suffixes may find something else. */
function pinned(root: string, packages: readonly string[]): string[] {
  const path = join(root, 'package.json')
  if (!existsSync(path)) return []
  const { dependencies = {} } = JSON.parse(readFileSync(path, 'utf8')) as { dependencies?: Record<string, string> }
  return Object.entries(dependencies).flatMap(([name, version]) =>
    packages.includes(name) ? [`${name}@${version}`] : [],
  )
}

/** 32 hex digits. `root` holds the code; the project's own unless told otherwise. */
export function codeVersion(root: string = ROOT): string {
  const { files, packages } = importClosure(root, ENTRIES)
  return H('code', ...[...files].flat(), ...pinned(root, packages))
}

/**
 * The hash of one detector's file and all that it imports of detectors/, for its lock: 32 hex digits. Schemas are left out:
 * they have versions of their own.
 */
export function detectorHash(id: string, root: string = ROOT): string {
  const { files } = importClosure(root, [`detectors/${id}.ts`])
  return H('detector', ...[...files].filter(([path]) => path.startsWith('detectors/')).flat())
}
