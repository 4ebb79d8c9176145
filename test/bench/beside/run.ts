/**
 * `npm run -s bench:beside -- STATE [--rounds 15] [--runs 1000] [--detectors ID,ID]`: what an event costs with the code of an earlier
 * state (a commit, or a directory with a checkout and its packages) and with that of the working directory. Each is a process of its
 * own (side.ts), and they take turns at every line, so that other load on the machine strikes both alike; CPU time is measured.
 * Both get the same request bodies; each makes its own events and frames of them and runs its own detectors. With `--detectors`
 * the working directory takes a third turn, with these detectors alone. `--runs`: runs of agents in the workload.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { toolOptions } from '../../../scripts/tool-options.ts'
import { HERE, stateOf, withEarlierCode } from '../../../scripts/earlier-code.ts'
import { describeMachine } from '../lib/machine.ts'
import type { Work } from './side.ts'

/** A detector is fast once the engine has seen it a while; rounds before that do not count. */
const WARM_ROUNDS = 3

const { values, positionals } = toolOptions(import.meta.url, {
  options: {
    rounds: { type: 'string', default: '15' },
    runs: { type: 'string', default: '1000' },
    detectors: { type: 'string' },
  },
  allowPositionals: true,
})
const [rounds, runs] = [Number(values.rounds), Number(values.runs)]
const [state] = positionals
if (state === undefined || !(rounds >= 1) || !(runs >= 1)) {
  console.error('usage: npm run -s bench:beside -- COMMIT|DIRECTORY [--rounds N] [--runs N] [--detectors ID,ID]')
  process.exit(2)
}

interface Side {
  readonly name: string
  /** What its lines measure. */
  readonly lines: readonly string[]
  /** Microseconds of CPU time for an event of a line. */
  measure(line: number): Promise<number>
  stop(): void
}

async function startSide(name: string, work: Work): Promise<Side> {
  const child = fork(new URL('side.ts', import.meta.url))
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the process of ${name} ended with ${String(code)}`)
  })
  // It ends when it is told to, too; then nobody waits for an answer.
  ended.catch(() => {})
  const ask = async (message: Work | number): Promise<unknown> => {
    child.send(message)
    const [answer] = (await Promise.race([once(child, 'message'), ended])) as [unknown]
    return answer
  }
  const lines = (await ask(work)) as string[]
  return { name, lines, measure: async (line) => (await ask(line)) as number, stop: () => child.disconnect() }
}

/**
 * By side, the mean of the rounds: a full collection of garbage falls into every third of them or so, and the middle would be with it
 * on one side and without it on the other.
 */
async function inTurns(sides: readonly Side[], line: number): Promise<readonly number[]> {
  const times = sides.map((): number[] => [])
  for (let round = 0; round < WARM_ROUNDS + rounds; round++) {
    for (const [at, side] of sides.entries()) {
      const us = await side.measure(line)
      if (round >= WARM_ROUNDS) times[at]?.push(us)
    }
  }
  return times.map((rounds) => rounds.reduce((sum, us) => sum + us, 0) / rounds.length)
}

async function report(sides: readonly Side[]): Promise<void> {
  const { cpu, cores, node, date } = describeMachine()
  console.log(`${cpu}, ${cores} cores; node ${node}; ${date}; ${rounds} rounds in turns, CPU time for each event\n`)
  console.log(`| step | ${sides.map(({ name }) => name).join(' | ')} |\n|---|${sides.map(() => '---|').join('')}`)
  for (const [line, what] of (sides[0]?.lines ?? []).entries()) {
    const [before = 0, ...later] = await inTurns(sides, line)
    const cells = later.map((us) => `${us.toFixed(1)} us (${(us / before).toFixed(2)} times)`)
    console.log(`| ${what} | ${before.toFixed(1)} us | ${cells.join(' | ')} |`)
  }
}

await withEarlierCode(state, async (root) => {
  const some = values.detectors?.split(',')
  const sides = [
    await startSide(stateOf(root), { root, runs }),
    await startSide(stateOf(HERE), { root: HERE, runs }),
    ...(some === undefined ? [] : [await startSide('these detectors alone', { root: HERE, runs, detectors: some })]),
  ]
  try {
    await report(sides)
  } finally {
    for (const side of sides) side.stop()
  }
})
