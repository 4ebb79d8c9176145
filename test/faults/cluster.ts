/**
 * The whole system on three brokers in the worst of weathers: two collectors, three detectors, two archivers, a responder
 * and an api, all behind one address; while a load is sent as fast as it is answered, a worker is killed, stopped or frozen
 * every few seconds and started again, and each broker is killed and started once. Then counts, findings, webhooks and state
 * must be those of an undisturbed run, which one process on the embedded engines makes of the same load first.
 *
 *   npm run -s faults:cluster -- [--file FILE] [--seed S]
 *
 * Prints what happened as JSON; exits 1 where something does not hold, 2 for wrong usage.
 */
import { toolOptions } from '../../scripts/tool-options.ts'
import { createRandom, type Random } from '../../services/commands/demo/random.ts'
import type { RoleName } from '../../services/roles/role.ts'
import { linger } from './stage/acts.ts'
import type { Held } from './stage/fault.ts'
import { type Load, makeLoad, readLoad, type Request } from './stage/load.ts'
import { expectUndisturbed } from './stage/round.ts'
import { createShipper, type Shipper } from './stage/shipper.ts'
import { type SeparateSystem, startEmbedded, startSeparate, type System } from './stage/system.ts'

const WORKERS = ['collector', 'detector', 'detector', 'detector', 'archiver', 'responder', 'api'] as const
const HARMS = ['kill', 'stop', 'freeze'] as const
/** Between two harms to workers: at least, and so much more by chance. */
const CALM_MS = 1_000
const CALM_MORE_MS = 2_000
const FROZEN_MS = 12_000
/** Workers that are down or on their way back at the same time: where a start takes longer than the calm, more would leave nobody to do the work. */
const HARMED_MAX = 3
/** How long a broker is away, and how long the cluster is left alone with it again. */
const AWAY_MS = 5_000
const BACK_MS = 5_000

/** By kind. */
type Harms = Readonly<Record<(typeof HARMS)[number], number>>

interface ClusterPlan {
  readonly load: Load
  readonly seed: number
  /** Senders at the same time. The requests of one agent are sent by one of them, in their order. */
  readonly lanes: number
  /** Pause of a sender between two requests, so that a small load lasts. */
  readonly everyMs?: number
  readonly say?: (line: string) => void
}

interface ClusterOutcome extends Held {
  readonly events: number
  readonly findings: number
  /** To workers. */
  readonly harms: Harms
  readonly brokersKilled: number
  /** Requests that were not answered with 200 and sent again. */
  readonly sentAgain: number
  readonly sendSeconds: number
}

const agentOf = ({ body }: Request): string =>
  /"gen_ai\.agent\.id","value":\{"stringValue":"([^"]*)"/.exec(body)?.[1] ?? ''

/** One shipper for each lane; what has no agent goes to the first. */
function createShippers({ load, lanes, everyMs }: ClusterPlan, url: string): Shipper[] {
  const agents = [...new Set(load.requests.map(agentOf))]
  const byLane = Map.groupBy(load.requests, (request) => agents.indexOf(agentOf(request)) % lanes)
  return [...byLane.values()].map((requests) => createShipper(url, { ...load, requests }, everyMs))
}

interface Harm {
  readonly how: (typeof HARMS)[number]
  readonly role: RoleName
  /** Resolves when the worker, or one like it, is back. */
  readonly over: Promise<unknown>
}

/** Harms one worker; undefined where none of its role runs at the moment. */
function harm(system: SeparateSystem, random: Random): Harm | undefined {
  const role = random.pick(WORKERS)
  const how = random.pick(HARMS)
  const workers = system.of(role)
  if (workers.length === 0) return undefined
  const worker = random.pick(workers)
  if (how !== 'freeze') return { how, role, over: system[how](worker).then(() => system.launch(role)) }
  worker.signal('SIGSTOP')
  return { how, role, over: linger(FROZEN_MS).then(() => worker.signal('SIGCONT')) }
}

