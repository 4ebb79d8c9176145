/**
 * What happens to one request, from its headers to its durable frames: who sends it, in which scope and form, its body,
 * its records, the append. It answers with a value; only bugs and a failing log throw.
 */
import type { FastifyRequest } from 'fastify'
import { rowOf } from '../../schemas/event.ts'
import { partitionOf } from '../../schemas/ids.ts'
import { LIMITS } from '../../schemas/limits.ts'
import { eventKey } from '../../schemas/topics.ts'
import type { Authenticate } from '../lib/auth.ts'
import type { Clock } from '../lib/clock.ts'
import type { Log } from '../lib/log/port.ts'
import type { Logger } from '../lib/logger.ts'
import type { Metrics } from '../lib/metrics.ts'
import type { TenantKeys } from '../lib/secrets.ts'
import { type Refusal, refusal } from './answers.ts'
import { createContexts } from './contexts.ts'
import { deadLetterOf, writeDeadLetters } from './dead-letters.ts'
import { bodyForm, type Door, sendingScope } from './doors.ts'
import { createFrameWriter } from './frame-writer.ts'
import { bodySteps, drainInTurns, type Normalised } from './normalise.ts'
import { createBudget, readRequest } from './read-request.ts'

export interface CollectorOptions {
  readonly log: Log
  readonly authenticate: Authenticate
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: Metrics
  readonly keys: TenantKeys
  /** Whether the log holds the current configuration and can be written; until then senders are asked to wait. */
  ready(): { readonly ok: true } | { readonly ok: false; readonly reason: string }
}

/** A request that is durable in the log, or why it was not taken. */
export type Taken = { readonly ok: true; readonly normalised: Normalised } | Refusal

/** Takes one request. Rejects where the log fails; the sender may then send it again. */
export type Intake = (door: Door, request: FastifyRequest) => Promise<Taken>

/** Rows by partition, in the order of the request. */
function partitioned({ events }: Normalised, tenant: string, partitions: number): Map<number, string[]> {
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

/** Appends everything that a request became: its events, and its bad records as dead letters. */
function createStore({ log, clock, metrics }: CollectorOptions) {
  const writer = createFrameWriter({ log, clock, metrics })
  return async (door: Door, tenant: string, normalised: Normalised, receiptTime: number): Promise<void> => {
    const letters = normalised.rejected.map((one) => deadLetterOf(tenant, door.format, receiptTime, one))
    await Promise.all([
      writer.write(partitioned(normalised, tenant, log.partitions('events'))),
      writeDeadLetters(log, letters),
    ])
    metrics.eventsAccepted.inc({ source: door.format }, normalised.events.length)
    for (const { reason } of letters) metrics.deadLetters.inc({ service: 'collector', reason })
  }
}

export function createIntake(options: CollectorOptions): Intake {
  const { authenticate, clock, ready } = options
  const contexts = createContexts(options.keys)
  const budget = createBudget(LIMITS.request_bytes_in_flight_max)
  const store = createStore(options)

  return async (door, request) => {
    const authenticated = authenticate(request.headers.authorization)
    if (!authenticated.ok) return authenticated
    const { tenant } = authenticated.grant
    const query = (request.query as Record<string, unknown>).history
    const scope = sendingScope(authenticated.grant, { query, header: request.headers['x-moltwatch-history'] })
    if (!scope.ok) return scope
    const state = ready()
    if (!state.ok) return refusal(503, 'not_ready', `not ready: ${state.reason}`)
    const form = bodyForm(door, request.headers['content-type'])
    if (typeof form === 'object') return form
    const read = await readRequest(request.raw, budget)
    if (!read.ok) return read
    try {
      const receiptTime = clock.now()
      const context = contexts.forRequest(tenant, receiptTime, scope.history)
      const result = await drainInTurns(bodySteps(door.format, read.body, form === 'lines', context))
      if (!result.ok) return refusal(result.status, 'bad_body', `${result.detail} (byte ${result.position})`)
      await store(door, tenant, result, receiptTime)
      return { ok: true, normalised: result }
    } finally {
      budget.give(read.body.length)
    }
  }
}
