/**
 * `npm run hostile -- [--minutes M] [--seed S]`: an attacker's hour. One tenant lives, another one attacks with every token
 * of its own: what the service made of the first (events, findings, deliveries, identities) must equal a run in which it is
 * alone, and how long its sends take is told beside it, with what a server that does nothing takes on the same machine (answering.ts). The attacker is a process of its own (attacking.ts). M minutes are cut into rounds of at most two, each with a quiet and an
 * attacked run over data directories of their own, because both runs of a round share the times of their events. Exits 1
 * where something differs, where the process ended, or where an answer was a 500.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { toolOptions } from '../../../scripts/tool-options.ts'
import { planService, startService, until } from '../../support/service.ts'
import { TEST_SECRET } from '../../support/webhook-receiver.ts'
import type { Answers } from './attacker.ts'
import type { Orders } from './attacking.ts'
import { type Door, doorOf } from './door.ts'
import { type Lived, lifeOf, live } from './victim.ts'

const ROUND_MS_MAX = 120_000
const SETTLE_MS = 300_000
const QUIET_LOOKS = 15

const { values } = toolOptions(import.meta.url, {
  options: { minutes: { type: 'string', default: '1' }, seed: { type: 'string', default: '1' } },
})
const minutes = Number(values.minutes)
const seed = Number(values.seed)
if (!(minutes > 0) || !Number.isInteger(seed)) {
  console.error('--minutes takes a number above 0, --seed a whole number')
  process.exit(2)
}

const token = (name: string, tenant: string, role: string) => ({
  name,
  tenant,
  role,
  token: `${name}-of-the-hour-0123456789`,
  scopes: ['live'],
})
const TOKENS = {
  victimSends: token('victim-sends', 'victim', 'ingest'),
  victimAsks: token('victim-asks', 'victim', 'admin'),
  evil: token('evil', 'evil', 'admin'),
}

interface Seen {
  readonly events: readonly string[]
  readonly findings: readonly string[]
  readonly deliveries: readonly string[]
  readonly identities: readonly string[]
}

interface Run {
  readonly seen: Seen
  readonly lived: Lived
  readonly answers: Answers
}

const pick = (items: readonly Record<string, unknown>[], ...fields: readonly string[]): string[] =>
  items.map((item) => JSON.stringify(fields.map((field) => item[field]))).toSorted()

async function see(door: Door): Promise<Seen> {
  const deliveries = await door.all('/v1/deliveries')
  return {
    events: pick(await door.all('/v1/events'), 'event_id', 'content_id', 'identity', 'time', 'time_flag'),
    findings: pick(await door.all('/v1/findings'), 'id', 'detector', 'agent', 'severity', 'time', 'observed'),
    deliveries: pick(deliveries, 'id', 'sink', 'type', 'subject', 'identity', 'status'),
    identities: pick(await door.all('/v1/identities'), 'identity', 'events', 'first_seen', 'last_seen'),
  }
}

/** What is seen once all events are stored and nothing has changed for a while. */
async function settled(door: Door, events: number): Promise<Seen> {
  let last = ''
  let same = 0
  return until(
    () => see(door),
    (seen) => {
      const text = JSON.stringify(seen)
      same = text === last && seen.events.length >= events ? same + 1 : 0
      last = text
      return same >= QUIET_LOOKS
    },
    SETTLE_MS,
  )
}

/** A server that does nothing; see answering.ts. */
async function startAnswering(...options: readonly string[]): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const child = fork(new URL('answering.ts', import.meta.url), options)
  const ended = once(child, 'exit')
  const [port] = (await once(child, 'message')) as [number]
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      child.disconnect()
      await ended
    },
  }
}

/** Attacks from another process; see attacking.ts. */
async function attackFromElsewhere(orders: Orders): Promise<Answers> {
  const attacker = fork(new URL('attacking.ts', import.meta.url))
  const ended = once(attacker, 'exit')
  attacker.send(orders)
  const [answers] = (await Promise.race([
    once(attacker, 'message'),
    ended.then(([code]) => Promise.reject(new Error(`the attacker ended with ${String(code)}`))),
  ])) as [[number, number][]]
  await ended
  return new Map(answers)
}

