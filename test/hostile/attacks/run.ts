/**
 * `npm run -s attacks -- [--at CHECKOUT] [--only ID,...] [--patience SECONDS] [--json]`: fires each attack that was found at
 * be0bc55 at the service of a checkout, each at a process of its own with an empty data directory, and prints what came of
 * it. Without `--at` it attacks this checkout. Exits 1 where an attack succeeds, 2 where one could not be carried out.
 * Everything stays on loopback, and each attack is bounded in number and time.
 */
import { execFileSync } from 'node:child_process'
import { resolve } from 'node:path'
import { toolOptions } from '../../../scripts/tool-options.ts'
import type { Attack, Outcome } from './attack.ts'
import { HIDING } from './hiding.ts'
import { STOPPING } from './stopping.ts'
import { withTarget } from './target.ts'
import { TENANTS } from './tenants.ts'

const ATTACKS = [...STOPPING, ...HIDING, ...TENANTS].toSorted((a, b) => a.kind - b.kind)
const ATTACK_MS_MAX = 600_000

const { values } = toolOptions(import.meta.url, {
  options: {
    at: { type: 'string' },
    only: { type: 'string' },
    patience: { type: 'string', default: '30' },
    json: { type: 'boolean', default: false },
  },
})
const ids = values.only?.split(',')
const unknown = ids?.filter((id) => ATTACKS.every((attack) => attack.id !== id)) ?? []
const patienceMs = Number(values.patience) * 1_000
if (unknown.length > 0 || !(patienceMs > 0)) {
  console.error(
    unknown.length > 0
      ? `no attack is called ${unknown.join(', ')}; there are ${ATTACKS.map(({ id }) => id).join(', ')}`
      : '--patience takes a number of seconds above 0',
  )
  process.exit(2)
}
const checkout = values.at === undefined ? resolve(import.meta.dirname, '../../..') : resolve(values.at)

interface Row {
  readonly id: string
  readonly kind: number
  readonly title: string
  readonly outcome: 'succeeds' | 'held' | 'not carried out'
  readonly figure: string
}

async function fire(attack: Attack): Promise<Row> {
  const { id, kind, title } = attack
  const late = Promise.withResolvers<Outcome>()
  const timer = setTimeout(() => late.reject(new Error('took longer than ten minutes')), ATTACK_MS_MAX)
  try {
    const run = withTarget({ checkout, patienceMs }, (target) => Promise.race([attack.run(target), late.promise]))
    const { succeeded, figure } = await run
    return { id, kind, title, outcome: succeeded ? 'succeeds' : 'held', figure }
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error)
    return { id, kind, title, outcome: 'not carried out', figure: said.slice(0, 500) }
  } finally {
    clearTimeout(timer)
  }
}

const commit = execFileSync('git', ['-C', checkout, 'rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
const rows: Row[] = []
if (!values.json) console.log(`at ${commit}\n| kind | attack | outcome | measured |\n|---|---|---|---|`)
for (const attack of ATTACKS.filter(({ id }) => ids?.includes(id) ?? true)) {
  const row = await fire(attack)
  rows.push(row)
  if (!values.json) console.log(`| ${row.kind} | ${row.title} (\`${row.id}\`) | ${row.outcome} | ${row.figure} |`)
}
if (values.json) console.log(JSON.stringify({ commit, rows }, null, 2))
const are = (what: Row['outcome']): boolean => rows.some(({ outcome }) => outcome === what)
process.exitCode = are('not carried out') ? 2 : are('succeeds') ? 1 : 0
