/** Asks a running service, for commands that run next to one. Uses the token passed in, or the one that the service left. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import { UsageError } from '../../lib/errors.ts'

/** Nothing answers, or the service cannot answer now: the same question may be answered later. */
export class AwayError extends UsageError {}

interface Request {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

export interface ServiceClient {
  /** GET; the answer as JSON. Throws UsageError with the service's own words if it refuses. */
  get<T>(path: string): Promise<T>
  /** Like `get`; undefined if nothing has that name (404). */
  find<T>(path: string): Promise<T | undefined>
  /** GET of an answer that does not end, by its lines, until it breaks off. Throws like `get`; AwayError where it breaks. */
  stream(path: string, headers: Readonly<Record<string, string>>): Promise<AsyncIterable<string>>
  /** Any request. Throws UsageError if nothing answers or the answer is not a success. */
  ask(address: string, init: Request): Promise<Response>
}

/** The token passed in, or the one that the service left in its data directory. Throws UsageError if there is none. */
export async function serviceToken(data: string, given: string | undefined): Promise<string> {
  if (given !== undefined) return given
  const file = join(data, 'admin-token')
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch {
    throw new UsageError(
      `${file} cannot be read: start the service first (npm start), name its directory with --data, or set MOLTWATCH_TOKEN`,
    )
  }
}

const ANSWER_CHARS_SHOWN = 300

async function refusalOf(answer: Response): Promise<string> {
  const text = await answer.text()
  try {
    return (JSON.parse(text) as { error: { message: string } }).error.message
  } catch {
    return text.slice(0, ANSWER_CHARS_SHOWN)
  }
}

async function* linesOf(body: ReadableStream, address: string): AsyncIterable<string> {
  const input = Readable.fromWeb(body)
  try {
    yield* createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })
  } catch {
    throw new AwayError(`${address} broke off`)
  } finally {
    input.destroy()
  }
}

export function createServiceClient(url: string, token: string): ServiceClient {
  const headers = { authorization: `Bearer ${token}` }
  const send = async (address: string, init: Request): Promise<Response> => {
    try {
      return await fetch(address, { ...init, headers: { ...headers, ...init.headers } })
    } catch {
      throw new AwayError(`nothing answers at ${address}: start the service first (npm start)`)
    }
  }
  const taken = async (answer: Response): Promise<Response> => {
    if (answer.ok) return answer
    const said = `${answer.url} answered ${answer.status}: ${await refusalOf(answer)}`
    throw answer.status === 429 || answer.status >= 500 ? new AwayError(said) : new UsageError(said)
  }
  const ask = async (address: string, init: Request): Promise<Response> => taken(await send(address, init))
  return {
    ask,
    get: async <T>(path: string) => (await (await ask(`${url}${path}`, {})).json()) as T,
    async stream(path, own) {
      const { body } = await ask(`${url}${path}`, { headers: own })
      return linesOf(body as ReadableStream, `${url}${path}`)
    },
    async find<T>(path: string) {
      const answer = await send(`${url}${path}`, {})
      return answer.status === 404 ? undefined : ((await (await taken(answer)).json()) as T)
    },
  }
}
