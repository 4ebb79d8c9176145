/**
 * What the samples of a format are made of. Each format has a file of its own beside this one, `<format>.samples.ts`, found
 * by its name: our own requests, and recorded ones where the development data lies beside the checkout.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
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

/** The samples of a format. A format without any is one that nobody has tried. */
export async function samplesOf(format: FormatId): Promise<FormatSamples & { readonly requests: readonly unknown[] }> {
  const { samples } = (await import(`./${format}.samples.ts`)) as { samples: FormatSamples }
  return { ...samples, requests: [...samples.own, ...samples.recorded] }
}
