/**
 * The collector: the inputs through which agents' audit logs come in over HTTP. Which they are stands in inputs/registry.ts;
 * `HEAD` on each address answers shippers that probe before they send.
 *
 * A request is read, normalised, redacted and appended; 200 is answered only when the log holds all of it durably. It is
 * a fastify plugin without a server of its own, so that one process can offer it on several ports.
 */
import type { FastifyInstance, FastifyPluginCallback, FastifyReply, FastifyRequest } from 'fastify'
import { LogError } from '../lib/log/port.ts'
import type { Logger } from '../lib/logger.ts'
import { type Answer, type Refusal, refusal, refusalHeaders } from './answers.ts'
import type { Head, Input, Outcome, Place, Question } from './inputs/input.ts'
import { strayAnswer } from './inputs/otlp/addresses.ts'
import { INPUTS } from './inputs/registry.ts'
import { type CollectorOptions, createIntake } from './intake.ts'
import { createResend } from './resend/index.ts'

export type { CollectorOptions } from './intake.ts'

export interface Collector {
  /** Registers the inputs on a fastify instance; may be registered on several. */
  readonly plugin: FastifyPluginCallback
  /** Refuses new requests and resolves when those in progress are answered. */
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

const headOf = (request: FastifyRequest, path: string): Head => ({
  method: request.method,
  path,
  params: { ...(request.params as Record<string, string>) },
  query: { ...(request.query as Record<string, unknown>) },
  headers: { ...request.headers },
})

/** The body of a question, cut: what is longer asks nothing that can be answered. */
async function questionText(request: FastifyRequest): Promise<string> {
  if (request.method === 'GET' || request.method === 'HEAD') return ''
  let text = ''
  for await (const chunk of request.raw as AsyncIterable<Buffer>) {
    if (text.length < QUESTION_CHARS_MAX) text += chunk.toString('utf8')
  }
  return text.slice(0, QUESTION_CHARS_MAX)
}

const QUESTION_CHARS_MAX = 64 * 1024
const RESEND = '/v1/dead-letters/resend'

/** What goes to no address of an input: told where it should go, if it looks like something for an input. */
const stray = (request: FastifyRequest, reply: FastifyReply): FastifyReply | void => {
  const answer = strayAnswer(request.url.split('?', 1)[0] ?? '', request.headers)
  if (answer === undefined) return reply.callNotFound()
  return send(reply, answer)
}

export function createCollector(options: CollectorOptions): Collector {
  const { logger, metrics, authenticate } = options
  let draining = false
  let given = 0
  const ready: CollectorOptions['ready'] = () => (draining ? { ok: false, reason: 'shutting down' } : options.ready())
  const intake = createIntake({ ...options, ready }, () => given++)
  const resend = createResend({ ...options, ready })
  const inHand = new Set<Promise<unknown>>()

  const outcomeOf = async (input: Input, place: Place, head: Head, request: FastifyRequest): Promise<Outcome> => {
    try {
      return await intake(input, place, head, request.raw)
    } catch (error) {
      return failure(error, logger)
    }
  }

  const handle = (input: Input, place: Place) => async (request: FastifyRequest, reply: FastifyReply) => {
    const head = headOf(request, place.path)
    const taking = outcomeOf(input, place, head, request)
    inHand.add(taking)
    const outcome = await taking
    inHand.delete(taking)
    return send(reply, input.answer(outcome, head, options.clock.now()))
  }
  /** The time that an answer took is known when it has been sent. */
  const count = (place: Place) => async (_request: FastifyRequest, reply: FastifyReply) => {
    const labels = { service: 'collector', route: place.path }
    metrics.requests.inc({ ...labels, method: 'POST', status: String(reply.statusCode) })
    metrics.requestSeconds.observe(labels, reply.elapsedTime / 1000)
  }

  const ask = (question: Question) => async (request: FastifyRequest, reply: FastifyReply) => {
    const body = await questionText(request)
    return send(
      reply,
      question.answer(headOf(request, question.path), { authenticate, ready: ready().ok, given, body }),
    )
  }

  const sendAgain = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const text = await questionText(request)
    const asked = resend(headOf(request, RESEND), text).catch((error: unknown) => failure(error, logger))
    inHand.add(asked)
    const answer = await asked
    inHand.delete(asked)
    if (!('ok' in answer)) return reply.code(200).send(answer)
    const { status, code, message } = answer
    return reply.code(status).headers(refusalHeaders(status)).send({ error: { code, message } })
  }

  const probe = (_request: FastifyRequest, reply: FastifyReply): FastifyReply =>
    reply.code(ready().ok ? 200 : 503).send()

  function offer(app: FastifyInstance, input: Input): void {
    for (const place of input.takes) {
      app.post(place.path, { onResponse: count(place) }, handle(input, place))
      if (!app.hasRoute({ method: 'HEAD', url: place.path })) app.head(place.path, probe)
    }
    for (const question of input.questions ?? []) {
      app.route({ method: question.method, url: question.path, exposeHeadRoute: false, handler: ask(question) })
    }
  }

  const plugin: FastifyPluginCallback = (app, _options, done) => {
    // Bodies are read by the handlers themselves: bounded, inflated, and only after the sender is known.
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('*', (_request, _payload, parsed) => {
      parsed(null)
    })
    for (const input of INPUTS) offer(app, input)
    app.post(RESEND, sendAgain)
    app.post('/*', stray)
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
