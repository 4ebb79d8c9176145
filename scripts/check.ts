/**
 * Runs every check of the code, one after the other, and says of each how it went and how long it took. One that fails does
 * not keep the next from running, so that one run shows everything that is wrong. Exits 1 if any failed.
 *
 *   npm run check
 */
import { spawnSync } from 'node:child_process'

/** The scripts of package.json that make up the check, quickest first. */
const CHECKS = ['check:format', 'check:architecture', 'check:types', 'check:lint', 'check:dead'] as const

const secondsSince = (started: number): string => `${((performance.now() - started) / 1000).toFixed(1)} s`

const failed = CHECKS.filter((script) => {
  const started = performance.now()
  const { status, error } = spawnSync('npm', ['run', '-s', script], { stdio: ['ignore', 'inherit', 'inherit'] })
  if (error) console.error(`${script} could not be started: ${error.message}`)
  console.log(`${script}: ${status === 0 ? 'ok' : 'FAILED'}, ${secondsSince(started)}`)
  return status !== 0
})

console.log(failed.length === 0 ? 'check: ok' : `check: FAILED in ${failed.join(', ')}`)
process.exitCode = failed.length === 0 ? 0 : 1
