/**
 * Kills the embedded service (kill -9) at seeded moments in the middle of a load, restarts it, resends from the last
 * answer, and compares with an undisturbed run over the same lines: the event count and the set of finding ids must be
 * equal. The oracle is `replay` of the same file, which has neither server nor log.
 *
 *   npm run -s faults:kills -- --file FILE [--kills 50] [--seed 1]
 */
import { execFile } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs, promisify } from 'node:util'
import { createGunzip } from 'node:zlib'
import { createRandom } from '../../services/commands/demo/random.ts'
import { findingIds, planService, type RunningService, startService, until } from '../support/service.ts'

export interface KillPlan {
  /** OTLP requests, one a line. */
  readonly lines: readonly string[]
  readonly kills: number
  readonly seed: number
  /** The service configuration, where the run wants one. */
  readonly config?: string
  readonly progress?: (line: string) => void
}

export interface KillOutcome {
  readonly kills: number
  readonly events: number
  readonly findings: readonly string[]
  /** Requests that were cut off and sent again. */
  readonly resent: number
}

export async function readLines(file: string): Promise<string[]> {
  const raw = createReadStream(file)
  const lines: string[] = []
  for await (const line of createInterface({ input: file.endsWith('.gz') ? raw.pipe(createGunzip()) : raw })) {
    if (line !== '') lines.push(line)
  }
  return lines
}

/** Ids that `replay` finds in a file. */
export async function replayedIds(file: string): Promise<string[]> {
  const main = join(import.meta.dirname, '../../services/main.ts')
  const { stdout } = await promisify(execFile)(process.execPath, [main, 'replay', file, '--json'], {
    maxBuffer: 1 << 28,
  })
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as { id: string }).id)
    .sort()
}

/** Sends lines one after the other from `next`; stops at the first that gets no 200. Answers the index of the first unanswered. */
async function sendFrom(service: RunningService, lines: readonly string[], next: number): Promise<number> {
  for (let at = next; at < lines.length; at++) {
    const answer = await service.post('/v1/logs', lines[at] as string).catch(() => undefined)
    if (answer === undefined || answer.status !== 200) return at
    await answer.arrayBuffer().catch(() => undefined)
  }
  return lines.length
}

/** Runs the load under kills. `expected` events must be there in the end. */
export async function runUnderKills(plan: KillPlan, expected: number): Promise<KillOutcome> {
  const random = createRandom(plan.seed)
  const data = await mkdtemp(join(tmpdir(), 'moltwatch-kills-'))
  const where = await planService(data, plan.config)
  let service = await startService(where)
  let next = 0
  let resent = 0
  try {
    for (let round = 0; round < plan.kills; round++) {
      // Each round sends its share of the lines and dies somewhere within it.
      const share = Math.ceil(((round + 1) * plan.lines.length) / plan.kills)
      const sending = sendFrom(service, plan.lines.slice(0, share), next)
      await sleep(30 + random.below(1_200))
      await service.kill()
      const answered = await sending
      if (answered < share) resent++
      next = answered
      service = await startService(where)
      plan.progress?.(`kill ${round + 1} of ${plan.kills}: ${next} of ${plan.lines.length} requests answered`)
    }
    next = await sendFrom(service, plan.lines, next)
    if (next !== plan.lines.length) throw new Error(`request ${next} was refused after the last restart`)
    const findings = await settled(service, expected)
    const { count } = (await service.get('/v1/events/count')) as { count: number }
    return { kills: plan.kills, events: count, findings, resent }
  } finally {
    await service.stop()
    await rm(data, { recursive: true, force: true })
  }
}

/** Waits until all events are stored and the set of findings has not changed for a while. */
export async function settled(service: RunningService, expected: number): Promise<string[]> {
  await until(
    () => service.get('/v1/events/count') as Promise<{ count: number }>,
    ({ count }) => count >= expected,
  )
  let last = ''
  let same = 0
  return until(
    () => findingIds(service),
    (ids) => {
      same = ids.join() === last ? same + 1 : 0
      last = ids.join()
      return same >= 20
    },
  )
}

const countRecords = (lines: readonly string[]): number =>
  lines.reduce((sum, line) => sum + (line.match(/"timeUnixNano"/g)?.length ?? 0), 0)

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      file: { type: 'string' },
      kills: { type: 'string', default: '50' },
      seed: { type: 'string', default: '1' },
    },
  })
  if (values.file === undefined) throw new Error('name the load: --file FILE (OTLP requests, one a line)')
  const lines = await readLines(values.file)
  const oracle = await replayedIds(values.file)
  const expected = countRecords(lines)
  const outcome = await runUnderKills(
    {
      lines,
      kills: Number(values.kills),
      seed: Number(values.seed),
      progress: (line) => process.stderr.write(`${line}\n`),
    },
    expected,
  )
  const agree = outcome.events === expected && outcome.findings.join() === oracle.join()
  const { findings, ...rest } = outcome
  process.stdout.write(
    `${JSON.stringify({ ...rest, expected, findings: findings.length, oracle: oracle.length, agree })}\n`,
  )
  process.exitCode = agree ? 0 : 1
}

if (import.meta.main) await main()
