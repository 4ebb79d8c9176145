/** What was measured, and how a person reads it. */
import type { Machine } from '../lib/machine.ts'
import { type CpuFigure, OTHERS, type Quantiles } from './figures.ts'
import type { Latency } from './latency.ts'
import type { Backlog, Intake, ProcessCost, Throughput } from './throughput.ts'

export interface SystemReport {
  readonly mode: 'embedded' | 'separate'
  /** Nothing has come yet. */
  readonly idle: readonly CpuFigure[]
  readonly throughput: Throughput
  /** Some time after the load: windows are open, and ticks carry log time to them. */
  readonly idle_open_windows: readonly CpuFigure[]
  readonly latency: readonly { readonly detectors: number; readonly of: readonly Latency[] }[]
}

export interface BacklogReport {
  readonly intake: Intake
  readonly backlogs: readonly Backlog[]
}

export interface Report {
  readonly machine: Machine
  readonly load: {
    readonly name: string
    readonly requests: number
    readonly events: number
    readonly findings: number
    readonly senders: number
  }
  readonly alone: BacklogReport | undefined
  readonly systems: readonly SystemReport[]
}

const number = (value: number): string => value.toLocaleString('en')
const line = (...cells: readonly string[]): void =>
  console.log(`  ${cells.map((cell, i) => (i === 0 ? cell.padEnd(26) : cell.padStart(16))).join('')}`)

function printCosts(cpu: readonly ProcessCost[]): void {
  line('process', 'CPU s', '% of a core', 'events/CPU s')
  for (const { process, cpu_seconds, core_percent, events_per_cpu_second } of cpu) {
    const each = process === OTHERS ? '' : number(events_per_cpu_second)
    line(process, cpu_seconds.toFixed(2), core_percent.toFixed(0), each)
  }
}

function printAlone({ intake, backlogs }: BacklogReport): void {
  console.log(
    `\nthe collector alone: ${number(intake.events_per_second)} events/s, ${intake.events_per_frame} a frame; limit: ${intake.limit}`,
  )
  printCosts(intake.cpu)
  for (const { process, events, events_per_second, events_per_cpu_second, seconds_from_start, cpu } of backlogs) {
    console.log(
      `the ${process} alone, on ${number(events)} events in the log: ${number(events_per_second)} events/s, ${number(events_per_cpu_second)} per CPU second; ${seconds_from_start} s from its start`,
    )
    for (const figure of cpu) line(figure.process, figure.cpu_seconds.toFixed(2), figure.core_percent.toFixed(0))
  }
}

function printThroughput({ mode, throughput }: SystemReport): void {
  const { events_per_second, events_per_frame, seconds, limit, cpu } = throughput
  console.log(
    `\n${mode}: ${number(events_per_second)} events/s end to end, ${events_per_frame} a frame; limit: ${limit}`,
  )
  console.log(
    `  accepted after ${seconds.accepted} s, taken by stage one ${seconds.processed} s, all findings out ${seconds.found} s, stored ${seconds.stored} s`,
  )
  printCosts(cpu)
}

function printIdle({ mode, idle, idle_open_windows }: SystemReport): void {
  console.log(`\n${mode}, idle: percent of a core, empty and with open windows`)
  for (const [i, { process, core_percent }] of idle.entries()) {
    line(process, core_percent.toFixed(2), (idle_open_windows[i]?.core_percent ?? Number.NaN).toFixed(2))
  }
}

const quantiles = ({ p50, p90, p99, max }: Quantiles): string[] => [p50, p90, p99, max].map(number)

function printLatency({ mode, latency }: SystemReport): void {
  console.log(`\n${mode}: ms from the answer to the finding`)
  line('', 'median', 'p90', 'p99', 'max')
  for (const { detectors, of } of latency) {
    for (const { stage, webhook_ms, listed_ms } of of) {
      const where = mode === 'embedded' ? '' : `, ${detectors} det.`
      line(`stage ${stage}${where}, webhook`, ...quantiles(webhook_ms))
      line(`stage ${stage}${where}, listed`, ...quantiles(listed_ms))
    }
  }
}

export function printReport({ machine, load, alone, systems }: Report): void {
  console.log(`${machine.cpu}, ${machine.cores} cores; node ${machine.node}; commit ${machine.commit}; ${machine.date}`)
  console.log(
    `load: ${load.name}, ${number(load.requests)} requests, ${number(load.events)} events, ${number(load.findings)} findings, ${load.senders} senders`,
  )
  if (alone !== undefined) printAlone(alone)
  for (const system of systems) {
    printThroughput(system)
    printIdle(system)
    printLatency(system)
  }
}
