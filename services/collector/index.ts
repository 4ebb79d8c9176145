/**
 * The collector: the HTTP doors through which agents' audit logs come in.
 *
 *   POST /v1/logs         OTLP/HTTP in JSON or protobuf
 *   POST /v1/events       canonical events: object, list, NDJSON, joined objects
 *   POST /v1/cloudtrail   CloudTrail records
 *   HEAD on each          for shippers that probe before they send
 *
 * A request is read, normalised, redacted and appended; 200 is answered only when the log holds all of it durably. It is
 * a fastify plugin without a server of its own, so that one process can offer it on several ports.
 */
import type { FastifyPluginCallback, FastifyReply, FastifyRequest } from 'fastify'
import { LogError } from '../lib/log/port.ts'
import type { Logger } from '../lib/logger.ts'
import { type Answer, type Refusal, refusal, refusalAnswer, takenAnswer } from './answers.ts'
import { type Door, DOORS, OTHER_SIGNALS, otlpDialect } from './doors.ts'
import { type CollectorOptions, createIntake } from './intake.ts'

export type { CollectorOptions } from './intake.ts'

export interface Collector {
  /** Registers the doors on a fastify instance; may be registered on several. */
  readonly plugin: FastifyPluginCallback
  /** Refuses new requests and resolves when those in hand are answered. */
  drain(): Promise<void>
}

/** Why a request failed. Everything may go right on the next attempt, so that it is never a 500. */
function failure(error: unknown, logger: Logger): Refusal {
  if (error instanceof LogError) {
    logger.warn({ code: error.code, reason: error.message }, 'the log refused an append; the sender was asked to retry')
    return refusal(503, 'log_unavailable', 'the log cannot take it at the moment: send it again')
  }
  logger.error({ err: error }, 'a bug met a request; its sender was asked to retry')
  return refusal(503, 'internal', 'something went wrong here: send it again')
}

const send = (reply: FastifyReply, { status, headers, type, body }: Answer): FastifyReply =>
  reply.code(status).headers(headers).type(type).send(body)

function otherSignal(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const signal = request.url.startsWith('/v1/traces') ? 'traces' : 'metrics'
  const message = `${signal} are not taken, only logs are: set OTEL_${signal.toUpperCase()}_EXPORTER=none`
  const dialect = otlpDialect(request.headers['content-type'])
  return send(reply, refusalAnswer(refusal(415, 'unsupported_signal', message), dialect))
}

export function createCollector(options: CollectorOptions): Collector {
  const { logger, metrics } = options
  let draining = false
  const ready: CollectorOptions['ready'] = () => (draining ? { ok: false, reason: 'shutting down' } : options.ready())
  const intake = createIntake({ ...options, ready })
  const inHand = new Set<Promise<Answer>>()

  const answer = async (door: Door, request: FastifyRequest): Promise<Answer> => {
    const dialect = door.format === 'otlp' ? otlpDialect(request.headers['content-type']) : 'own'
    try {
      const taken = await intake(door, request)
      return taken.ok ? takenAnswer(taken.prepared, dialect) : refusalAnswer(taken, dialect)
    } catch (error) {
      return refusalAnswer(failure(error, logger), dialect)
    }
  }

  const handle = (door: Door) => async (request: FastifyRequest, reply: FastifyReply) => {
    const answering = answer(door, request)
    inHand.add(answering)
    const made = await answering
    inHand.delete(answering)
    const labels = { service: 'collector', route: door.path }
    metrics.requests.inc({ ...labels, method: 'POST', status: String(made.status) })
    metrics.requestSeconds.observe(labels, reply.elapsedTime / 1000)
    return send(reply, made)
  }

  const probe = (_request: FastifyRequest, reply: FastifyReply): FastifyReply =>
    reply.code(ready().ok ? 200 : 503).send()

  const plugin: FastifyPluginCallback = (app, _options, done) => {
    // Bodies are read by the handlers themselves: bounded, inflated, and only after the sender is known.
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('*', (_request, _payload, parsed) => {
      parsed(null)
    })
    for (const door of DOORS) {
      app.post(door.path, handle(door))
      if (!app.hasRoute({ method: 'HEAD', url: door.path })) app.head(door.path, probe)
    }
    for (const path of OTHER_SIGNALS) app.post(path, otherSignal)
    done()
  }

  return {
    plugin,
    async drain() {
      draining = true
      while (inHand.size > 0) await Promise.allSettled(inHand)
    },
  }
}
