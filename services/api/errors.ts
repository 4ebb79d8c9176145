/**
 * Errors as people read them: `{"error": {"code", "message"}}`, with the status that tells a program what to do. Unexpected
 * errors are logged in full and answered in general terms, so that no answer shows SQL, a path or a row.
 */
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from '../lib/logger.ts'
import { LogError } from '../lib/log/port.ts'
import { LIMITS } from '../../schemas/limits.ts'
import { problemsInWords, type SchemaError } from '../../schemas/problem-words.ts'
import { WarehouseError } from '../lib/warehouse/port.ts'
import { CursorError } from './cursor.ts'

/** An answer that is an error, thrown by routes and given as it is. */
export class Answer extends Error {
  override readonly name = 'Answer'
  readonly status: number
  readonly code: string
  /** Fields for programs, next to code and message. */
  readonly details: Readonly<Record<string, number | string>>
  constructor(status: number, code: string, message: string, details: Answer['details'] = {}) {
    super(message)
    this.status = status
    this.code = code
    this.details = details
  }
}

export const badRequest = (message: string): Answer => new Answer(400, 'bad_request', message)
export const notFound = (message: string): Answer => new Answer(404, 'not_found', message)

/** The content of an error answer. */
type Told = Pick<Answer, 'status' | 'code' | 'message'> &
  Partial<Pick<Answer, 'details'>> & {
    /** When to retry, if known. */
    readonly retryAfterS?: number
  }

export async function answerError(
  reply: FastifyReply,
  { status, code, message, details, retryAfterS = LIMITS.retry_after_s }: Told,
): Promise<void> {
  if (status === 503 || status === 429) reply.header('retry-after', retryAfterS)
  await reply
    .code(status)
    .type('application/json')
    .send({ error: { code, message, ...details } })
}

function ofWarehouse(error: WarehouseError): Answer | undefined {
  if (error.code === 'unavailable') {
    return new Answer(
      503,
      'warehouse_unavailable',
      'the warehouse is away at the moment; detection goes on. Try again soon',
    )
  }
  if (error.code === 'incomplete') return new Answer(503, 'warehouse_incomplete', error.message)
  if (error.code === 'busy') return new Answer(503, 'busy', error.message)
  if (error.code !== 'too_heavy') return undefined
  return new Answer(
    422,
    'question_too_heavy',
    'this asks for too much at once: narrow it with since and until, or by identity',
  )
}

/** What a schema says of a request, as a sentence. */
function ofSchema(context: string | undefined, problems: readonly SchemaError[]): Answer {
  const words = problemsInWords(problems)
    .slice(0, 3)
    .map(({ instancePath, message }) =>
      instancePath === '' ? message : `${instancePath.slice(1).replaceAll('/', '.')} ${message}`,
    )
  return badRequest(`${context ?? 'request'}: ${words.join('; ')}`)
}

/** Errors that fastify itself makes: bad JSON, wrong type, too large. */
function ofFastify(error: FastifyError): Answer | undefined {
  if (error.statusCode === undefined || error.statusCode >= 500) return undefined
  const codes: Record<number, string> = { 404: 'not_found', 413: 'too_large', 415: 'unsupported_type' }
  return new Answer(error.statusCode, codes[error.statusCode] ?? 'bad_request', error.message)
}

/** The answer to an error; undefined if it is unexpected. */
function answerOf(error: unknown): Answer | undefined {
  if (error instanceof Answer) return error
  if (error instanceof CursorError) return new Answer(400, 'bad_cursor', error.message)
  if (error instanceof WarehouseError) return ofWarehouse(error)
  if (error instanceof LogError) {
    return error.retriable
      ? new Answer(503, 'log_unavailable', 'the log takes nothing at the moment: try again soon')
      : undefined
  }
  const { validation, validationContext } = error as FastifyError
  if (validation !== undefined) return ofSchema(validationContext, validation as unknown as SchemaError[])
  return ofFastify(error as FastifyError)
}

export function errorHandler(logger: Logger) {
  return async (error: unknown, request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const answer = answerOf(error)
    if (answer === undefined) {
      logger.error(
        { err: error, method: request.method, route: request.routeOptions.url },
        'a request failed unforeseen',
      )
    }
    await answerError(reply, answer ?? new Answer(500, 'internal', 'this failed here; the service has logged why'))
  }
}
