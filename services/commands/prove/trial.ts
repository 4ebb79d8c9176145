/**
 * One trial of `prove`: the same events through the core under one plan, and what came out, in a form that can be
 * compared: stage one byte by byte, both stages together as the set of ids, and stage two byte by byte from the very
 * records of `signals` that the trial wrote.
 */
import { createHash } from 'node:crypto'
import type { EventRow } from '../../../schemas/event.ts'
import type { Finding } from '../../../schemas/finding.ts'
import { createLane, createLocalPipeline, createStageTwo } from '../../detector/index.ts'
import type { DetectionOptions } from '../detection/index.ts'
import { withoutClockAndRandom } from './forbidden.ts'
import { CALM, createChance, faultsOf, interleave, type Plan, repeatSome } from './plan.ts'

/** Findings as bytes, by `id revision`. */
type Bytes = Map<string, string>

export interface Outcome {
  readonly plan: Plan
  readonly stageOne: Bytes
  readonly ids: ReadonlySet<string>
  readonly stageOneHash: string
  readonly idsHash: string
  /** The trial alone shows that something is wrong. */
  readonly contradiction: string | undefined
}

/** Events between two chances to send frames that are not full. */
const BLOCK_EVENTS = 500
const FLUSH_SHARE = 0.2

const hashOf = (lines: readonly string[]): string =>
  createHash('sha256')
    .update(lines.map((line) => `${line}\n`).join(''))
    .digest('hex')

/** Keeps findings as bytes; what comes twice must be the same. */
function createKeeper() {
  const kept: Bytes = new Map()
  let contradiction: string | undefined
  return {
    kept,
    get contradiction() {
      return contradiction
    },
    take(finding: Finding) {
      const key = `${finding.id} ${finding.revision}`
      const bytes = JSON.stringify(finding)
      const before = kept.get(key)
      if (before !== undefined && before !== bytes) {
        contradiction ??= `finding ${key} came twice and differs: ${firstDifference(before, bytes)}`
      }
      kept.set(key, bytes)
    },
  }
}

/** Where two findings part, for a person. */
export function firstDifference(a: string, b: string): string {
  const one = JSON.parse(a) as Record<string, unknown>
  const other = JSON.parse(b) as Record<string, unknown>
  for (const field of new Set([...Object.keys(one), ...Object.keys(other)])) {
    const [x, y] = [JSON.stringify(one[field]), JSON.stringify(other[field])]
    if (x !== y) return `${field} is ${x} and ${y} (${String(one['detector'])}, ${String(one['agent'])})`
  }
  return 'the order of its fields'
}

/** Stage two once more from the records of `signals`, with restarts elsewhere: its bytes may not change. */
function secondFromSignals(
  records: ReadonlyMap<number, readonly Buffer[]>,
  options: DetectionOptions,
  chance: () => number,
): ReturnType<typeof createKeeper> {
  const keeper = createKeeper()
  for (const [partition, values] of records) {
    const lane = createLane({
      create: (snapshot) => createStageTwo({ ...options, partition }, snapshot),
      fault: faultsOf({ ...CALM, faults: Math.min(0.5, 2 / values.length) }, chance),
      output: (applied) => applied.findings.forEach(keeper.take),
    })
    for (const value of values) lane.append(value)
  }
  return keeper
}

function run(rows: readonly EventRow[], receiptTime: number, plan: Plan, options: DetectionOptions): Outcome {
  const chance = createChance(plan.seed ^ 0x5eed)
  const stageOne = createKeeper()
  const stageTwo = createKeeper()
  const signals = new Map<number, Buffer[]>()
  const fault = faultsOf(plan, chance)
  const pipeline = createLocalPipeline({
    ...options,
    receiptTime,
    partitions: plan.partitions,
    frameEventsMax: plan.frameEventsMax,
    rowKey: [plan.seed >>> 0, 0x9e3779b9, 0x7f4a7c15, plan.partitions],
    partitionKey: plan.partitionKey,
    ...(fault === undefined ? {} : { fault }),
    onFinding: (finding, stage) => (stage === 'events' ? stageOne : stageTwo).take(finding),
    onSignalRecord(partition, value) {
      const held = signals.get(partition)
      if (held === undefined) signals.set(partition, [value])
      else held.push(value)
    },
  })
  const mine = repeatSome(interleave(rows, plan.jitterMs, chance), plan.repeats, chance)
  for (let i = 0; i < mine.length; i += BLOCK_EVENTS) {
    pipeline.rows(mine.slice(i, i + BLOCK_EVENTS))
    if (plan !== CALM && chance() < FLUSH_SHARE) pipeline.flush(shuffled(plan.partitions, chance))
  }
  pipeline.flush(shuffled(plan.partitions, chance))
  pipeline.finish()
  const again = secondFromSignals(signals, options, chance)
  const ids = new Set([...stageOne.kept.keys(), ...stageTwo.kept.keys()].map((key) => key.slice(0, key.indexOf(' '))))
  return {
    plan,
    stageOne: stageOne.kept,
    ids,
    stageOneHash: hashOf([...stageOne.kept].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, bytes]) => bytes)),
    idsHash: hashOf([...ids].sort()),
    contradiction:
      stageOne.contradiction ?? stageTwo.contradiction ?? again.contradiction ?? difference(stageTwo.kept, again.kept),
  }
}

const shuffled = (count: number, chance: () => number): number[] =>
  [...Array(count).keys()]
    .map((index) => ({ index, at: chance() }))
    .sort((a, b) => a.at - b.at)
    .map(({ index }) => index)

/** The first finding, by id, that differs between two runs; undefined if they agree. */
export function difference(a: Bytes, b: Bytes): string | undefined {
  for (const key of [...new Set([...a.keys(), ...b.keys()])].sort()) {
    const [one, other] = [a.get(key), b.get(key)]
    if (one === other) continue
    if (one === undefined || other === undefined) {
      return `finding ${key} is ${one === undefined ? 'new' : 'missing'}: ${one ?? other}`
    }
    return `finding ${key}: ${firstDifference(one, other)}`
  }
  return undefined
}

/** Runs the core under the plan, without clock and random. */
export const runTrial = (
  rows: readonly EventRow[],
  receiptTime: number,
  plan: Plan,
  options: DetectionOptions,
): Outcome => withoutClockAndRandom(() => run(rows, receiptTime, plan, options))

/** How an outcome differs from the calm one, as a sentence; undefined if it does not. */
export function compare(calm: Outcome, trial: Outcome): string | undefined {
  if (trial.contradiction !== undefined) return trial.contradiction
  const first = difference(calm.stageOne, trial.stageOne)
  if (first !== undefined) return first
  const id = [...calm.ids.symmetricDifference(trial.ids)].sort()[0]
  return id === undefined ? undefined : `id ${id} is ${calm.ids.has(id) ? 'missing' : 'new'}`
}