async function runOnce(round: number, ms: number, timesFrom: number, isAttacked: boolean): Promise<Run> {
  const directory = await mkdtemp(join(tmpdir(), 'moltwatch-hostile-'))
  const receiver = await startAnswering('--lowest')
  const sink = { name: 'shared', type: 'webhook', url: receiver.url, secret: TEST_SECRET, tenant: '*' }
  const config = join(directory, 'moltwatch.yaml')
  await writeFile(
    config,
    JSON.stringify({
      sinks: [{ ...sink, min_severity: 'medium', allow_private: true }],
      policy: { preset: 'contain-agent-networks' },
      tokens: Object.values(TOKENS),
    }),
  )
  const service = await startService(await planService(join(directory, 'data'), config))
  const idle = await startAnswering()
  try {
    const url = new URL(`http://127.0.0.1:${service.plan.port}`)
    const victim = doorOf(url.origin, { send: TOKENS.victimSends.token, ask: TOKENS.victimAsks.token })
    const began = Date.now() + 500
    const orders = { url: url.origin, token: TOKENS.evil.token, seed: seed + round, until: began + ms }
    const [lived, answers] = await Promise.all([
      live({ door: victim, idle: doorOf(idle.url, { send: '', ask: '' }) }, lifeOf(seed + round, ms), began, timesFrom),
      isAttacked ? attackFromElsewhere(orders) : new Map(),
    ])
    return { seen: await settled(victim, lived.events), lived, answers }
  } catch (error) {
    throw new Error(`${isAttacked ? 'attacked' : 'quiet'} run: ${String(error)}\n${service.log().slice(-4_000)}`, {
      cause: error,
    })
  } finally {
    await idle.stop()
    await service.stop()
    await receiver.stop()
    await rm(directory, { recursive: true, force: true })
  }
}

/** The k-th of 100 of the times, by nearest rank. */
const percentile = (times: readonly number[], k: number): number =>
  times.toSorted((a, b) => a - b)[Math.max(0, Math.ceil((k / 100) * times.length) - 1)] ?? 0

/** What one has and the other lacks, in words. */
function differences(quiet: Seen, attacked: Seen): string[] {
  return (Object.keys(quiet) as (keyof Seen)[]).flatMap((what) => {
    const [before, after] = [new Set(quiet[what]), new Set(attacked[what])]
    const lost = quiet[what].filter((one) => !after.has(one))
    const extra = attacked[what].filter((one) => !before.has(one))
    if (lost.length + extra.length === 0 && quiet[what].length === attacked[what].length) return []
    return [`${what}: ${lost.length} lost, ${extra.length} more; ${(lost[0] ?? extra[0] ?? '').slice(0, 300)}`]
  })
}

const rounds = Math.ceil((minutes * 60_000) / ROUND_MS_MAX)
const roundMs = (minutes * 60_000) / rounds
let faults = 0
const all = { quiet: [] as number[], attacked: [] as number[] }
for (let round = 0; round < rounds; round++) {
  const timesFrom = Date.now()
  const quiet = await runOnce(round, roundMs, timesFrom, false)
  await sleep(100)
  const attacked = await runOnce(round, roundMs, timesFrom, true)
  const wrong = differences(quiet.seen, attacked.seen)
  const answers = [...attacked.answers].toSorted(([a], [b]) => a - b)
  if (attacked.answers.has(500)) wrong.push('the attacker was answered 500')
  faults += wrong.length
  all.quiet.push(...quiet.lived.latencies)
  all.attacked.push(...attacked.lived.latencies)
  const p99 = [percentile(quiet.lived.latencies, 99), percentile(attacked.lived.latencies, 99)] as const
  const counts = Object.entries(quiet.seen).map(([what, list]) => `${list.length} ${what}`)
  console.log(`round ${round + 1} of ${rounds}, seed ${seed + round}: ${counts.join(', ')} of the victim`)
  console.log(`  attacker: ${answers.map(([status, n]) => `${n} × ${status || 'no answer'}`).join(', ')}`)
  const [alone, beset] = [quiet, attacked].map(({ lived }) =>
    [50, 90].map((k) => percentile(lived.latencies, k).toFixed(0)).join(' and '),
  )
  console.log(`  median and p90 of the victim's sends: ${alone} ms alone, ${beset} ms attacked`)
  console.log(
    `  p99 of the victim's sends: ${p99[0].toFixed(0)} ms alone, ${p99[1].toFixed(0)} ms attacked (× ${(p99[1] / p99[0]).toFixed(1)}); asked to wait ${quiet.lived.refused} and ${attacked.lived.refused} times`,
  )
  const idle = [percentile(quiet.lived.idleLatencies, 99), percentile(attacked.lived.idleLatencies, 99)] as const
  console.log(
    `  p99 of an idle server on this machine, asked by the same client: ${idle[0].toFixed(0)} ms alone, ${idle[1].toFixed(0)} ms attacked`,
  )
  // What else ran on the machine takes from both runs, and not always the same.
  const load = loadavg().map((one) => one.toFixed(1))
  console.log(`  load of the machine over the last 1, 5 and 15 minutes: ${load.join(', ')}`)
  console.log(wrong.length === 0 ? '  equal' : wrong.map((one) => `  DIFFERS ${one}`).join('\n'))
}
if (rounds > 1) {
  const [alone, beset] = [percentile(all.quiet, 99), percentile(all.attacked, 99)]
  console.log(
    `all rounds: p99 of ${all.quiet.length} sends ${alone.toFixed(0)} ms alone, ${beset.toFixed(0)} ms attacked (× ${(beset / alone).toFixed(1)})`,
  )
}
process.exitCode = faults === 0 ? 0 : 1
