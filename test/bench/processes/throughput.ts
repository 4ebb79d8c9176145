/**
 * How many events a second go through: the whole system from the first request to the last event stored and the last
 * finding out, and single processes that work off what others have prepared. Whoever uses most of a core is the limit,
 * unless all of them together use up the machine.
 */
import { cpus } from 'node:os'
import { createAsker } from '../../support/asker.ts'
import { TOKEN } from '../../support/service.ts'
import { cpuSecondsOf } from '../lib/process-cpu.ts'
import { type CpuFigure, OTHERS, readMetrics, round, startCpu, sumIn } from './figures.ts'
import { type Load, sendLoad } from './load.ts'
import type { Part, Service, System } from './room.ts'
import { until } from './waiting.ts'

const POLL_MS = 200
const RUN_MS_MAX = 300_000
/** From this share of a core, or of the machine, on it is the limit. */
const FULL_PERCENT = 80

export interface ProcessCost extends CpuFigure {
  readonly events_per_cpu_second: number
}

export interface Throughput {
  readonly events: number
  readonly events_per_second: number
  /** Seconds from the first request until all was accepted, taken by stage one, found, stored. */
  readonly seconds: Readonly<Record<'accepted' | 'processed' | 'found' | 'stored', number>>
  readonly events_per_frame: number
  readonly cpu: readonly ProcessCost[]
  readonly limit: string
}

const costs = (cpu: readonly CpuFigure[], events: number): ProcessCost[] =>
  cpu.map((figure) => ({ ...figure, events_per_cpu_second: Math.round(events / Math.max(0.01, figure.cpu_seconds)) }))

function limitOf(cpu: readonly CpuFigure[]): string {
  const ours = cpu.filter(({ process: name }) => name !== OTHERS)
  const busiest = ours.reduce((most, figure) => (figure.core_percent > most.core_percent ? figure : most))
  const all = cpu.reduce((sum, { core_percent }) => sum + core_percent, 0)
  const others = cpu.at(-1)?.core_percent ?? 0
  const share = `${busiest.process} at ${Math.round(busiest.core_percent)} % of a core`
  if (all >= FULL_PERCENT * cpus().length) {
    return `the machine, at ${Math.round(all)} of ${cpus().length * 100} %, ${Math.round(others)} of them others'; busiest is ${share}`
  }
  return busiest.core_percent >= FULL_PERCENT ? share : `no process: busiest is ${share}`
}

const withSenders = (parts: readonly Part[]): Part[] => [...parts, { name: 'senders', pid: process.pid }]

/** Sends the load and waits for all that comes of it. Throws where an event is lost or something else was found. */
export async function measureThroughput(system: System, load: Load, senders: number): Promise<Throughput> {
  const { services } = system
  const reached: { -readonly [K in keyof Throughput['seconds']]: number } = {
    accepted: 0,
    processed: 0,
    found: 0,
    stored: 0,
  }
  const cpu = startCpu(withSenders(system.parts()))
  const began = performance.now()
  let failure: Error | undefined
  sendLoad(load, system.otlp, senders).catch((error: Error) => {
    failure = error
  })
  let pages: string[] = []
  await until(
    'all events stored and all findings out',
    async () => {
      if (failure !== undefined) throw failure
      pages = await readMetrics(services)
      const seconds = (performance.now() - began) / 1_000
      const counts: [keyof typeof reached, number, number][] = [
        ['accepted', sumIn(pages, 'events_accepted_total'), load.events],
        ['processed', sumIn(pages, 'events_processed_total', 'stage="one"'), load.events],
        ['found', sumIn(pages, 'findings_total'), load.findings.length],
        ['stored', sumIn(pages, 'archived_rows_total', 'table="events"'), load.events],
      ]
      for (const [name, count, wanted] of counts) if (reached[name] === 0 && count >= wanted) reached[name] = seconds
      return counts.every(([name]) => reached[name] > 0)
    },
    RUN_MS_MAX,
    POLL_MS,
  )
  const figures = cpu()
  await check(system, load)
  const whole = Math.max(...Object.values(reached))
  const frames = sumIn(pages, 'events_per_frame_count')
  return {
    events: load.events,
    events_per_second: Math.round(load.events / whole),
    seconds: {
      accepted: round(reached.accepted, 1),
      processed: round(reached.processed, 1),
      found: round(reached.found, 1),
      stored: round(reached.stored, 1),
    },
    events_per_frame: round(sumIn(pages, 'events_per_frame_sum') / frames, 1),
    cpu: costs(figures, load.events),
    limit: limitOf(figures),
  }
}

