/**
 * What happens to one request, from its headers to its durable frames: who sends it, in which scope and form, its body,
 * its records, the append. It answers with a value; only bugs and a failing log throw.
 */
import type { IncomingMessage } from 'node:http'
import type { Content } from '../../schemas/excerpt.ts'
import { LIMITS } from '../../schemas/limits.ts'
import type { Authenticate } from '../lib/auth.ts'
import type { Clock } from '../lib/clock.ts'
import type { Log } from '../lib/log/port.ts'
import type { Logger } from '../lib/logger.ts'
import type { Metrics } from '../lib/metrics.ts'
import type { Partitioning } from '../lib/partitioning.ts'
import type { Turns } from '../lib/turns.ts'
import { type Refusal, refusal } from './answers.ts'
import { type Binding, bindingOf } from './binding.ts'
import { createBudget } from './budget.ts'
import { createEventStore } from './event-store.ts'
import type { Head, Input, Outcome, Endpoint } from './inputs/input.ts'
import { formOf } from './inputs/lib/types.ts'
import { createPace } from './pace.ts'
import type { Preparer, RefusedJob } from './preparing/index.ts'
import { unreadable } from './unreadable.ts'
import { readRequest } from './read-request.ts'
import { sendingScope } from './sending-scope.ts'
import { wholeBody } from './whole-body.ts'

export interface CollectorOptions {
  readonly log: Log
  readonly authenticate: Authenticate
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: Metrics
  readonly preparer: Preparer
  readonly partitioning: Partitioning
  /** Which words are kept at the moment. Default: none. */
  content?(): Content
  /** Whether the log holds the current configuration and can be written; until then senders are asked to wait. */
  ready(): { readonly ok: true } | { readonly ok: false; readonly reason: string }
}

/** Of requests over HTTP, which others give way to. */
export interface IntakeOptions extends CollectorOptions {
  readonly turns: Pick<Turns, 'giveWay'>
}

interface Sender {
  readonly tenant: string
  /** Name of its token. */
  readonly sender: string
  readonly history: boolean
  readonly binding: Binding
}

/** Takes one request of an input. Rejects where the log fails; the sender may then send it again. */
export type Intake = (input: Input, place: Endpoint, head: Head, request: IncomingMessage) => Promise<Outcome>

/** `given` numbers the requests that are durable. */
export function createIntake(options: IntakeOptions, given: () => number): Intake {
  const { partitioning, authenticate, clock, ready, preparer, turns } = options
  const budget = createBudget(LIMITS.request_bytes_in_flight_max)
  const store = createEventStore(options)
  const pace = createPace()

  /** What a modest tenant's request waits for goes before the work on the log, most of which others sent. */
  async function inFront<T>(isModest: boolean, request: () => Promise<T>): Promise<T> {
    const done = isModest ? turns.giveWay() : undefined
    try {
      return await request()
    } finally {
      done?.()
    }
  }

  /** What no thread survived is kept as a dead letter. */
  async function refused(input: Input, body: Buffer, { tenant, sender }: Sender, why: RefusedJob): Promise<Refusal> {
    const { status, detail, position } = why
    const posted = { tenant, sender, receiptTime: clock.now(), origin: input.id }
    if (why.deadly) await store([{ ...posted, prepared: unreadable(body, why) }])
    return refusal(status, 'bad_body', position === undefined ? detail : `${detail} (byte ${position})`)
  }

  async function taken(input: Input, head: Head, body: Buffer, from: Sender): Promise<Outcome> {
    const receiptTime = clock.now()
    const spread = await partitioning.spread()
    const content = options.content?.() ?? 'none'
    const result = await preparer.prepare({ ...from, receiptTime, input: input.id, head, body, ...spread, content })
    pace.count(from.tenant, result.ok ? result.events : 0, body.length)
    if (!result.ok) return refused(input, body, from, result)
    const { tenant, sender } = from
    await store([{ tenant, sender, receiptTime, origin: result.source ?? input.id, prepared: result }])
    return { ok: true, account: result, number: given() }
  }

  return async (input, place, head, request) => {
    const identified = input.identify(head, authenticate)
    if (!identified.ok) return identified
    const { grant, signed } = { signed: undefined, ...identified }
    const scope = sendingScope(grant, head)
    if (!scope.ok) return scope
    const state = ready()
    if (!state.ok) return refusal(503, 'not_ready', `not ready: ${state.reason}`)
    const form = formOf(place, head.headers['content-type'])
    if (typeof form === 'object') return form
    const isModest = await pace.turn(grant.tenant)
    const hold = budget.hold(grant.tenant)
    try {
      const read = await readRequest(request, hold)
      if (!read.ok) return read
      const { tenant, name: sender } = grant
      const binding = bindingOf(grant, authenticate)
      const from = { tenant, sender, history: scope.history, binding }
      return await inFront(isModest, async () => {
        const whole = await wholeBody(read, tenant, hold, preparer.inflate)
        if (!whole.ok) return 'code' in whole ? whole : refused(input, read.body, from, whole)
        return signed?.(whole.body) ?? taken(input, head, whole.body, from)
      })
    } finally {
      hold.release()
    }
  }
}
