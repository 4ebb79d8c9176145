/**
 * `npm run bench:edges -- FILE`: how well scores of this project tell the attacks among the edges of a network (columns
 * `src,dst,time,label`, seconds), as ROC-AUC, to compare with MIDAS and its kin, which were made for such files:
 *
 *   new machines   the score of lateral/fan-out for the source of the edge: machines new to it within hours, at its own pace
 *   counts         the largest of three tails, of the edge, its source and its destination: as many in this minute, where so
 *                  many came in the minutes since it was first seen (Gamma-Poisson, as in detectors/lib/maths.ts)
 *   counts, doubt  the same, but minutes above SUSPECT teach no more than was expected, as habits learn nothing suspected
 *
 * A score speaks of what was before the edge and of the edge itself, never of later ones.
 */
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { createGunzip } from 'node:zlib'
import { toolOptions } from '../../scripts/tool-options.ts'
import { FRESH_HALF_LIFE_MS, PACE_HALF_LIFE_MS, surpriseOfNew } from '../../detectors/lateral/fan-out.ts'
import { gammaPoissonLogTail, surpriseOf } from '../../detectors/lib/maths.ts'

const MINUTE_S = 60
/** From here on a minute is suspected, in nines. */
const SUSPECT = 3
/** Scores are ranked in steps of it; 300 is the most that a surprise can be. */
const STEP = 1 / 256
const RANKS = 300 / STEP + 1

/** Attacks and others by score: enough for the area under the curve, ties counted half. */
class Ranking {
  readonly #attacks = new Float64Array(RANKS)
  readonly #others = new Float64Array(RANKS)
  add(score: number, isAttack: boolean): void {
    const of = isAttack ? this.#attacks : this.#others
    const rank = Math.min(RANKS - 1, Math.round(score / STEP))
    of[rank] = (of[rank] as number) + 1
  }
  get area(): number {
    let [below, won, attacks] = [0, 0, 0]
    for (let k = 0; k < RANKS; k++) {
      const [a, o] = [this.#attacks[k] as number, this.#others[k] as number]
      won += a * (below + o / 2)
      below += o
      attacks += a
    }
    return won / (attacks * below)
  }
}

interface Source {
  readonly since: number
  readonly known: Set<string>
  time: number
  fresh: number
  pace: number
}
const sources = new Map<string, Source>()

/** The score of lateral/fan-out after this edge: what the source has reached is new for hours. */
function newMachines(src: string, dst: string, timeMs: number): number {
  let source = sources.get(src)
  if (source === undefined)
    sources.set(src, (source = { since: timeMs, known: new Set(), time: timeMs, fresh: 0, pace: 0 }))
  const passed = Math.max(0, timeMs - source.time)
  source.fresh *= 2 ** (-passed / FRESH_HALF_LIFE_MS)
  source.pace *= 2 ** (-passed / PACE_HALF_LIFE_MS)
  source.time += passed
  if (!source.known.has(dst)) {
    source.known.add(dst)
    source.fresh++
    source.pace++
  }
  return surpriseOfNew(source.fresh, source.pace - source.fresh, timeMs - source.since)
}

interface Count {
  readonly since: number
  minute: number
  now: number
  /** Before this minute. */
  before: number
  surprise: number
}

/** Counts of whatever has a name, minute by minute. */
class Counts {
  readonly #all = new Map<string, Count>()
  readonly #doubts: boolean
  constructor(doubts: boolean) {
    this.#doubts = doubts
  }
  /** How surprising it is that this minute brings one more of it. */
  surprise(name: string, minute: number): number {
    let count = this.#all.get(name)
    if (count === undefined) this.#all.set(name, (count = { since: minute, minute, now: 0, before: 0, surprise: 0 }))
    if (minute > count.minute) {
      const expected = count.before / Math.max(1, count.minute - count.since)
      count.before += this.#doubts && count.surprise >= SUSPECT ? Math.min(count.now, expected) : count.now
      count.minute = minute
      count.now = 0
    }
    count.now++
    count.surprise = surpriseOf(gammaPoissonLogTail(count.now, 0.5 + count.before, 0.5 + minute - count.since))
    return count.surprise
  }
}

const { positionals } = toolOptions(import.meta.url, { allowPositionals: true })
const [path] = positionals
if (path === undefined) {
  process.stderr.write('usage: npm run bench:edges -- FILE: src,dst,time,label, plain or .gz\n')
  process.exit(2)
}
const rankings = { 'new machines': new Ranking(), counts: new Ranking(), 'counts, doubt': new Ranking() }
const [plain, doubting] = [new Counts(false), new Counts(true)]
let edges = 0
const file = createReadStream(path)
for await (const line of createInterface({ input: path.endsWith('.gz') ? file.pipe(createGunzip()) : file })) {
  const [src = '', dst = '', time = '', label] = line.split(',')
  const seconds = Number(time)
  if (!(seconds > 0)) continue
  edges++
  const isAttack = label === '1'
  const minute = Math.floor(seconds / MINUTE_S)
  rankings['new machines'].add(newMachines(src, dst, seconds * 1_000), isAttack)
  for (const [counts, ranking] of [
    [plain, rankings.counts],
    [doubting, rankings['counts, doubt']],
  ] as const) {
    const names = [`${src}>${dst}`, `${src}>`, `>${dst}`]
    ranking.add(Math.max(...names.map((name) => counts.surprise(name, minute))), isAttack)
  }
}
process.stdout.write(`${edges} edges\n`)
for (const [name, ranking] of Object.entries(rankings))
  process.stdout.write(`${name.padEnd(14)} ROC-AUC ${ranking.area.toFixed(3)}\n`)