/** Harms workers every few seconds until it is told that it is enough; how often, by kind. */
async function harmWorkers(system: SeparateSystem, plan: ClusterPlan, isOver: () => boolean): Promise<Harms> {
  const random = createRandom(plan.seed)
  const harms = { kill: 0, stop: 0, freeze: 0 }
  const all: Promise<unknown>[] = []
  const harmed = new Set<Promise<unknown>>()
  while (!isOver()) {
    await linger(CALM_MS + random.below(CALM_MORE_MS))
    if (harmed.size >= HARMED_MAX) await Promise.race(harmed)
    const done = harm(system, random)
    if (done === undefined) continue
    harms[done.how]++
    const over = done.over.finally(() => harmed.delete(over))
    harmed.add(over)
    all.push(over)
    plan.say?.(`${done.role}: ${done.how}`)
  }
  await Promise.all(all)
  return harms
}

async function harmBrokers({ kafka }: SeparateSystem, say: (line: string) => void): Promise<number> {
  for (const broker of kafka.brokers) {
    await broker.kill()
    say(`broker ${broker.address} killed`)
    await linger(AWAY_MS)
    await broker.start()
    await linger(BACK_MS)
  }
  return kafka.brokers.length
}

async function ship(shippers: readonly Shipper[]): Promise<number> {
  const began = performance.now()
  await Promise.all(shippers.map((shipper) => shipper.sendUpTo(1)))
  return (performance.now() - began) / 1_000
}

/** What one process without any trouble makes of the load. Throws where that is not what `replay` finds. */
async function runUndisturbed(plan: ClusterPlan): Promise<Held> {
  const system = await startEmbedded()
  try {
    const shipper = createShipper(system.front.url, plan.load)
    return await expectUndisturbed({ system, load: plan.load, shipper, random: createRandom(plan.seed) })
  } finally {
    await system.close()
  }
}

async function weather(system: SeparateSystem, plan: ClusterPlan): Promise<ClusterOutcome> {
  const { load, seed, say = () => undefined } = plan
  const shippers = createShippers(plan, system.front.url)
  let isOver = false
  const harming = harmWorkers(system, plan, () => isOver)
  const [sendSeconds, brokersKilled] = await Promise.all([ship(shippers), harmBrokers(system, say)]).finally(() => {
    isOver = true
  })
  const harms = await harming
  say('all is quiet now')
  const [shipper] = shippers
  if (shipper === undefined) throw new Error('the load is empty')
  const held = await expectUndisturbed({ system, load, shipper, random: createRandom(seed) })
  const sentAgain = shippers.flatMap(({ answers }) => answers).filter(({ status }) => status !== 200).length
  return { ...held, events: load.events, findings: load.findings.length, harms, brokersKilled, sentAgain, sendSeconds }
}

/** Runs it. Throws what does not hold, with the ends of the logs. */
async function runCluster(plan: ClusterPlan): Promise<ClusterOutcome> {
  const system = await startSeparate({ brokers: 3 })
  try {
    await Promise.all((['collector', 'detector', 'archiver'] as const).map(system.start))
    return await weather(system, plan)
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${logsOf(system)}`, { cause: error })
  } finally {
    await system.close()
  }
}

const logsOf = (system: System): string =>
  system
    .running()
    .map((process) => `--- ${process.command}:\n${process.log().split('\n').slice(-8).join('\n')}`)
    .join('\n')

const LANES = 8

async function main(): Promise<void> {
  const { values } = toolOptions(import.meta.url, {
    options: { file: { type: 'string' }, seed: { type: 'string', default: '1' } },
  })
  const seed = Number(values.seed)
  if (!Number.isSafeInteger(seed)) throw new TypeError(`--seed is a number, not "${values.seed}"`)
  const own = values.file === undefined
  const load = values.file === undefined ? await makeLoad(seed) : await readLoad(values.file)
  const say = (line: string): boolean => process.stderr.write(`${line}\n`)
  const plan: ClusterPlan = { load, seed, lanes: own ? 1 : LANES, say, ...(own ? { everyMs: 150 } : {}) }
  say(
    `${load.requests.length} requests, ${load.events} events, ${load.findings.length} findings in an undisturbed replay`,
  )
  const undisturbed = await runUndisturbed(plan)
  say('one process on the embedded engines finds the same')
  const disturbed = await runCluster(plan)
  process.stdout.write(`${JSON.stringify({ seed, undisturbed, disturbed })}\n`)
}

await main().catch((error: Error & { code?: string }) => {
  const isUsage = error instanceof TypeError || error.code === 'ENOENT'
  process.stderr.write(`${error.message}\n`)
  process.exitCode = isUsage ? 2 : 1
})
