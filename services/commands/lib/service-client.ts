/** Asks a running service, as the commands that stand beside one do: with the token handed in, or the one it has left. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { UsageError } from '../../lib/errors.ts'

interface Request {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

export interface ServiceClient {
  /** GET; the answer as JSON. Throws UsageError with the service's own words where it refuses. */
  get<T>(path: string): Promise<T>
  /** Any request; throws UsageError where nothing answers or the answer is no success. */
  ask(address: string, init: Request): Promise<Response>
}

/** The token handed in, or the one that the service left in its data directory. Throws UsageError where there is none. */
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

export function createServiceClient(url: string, token: string): ServiceClient {
  const headers = { authorization: `Bearer ${token}` }
  const ask = async (address: string, init: Request): Promise<Response> => {
    let answer: Response
    try {
      answer = await fetch(address, { ...init, headers: { ...headers, ...init.headers } })
    } catch {
      throw new UsageError(`nothing answers at ${address}: start the service first (npm start)`)
    }
    if (!answer.ok) throw new UsageError(`${address} answered ${answer.status}: ${await refusalOf(answer)}`)
    return answer
  }
  return { ask, get: async <T>(path: string) => (await (await ask(`${url}${path}`, {})).json()) as T }
}
