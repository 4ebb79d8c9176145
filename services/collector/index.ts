/**
 * The collector: the inputs that receive agents' audit logs over HTTP. inputs/registry.ts lists them; each address answers
 * `HEAD`, for shippers that probe before they send.
 *
 * A request is read, normalised, redacted and appended; 200 is answered only when the log holds all of it durably. It is a
 * fastify plugin without its own server, so that one process can offer it on several ports.
 */
import type { FastifyInstance, FastifyPluginCallback, FastifyReply, FastifyRequest } from 'fastify'
import { LogError } from '../lib/log/port.ts'
import type { Logger } from '../lib/logger.ts'
import { type Answer, type Refusal, refusal, refusalHeaders } from './answers.ts'
import type { Head, Input, Outcome, Endpoint, Question } from './inputs/input.ts'
import { strayAnswer } from './inputs/otlp/addresses.ts'
import { INPUTS } from './inputs/registry.ts'
import { createIntake, type IntakeOptions } from './intake.ts'
import { createResend } from './resend/index.ts'

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

/** The body of a question, cut: nothing longer can be answered. */
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

/** A request to no input's address. If it looks meant for an input, the answer says where to send it. */
const stray = (request: FastifyRequest, reply: FastifyReply): FastifyReply | void => {
  const answer = strayAnswer(request.url.split('?', 1)[0] ?? '', request.headers)
  if (answer === undefined) return reply.callNotFound()
  return send(reply, answer)
}

/** The collector as it runs. */
interface Running {
  readonly options: IntakeOptions
  draining: boolean
  given: number
  readonly intake: ReturnType<typeof createIntake>
  readonly resend: ReturnType<typeof createResend>
  readonly underWay: Set<Promise<unknown>>
}

const ready = (running: Running): ReturnType<IntakeOptions['ready']> =>
  running.draining ? { ok: false, reason: 'shutting down' } : running.options.ready()

const outcomeOf = async (
  running: Running,
  input: Input,
  endpoint: Endpoint,
  head: Head,
  request: FastifyRequest,
): Promise<Outcome> => {
  try {
    return await running.intake(input, endpoint, head, request.raw)
  } catch (error) {
    return failure(error, running.options.logger)
  }
}

const handle =
  (running: Running, input: Input, endpoint: Endpoint) => async (request: FastifyRequest, reply: FastifyReply) => {
    const head = headOf(request, endpoint.path)
    const taking = outcomeOf(running, input, endpoint, head, request)
    running.underWay.add(taking)
    const outcome = await taking
    running.underWay.delete(taking)
    return send(reply, input.answer(outcome, head, running.options.clock.now()))
  }

/** The time that an answer took is known when it has been sent. */
const count = (running: Running, endpoint: Endpoint) => async (_request: FastifyRequest, reply: FastifyReply) => {
  const labels = { service: 'collector', route: endpoint.path }
  running.options.metrics.requests.inc({ ...labels, method: 'POST', status: String(reply.statusCode) })
  running.options.metrics.requestSeconds.observe(labels, reply.elapsedTime / 1000)
}

const ask = (running: Running, question: Question) => async (request: FastifyRequest, reply: FastifyReply) => {
  const body = await questionText(request)
  return send(
    reply,
    question.answer(headOf(request, question.path), {
      authenticate: running.options.authenticate,
      ready: ready(running).ok,
      given: running.given,
      body,
    }),
  )
}

const sendAgain = async (running: Running, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
  const text = await questionText(request)
  const asked = running
    .resend(headOf(request, RESEND), text)
    .catch((error: unknown) => failure(error, running.options.logger))
  running.underWay.add(asked)
  const answer = await asked
  running.underWay.delete(asked)
  if (!('ok' in answer)) return reply.code(200).send(answer)
  const { status, code, message } = answer
  return reply.code(status).headers(refusalHeaders(status)).send({ error: { code, message } })
}

const probe = (running: Running, reply: FastifyReply): FastifyReply => reply.code(ready(running).ok ? 200 : 503).send()

function offer(running: Running, app: FastifyInstance, input: Input): void {
  for (const endpoint of input.takes) {
    app.post(endpoint.path, { onResponse: count(running, endpoint) }, handle(running, input, endpoint))
    if (!app.hasRoute({ method: 'HEAD', url: endpoint.path }))
      app.head(endpoint.path, (_request, reply) => probe(running, reply))
  }
  for (const question of input.questions ?? []) {
    app.route({ method: question.method, url: question.path, exposeHeadRoute: false, handler: ask(running, question) })
  }
}

const register = (running: Running, app: FastifyInstance): void => {
  // Bodies are read by the handlers themselves: bounded, inflated, and only after the sender is known.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _payload, parsed) => {
    parsed(null)
  })
  for (const input of INPUTS) offer(running, app, input)
  app.post(RESEND, (request, reply) => sendAgain(running, request, reply))
  app.post('/*', stray)
}

export function createCollector(options: IntakeOptions): Collector {
  const running: Running = {
    options,
    draining: false,
    given: 0,
    intake: createIntake({ ...options, ready: () => ready(running) }, () => running.given++),
    resend: createResend({ ...options, ready: () => ready(running) }),
    underWay: new Set(),
  }

  return {
    plugin(app, _options, done) {
      register(running, app)
      done()
    },
    async drain() {
      running.draining = true
      while (running.underWay.size > 0) await Promise.allSettled(running.underWay)
    },
  }
}
