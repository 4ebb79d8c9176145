/**
 * Counts lines of code by room, beside those of an earlier state: a commit, or a directory that holds a checkout.
 *
 *   npm run -s count:lines -- STATE
 */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { toolOptions } from './tool-options.ts'
import { HERE, stateOf, withEarlierCode } from './earlier-code.ts'

const ROOMS = ['schemas', 'detectors', 'services', 'infra', 'scripts', 'test']

/** The first folder of a file; of services the first two, and cases of detectors by themselves. */
function roomOf(file: string): string {
  const [first = '', second = '', third] = file.split('/')
  if (first === 'detectors' && file.endsWith('.cases.ts')) return 'detectors, cases'
  return first === 'services' && third !== undefined ? `${first}/${second}` : first
}

interface Count {
  files: number
  lines: number
}

function countIn(root: string): ReadonlyMap<string, Count> {
  const counts = new Map<string, Count>()
  for (const room of ROOMS) {
    for (const file of globSync(`${room}/**/*.{ts,tsx}`, {
      cwd: root,
      exclude: ['**/node_modules/**', '**/dist/**'],
    })) {
      const count = counts.get(roomOf(file)) ?? { files: 0, lines: 0 }
      count.files++
      count.lines += readFileSync(join(root, file), 'utf8').split('\n').length - 1
      counts.set(roomOf(file), count)
    }
  }
  return counts
}

const { positionals } = toolOptions(import.meta.url, { allowPositionals: true })
const [state] = positionals
if (state === undefined) {
  console.error('usage: npm run -s count:lines -- COMMIT|DIRECTORY')
  process.exitCode = 2
} else {
  await withEarlierCode(state, (root) => {
    const [before, now] = [countIn(root), countIn(HERE)]
    console.log(
      `| room | files at ${stateOf(root)} | lines | files at ${stateOf(HERE)} | lines |\n|---|---|---|---|---|`,
    )
    for (const room of [...new Set([...before.keys(), ...now.keys()])].sort()) {
      const cells = [before.get(room), now.get(room)].map(
        (count) => `${count?.files ?? 0} | ${(count?.lines ?? 0).toLocaleString('en')}`,
      )
      console.log(`| ${room} | ${cells.join(' | ')} |`)
    }
    return Promise.resolve()
  })
}
