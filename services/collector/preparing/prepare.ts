/**
 * From the bytes of a request to what the log takes: normalised, redacted, each event as a line of its partition. This is
 * nearly all that a collector computes. It depends only on the job, so any thread can do it.
 */
import { type Event, rowOf } from '../../../schemas/event.ts'
import type { Content, Excerpt } from '../../../schemas/excerpt.ts'
import { createPartitioner, type Partitioner, type Spread } from '../../../schemas/partitioning.ts'
import type { TenantKeys } from '../../lib/secrets.ts'
import type { Binding } from '../binding.ts'
import { createContexts } from '../contexts.ts'
import type { FormatChoice } from '../formats/format.ts'
import { BUILT_IN, type Formats } from '../formats/formats.ts'
import type { Account, Refused } from '../formats/read-envelopes.ts'
import type { Head } from '../inputs/input.ts'
import { inputOf } from '../inputs/registry.ts'
import { openedInputOf } from '../opened/registry.ts'
import { drainInTurns, unpackedSteps } from '../normalise.ts'
import { type Unclear, unclearOf } from '../unclear.ts'
import { type Form, type Unpacked, unpackBody } from '../unpack.ts'

/** One request, or one record of `raw`. */
interface Task extends Spread {
  readonly tenant: string
  /** Name of the token that sent it. */
  readonly sender: string
  /** ms since 1970. */
  readonly receiptTime: number
  /** The events train and never act. */
  readonly history: boolean
  /** For whom the sender may send; absent: for anybody. */
  readonly binding?: Binding
  readonly body: Buffer
  /** Which words are kept. Default: none. */
  readonly content?: Content
}

/** How to read the body: as an input does, or as a form of a format. */
export type Job = Task & (InputTask | BodyTask)

interface InputTask {
  readonly input: string
  readonly head: Head
}

interface BodyTask {
  readonly input?: undefined
  readonly format: FormatChoice
  readonly form: Form
}

export interface Prepared extends Account {
  /** Rows as JSON by partition, in the order in which the events happened. */
  readonly lines: ReadonlyMap<number, readonly string[]>
  readonly events: number
  /** Number of events with a replaced time, by what was wrong with it. */
  readonly untimed: ReadonlyMap<string, number>
  /** What its agents left out. */
  readonly unclear: readonly Unclear[]
  /** Lines of prose that were left out. */
  readonly dropped?: number
  /** Excerpts as JSON by partition; absent if none are kept. */
  readonly excerpts?: ReadonlyMap<number, readonly string[]>
}

/** A job that is refused as a whole. `deadly`: no thread survived it, so that it is kept as a dead letter. */
export type RefusedJob = Refused & { readonly deadly?: true }

/** What became of a job: prepared, or refused as a whole. */
export type Preparation = ({ readonly ok: true } & Prepared) | RefusedJob

/** `step` is called before each step of the work. */
export type Prepare = (job: Job, step?: () => void) => Promise<Preparation>

function linesOf(
  { tenant, partitions }: Job,
  events: readonly Event[],
  { ofIdentity }: Partitioner,
): Map<number, string[]> {
  const lines = new Map<number, string[]>()
  for (const event of events) {
    const partition = ofIdentity(tenant, event.identity, partitions)
    const line = JSON.stringify(rowOf(event))
    const lane = lines.get(partition)
    if (lane === undefined) lines.set(partition, [line])
    else lane.push(line)
  }
  return lines
}

function untimedOf(events: readonly Event[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { time_flag: flag } of events) if (flag !== 'ok') counts.set(flag, (counts.get(flag) ?? 0) + 1)
  return counts
}

function excerptsOf(
  { tenant, partitions }: Job,
  excerpts: readonly Excerpt[],
  { ofIdentity }: Partitioner,
): Map<number, string[]> {
  const lines = new Map<number, string[]>()
  for (const excerpt of excerpts) {
    const partition = ofIdentity(tenant, excerpt.identity, partitions)
    lines.set(partition, [...(lines.get(partition) ?? []), JSON.stringify(excerpt)])
  }
  return lines
}

function unpacked(job: Job, formats: Formats): Unpacked {
  if (job.input === undefined) return unpackBody(job.format, job.body, job.form)
  const opened = openedInputOf(job.input)
  if (opened !== undefined) return opened.unpack(job.body, job.head.params, formats)
  return inputOf(job.input).unpack(job.body, job.head, formats)
}

/** Nobody hears an answer of an input that the collector opens itself, so that nothing of it is refused. */
const hearsAnswers = ({ input }: Job): boolean => input === undefined || openedInputOf(input) === undefined

/** `memoryBytesMax`: what it may remember of the texts of each tenant; `formats`: those of the moment. */
export function createPrepare(
  keys: TenantKeys,
  memoryBytesMax: number,
  formats: () => Formats = () => BUILT_IN,
): Prepare {
  const contexts = createContexts(keys, memoryBytesMax)
  return async (job, step) => {
    const context = { ...contexts.forRequest(job), formats: formats(), refuses: hearsAnswers(job) }
    // Unpacking is a step, too.
    step?.()
    const body = unpacked(job, context.formats)
    const result = await drainInTurns(unpackedSteps(body, context), step)
    if (!result.ok) return result
    const { events, excerpts, ok, ...account } = result
    const dropped = body.ok && body.dropped !== undefined ? { dropped: body.dropped } : {}
    const partitioner = createPartitioner(job.partitionKey)
    const words = excerpts.length === 0 ? {} : { excerpts: excerptsOf(job, excerpts, partitioner) }
    const rows = {
      events: events.length,
      untimed: untimedOf(events),
      unclear: unclearOf(events),
      lines: linesOf(job, events, partitioner),
    }
    return { ok, ...account, ...dropped, ...rows, ...words }
  }
}
