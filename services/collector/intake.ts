/**
 * What happens to one request, from its headers to its durable frames: who sends it, in which scope and form, its body,
 * its records, the append. It answers with a value; only bugs and a failing log throw.
 */
import type { FastifyRequest } from 'fastify'
import { LIMITS } from '../../schemas/limits.ts'
import type { Authenticate } from '../lib/auth.ts'
import type { Clock } from '../lib/clock.ts'
import type { Log } from '../lib/log/port.ts'
import type { Logger } from '../lib/logger.ts'
import type { Metrics } from '../lib/metrics.ts'
import { type Refusal, refusal } from './answers.ts'
import { bodyForm, type Door, sendingScope } from './doors.ts'
import { createEventStore } from './event-store.ts'
import type { Prepared, Preparer } from './preparing/index.ts'
import { createBudget, readRequest } from './read-request.ts'

export interface CollectorOptions {
  readonly log: Log
  readonly authenticate: Authenticate
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: Metrics
  readonly preparer: Preparer
  /** Whether the log holds the current configuration and can be written; until then senders are asked to wait. */
  ready(): { readonly ok: true } | { readonly ok: false; readonly reason: string }
}

/** A request that is durable in the log, or why it was not taken. */
export type Taken = { readonly ok: true; readonly prepared: Prepared } | Refusal

/** Takes one request. Rejects where the log fails; the sender may then send it again. */
export type Intake = (door: Door, request: FastifyRequest) => Promise<Taken>

export function createIntake(options: CollectorOptions): Intake {
  const { log, authenticate, clock, ready, preparer } = options
  const budget = createBudget(LIMITS.request_bytes_in_flight_max)
  const store = createEventStore(options)

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
      const { format } = door
      const { history } = scope
      const partitions = log.partitions('events')
      const result = await preparer.prepare({ tenant, receiptTime, history, format, form, body: read.body, partitions })
      if (!result.ok) return refusal(result.status, 'bad_body', `${result.detail} (byte ${result.position})`)
      await store([{ tenant, origin: format, receiptTime, prepared: result }])
      return { ok: true, prepared: result }
    } finally {
      budget.give(read.body.length)
    }
  }
}
