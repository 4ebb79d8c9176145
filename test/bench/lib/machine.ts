/** What a figure was measured on: without it a figure says nothing. */
import { execFileSync } from 'node:child_process'
import { cpus, totalmem } from 'node:os'

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memory_gib: number
  readonly node: string
  readonly commit: string
  readonly date: string
}

function commit(): string {
  try {
    const git = (...args: string[]): string => execFileSync('git', args, { encoding: 'utf8', stdio: 'pipe' }).trim()
    const changed = git('status', '--porcelain', '--', 'detectors', 'schemas', 'services') !== ''
    return `${git('rev-parse', '--short', 'HEAD')}${changed ? ' with changes' : ''}`
  } catch {
    return 'unknown'
  }
}

export const describeMachine = (): Machine => ({
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  memory_gib: Math.round(totalmem() / 1024 ** 3),
  node: process.version,
  commit: commit(),
  date: new Date().toISOString(),
})

/** Seconds of CPU that this process has used: other processes on the machine do not change it, unlike the clock. */
export function cpuSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

/** The middle of several measurements of CPU seconds. */
export function median(times: readonly number[]): number {
  const sorted = [...times].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}

/** CPU seconds of one run of `work`, as it takes when it has run for a while: a service is not measured at its start. */
export function measure(repeats: number, work: () => void): number {
  globalThis.gc?.()
  for (let i = 0; i < repeats; i++) work()
  const times: number[] = []
  for (let i = 0; i < repeats; i++) {
    const before = cpuSeconds()
    work()
    times.push(cpuSeconds() - before)
  }
  return median(times)
}