/** What the API shows is what was sent and what `replay` finds. */
async function check({ api }: System, load: Load): Promise<void> {
  const { get, findingIds } = createAsker(TOKEN)
  const wanted = load.findings.join()
  await until('the findings of replay in the API', async () => (await findingIds(api)).join() === wanted, 30_000, 500)
  const { count } = (await get(`${api}/v1/events/count`)) as { count: number }
  if (count !== load.events) throw new Error(`${load.events} events were sent and ${count} are stored`)
}

export interface Backlog {
  readonly process: string
  readonly events: number
  /** From its start to the last event. */
  readonly seconds_from_start: number
  /** Once it had begun: its own start is left out. */
  readonly events_per_second: number
  readonly events_per_cpu_second: number
  readonly cpu: readonly CpuFigure[]
}

/** Starts a process on what is in the log already, and waits until it has taken all of it. */
export async function measureBacklog(
  start: () => Promise<Service>,
  others: readonly Part[],
  { metric, label }: { readonly metric: string; readonly label: string },
  events: number,
): Promise<Backlog> {
  const began = performance.now()
  const cpu = startCpu(others)
  const service = await start()
  await until(
    `${service.name} answers`,
    () =>
      fetch(service.url).then(
        () => true,
        () => false,
      ),
    RUN_MS_MAX,
    10,
  )
  interface Sample {
    readonly at: number
    readonly done: number
    readonly cpu: number
  }
  let first: Sample | undefined
  let last: Sample | undefined
  await until(
    `${service.name} has worked off its backlog`,
    async () => {
      const done = sumIn(await readMetrics([service]), metric, label)
      last = { at: performance.now(), done, cpu: cpuSecondsOf(service.pid) }
      if (done > 0) first ??= last
      return done >= events
    },
    RUN_MS_MAX,
    25,
  )
  if (first === undefined || last === undefined) throw new Error('nothing was measured')
  const done = last.done - first.done
  return {
    process: service.name,
    events,
    seconds_from_start: round((last.at - began) / 1_000, 1),
    events_per_second: Math.round(done / ((last.at - first.at) / 1_000)),
    events_per_cpu_second: Math.round(done / (last.cpu - first.cpu)),
    cpu: [
      // The process itself would be counted among the others: it was not there at the begin.
      ...cpu().filter(({ process: name }) => name !== OTHERS),
      {
        process: service.name,
        cpu_seconds: round(last.cpu, 2),
        core_percent: round((100_000 * last.cpu) / (last.at - began), 1),
      },
    ],
  }
}

export interface Intake {
  readonly events: number
  readonly seconds: number
  readonly events_per_second: number
  readonly events_per_frame: number
  readonly cpu: readonly ProcessCost[]
  readonly limit: string
}

/** How fast the doors take the load while nobody reads it. */
export async function measureIntake(system: System, load: Load, senders: number): Promise<Intake> {
  const cpu = startCpu(withSenders(system.parts()))
  const began = performance.now()
  await sendLoad(load, system.otlp, senders)
  const seconds = (performance.now() - began) / 1_000
  const figures = cpu()
  const pages = await readMetrics(system.services)
  const accepted = sumIn(pages, 'events_accepted_total')
  if (accepted !== load.events) throw new Error(`${load.events} events were sent and ${accepted} accepted`)
  return {
    events: load.events,
    seconds: round(seconds, 1),
    events_per_second: Math.round(load.events / seconds),
    events_per_frame: round(sumIn(pages, 'events_per_frame_sum') / sumIn(pages, 'events_per_frame_count'), 1),
    cpu: costs(figures, load.events),
    limit: limitOf(figures),
  }
}
