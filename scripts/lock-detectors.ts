/**
 * Writes detectors/versions.lock.json: the hash of each detector at its version, with all that it imports of detectors/. State and findings of one version
 * are never mixed with another's, so a changed behaviour under an old number would mix them unseen. The script refuses to
 * lock a changed file under the same version; `--same-version` says that only words or layout changed, and reviewers see it
 * as a line in the lock file's history.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { toolOptions } from './tool-options.ts'
import { DETECTORS } from '../detectors/registry.ts'
import { detectorHash } from '../services/lib/code-version.ts'

const root = new URL('../', import.meta.url)
const path = new URL('detectors/versions.lock.json', root)

interface Lock {
  readonly version: number
  readonly hash: string
}

const locked = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Record<string, Lock>) : {}
const { values } = toolOptions(import.meta.url, { options: { 'same-version': { type: 'boolean', default: false } } })
const sameVersion = values['same-version']
const refused: string[] = []
const next: Record<string, Lock> = {}
for (const { id, version } of DETECTORS.toSorted((a, b) => (a.id < b.id ? -1 : 1))) {
  const hash = detectorHash(id)
  const before = locked[id]
  const changed = before !== undefined && before.hash !== hash
  if (changed && version < before.version)
    refused.push(`${id}: version ${version} is below the locked ${before.version}`)
  else if (changed && version === before.version && !sameVersion)
    refused.push(`${id}: it or what it imports changed, and its version is still ${version}`)
  next[id] = { version, hash }
}
if (refused.length > 0) {
  process.stderr.write(
    `${refused.join('\n')}\nNothing was locked. Raise the version of each whose behaviour changed; if that of the others did not, run: npm run lock:detectors -- --same-version\n`,
  )
  process.exitCode = 1
} else {
  writeFileSync(path, `${JSON.stringify(next, null, 2)}\n`)
  process.stdout.write(`locked ${Object.keys(next).length} detectors\n`)
}
