/**
 * From the bytes of a request to what the log takes: normalised, redacted, each event as a line of its partition. This is
 * nearly all that a collector computes, and it needs nothing but what stands in the job, so that any thread can do it.
 */
import { rowOf } from '../../../schemas/event.ts'
import { partitionOf } from '../../../schemas/ids.ts'
import { eventKey } from '../../../schemas/topics.ts'
import type { TenantKeys } from '../../lib/secrets.ts'
import { createContexts } from '../contexts.ts'
import { bodySteps, drainInTurns, type Form, type Format, type Normalised, type NormaliseResult } from '../normalise.ts'

/** One request, or one record of `raw`. */
export interface Job {
  readonly tenant: string
  /** ms since 1970. */
  readonly receiptTime: number
  /** The events train and never act. */
  readonly history: boolean
  readonly format: Format | 'auto'
  readonly form: Form
  readonly body: Buffer
  /** How many partitions `events` has. */
  readonly partitions: number
}

export interface Prepared extends Omit<Normalised, 'events'> {
  /** Rows as JSON by partition, in the order of the request. */
  readonly lines: ReadonlyMap<number, readonly string[]>
  readonly events: number
  /** The format of the events; undefined where there are none. */
  readonly source: Format | undefined
}

/** What became of a job: prepared, or refused as a whole. */
export type Preparation = ({ readonly ok: true } & Prepared) | Extract<NormaliseResult, { ok: false }>

export type Prepare = (job: Job) => Promise<Preparation>

function linesOf({ tenant, partitions }: Job, { events }: Normalised): Map<number, string[]> {
  const lines = new Map<number, string[]>()
  for (const event of events) {
    const partition = partitionOf(eventKey(tenant, event.identity), partitions)
    const line = JSON.stringify(rowOf(event))
    const lane = lines.get(partition)
    if (lane === undefined) lines.set(partition, [line])
    else lane.push(line)
  }
  return lines
}

/** `memoryBytesMax`: what it may remember of the texts of each tenant. */
export function createPrepare(keys: TenantKeys, memoryBytesMax: number): Prepare {
  const contexts = createContexts(keys, memoryBytesMax)
  return async (job) => {
    const context = contexts.forRequest(job.tenant, job.receiptTime, job.history)
    const result = await drainInTurns(bodySteps(job.format, job.body, job.form, context))
    if (!result.ok) return result
    const { events, rejected, records, ignored } = result
    return {
      ok: true,
      lines: linesOf(job, result),
      events: events.length,
      source: events[0]?.source,
      rejected,
      records,
      ignored,
    }
  }
}
