/** What the processes say of themselves in /metrics, and what the kernel says of their CPU time. */
import { cpus } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { cpuSecondsOf } from '../lib/process-cpu.ts'
import type { Part, Service, System } from './room.ts'

/** The pages of metrics of some services, read at once. */
export const readMetrics = (services: readonly Service[]): Promise<string[]> =>
  Promise.all(services.map(async ({ url }) => (await fetch(`${url}/metrics`)).text()))

/** The sum of a metric over all its series whose labels hold `label` (`stage="one"`). */
export function sumIn(pages: readonly string[], name: string, label = ''): number {
  const full = `moltwatch_${name}`
  return pages
    .flatMap((page) => page.split('\n'))
    .filter((line) => line.startsWith(full) && ' {'.includes(line.charAt(full.length)) && line.includes(label))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)
}

/** Who has nothing to do with what is measured. */
export const OTHERS = '(others)'

export interface CpuFigure {
  readonly process: string
  readonly cpu_seconds: number
  /** Percent of one core. */
  readonly core_percent: number
}

/** Milliseconds of CPU that the whole machine has used, whoever used them. */
const machineCpuMs = (): number =>
  cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0)

/** Counts CPU time from now on, until it is asked; the last figure is that of all others on the machine. */
export function startCpu(parts: readonly Part[]): () => CpuFigure[] {
  const began = performance.now()
  const machineBefore = machineCpuMs()
  const before = parts.map(({ pid }) => cpuSecondsOf(pid))
  return () => {
    const seconds = (performance.now() - began) / 1_000
    const figureOf = (name: string, used: number): CpuFigure => ({
      process: name,
      cpu_seconds: round(used, 2),
      core_percent: round((100 * used) / seconds, 2),
    })
    const used = parts.map(({ pid }, i) => cpuSecondsOf(pid) - (before[i] ?? 0))
    const others = (machineCpuMs() - machineBefore) / 1_000 - used.reduce((sum, one) => sum + one, 0)
    return [...parts.map(({ name }, i) => figureOf(name, used[i] ?? 0)), figureOf(OTHERS, Math.max(0, others))]
  }
}

export const round = (value: number, digits: number): number => Number(value.toFixed(digits))

/** CPU of each process while nothing is asked of it. */
export async function measureIdle(system: System, seconds: number): Promise<CpuFigure[]> {
  const cpu = startCpu(system.parts())
  await sleep(seconds * 1_000)
  return cpu()
}

export interface Quantiles {
  readonly count: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly max: number
}

export function quantilesOf(values: readonly number[]): Quantiles {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (share: number): number => Math.round(sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN)
  return { count: sorted.length, p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) }
}
