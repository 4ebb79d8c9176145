/**
 * What the samples of a format are made of. Each format has a file of its own beside this one, `<format>.samples.ts`, found
 * by its name: our own requests, and recorded ones where the development data lies beside the checkout.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { exampleRecords } from '../../support/mappings.ts'
import type { FormatId } from '../../../services/collector/normalise.ts'

export interface FormatSamples {
  /** Whole requests that lie in this repository. Every record of them becomes an event. */
  readonly own: readonly unknown[]
  /** Recorded ones. */
  readonly recorded: readonly unknown[]
  /** A request as several requests of one record each. */
  split(request: unknown): unknown[]
  /** The same request with this event time in every record; undefined removes it. */
  withTime(request: unknown, iso: string | undefined): unknown
}

export const clone = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T

/** Sets one field of each record that a request holds. */
export const flatWithTime =
  (field: string, records: (copy: unknown) => Record<string, unknown>[]) =>
  (request: unknown, iso: string | undefined): unknown => {
    const copy = clone(request)
    for (const record of records(copy)) {
      if (iso === undefined) delete record[field]
      else record[field] = iso
    }
    return copy
  }

export const listOf = (request: unknown): Record<string, unknown>[] =>
  (Array.isArray(request) ? request : [request]) as Record<string, unknown>[]

/** Recorded requests, one a line; none where the development data is absent. */
export function recorded(file: string): unknown[] {
  const path = join(import.meta.dirname, '../../../../shared/data/samples', file)
  if (!existsSync(path)) return []
  const lines = readFileSync(path, 'utf8').split('\n')
  return lines.filter((line) => line.trim() !== '').map((line) => JSON.parse(line) as unknown)
}

/** Where the records of the example mappings say their time. */
const TIMES: Readonly<Record<string, readonly string[]>> = {
  'envoy-access': ['start_time'],
  'github-deployment': ['deployment_status', 'created_at'],
  'jira-webhook': ['timestamp'],
  'nginx-access': ['msec'],
}

const within = (record: unknown, path: readonly string[]): Record<string, unknown> =>
  path.reduce((found, key) => found[key] as Record<string, unknown>, record as Record<string, unknown>)

/** Of an example mapping: those of its records that are an act. */
export function mappedSamples(name: string): FormatSamples & { readonly requests: readonly unknown[] } {
  const path = TIMES[name] ?? []
  const isAct = (record: unknown): boolean => !/in_progress|healthz/.test(JSON.stringify(record))
  const own = exampleRecords(name)
    .filter(isAct)
    .flatMap((record) => [record, [clone(record)]])
  const records = (copy: unknown) => listOf(copy).map((record) => within(record, path.slice(0, -1)))
  return { own, recorded: [], requests: own, split: listOf, withTime: flatWithTime(path.at(-1) ?? '', records) }
}

/** The samples of a format. A format without any is one that nobody has tried. */
export async function samplesOf(format: FormatId): Promise<FormatSamples & { readonly requests: readonly unknown[] }> {
  const { samples } = (await import(`./${format}.samples.ts`)) as { samples: FormatSamples }
  return { ...samples, requests: [...samples.own, ...samples.recorded] }
}
