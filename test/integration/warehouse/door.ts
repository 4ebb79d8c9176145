/**
 * A door of HTTP in front of the real engine, as ClickHouse's own: it lets the tests of the server adapter run without a
 * server, and do what a test cannot ask of one: be away, come back, and lose an answer after the rows are stored.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { createChdbConnection } from 'chdb/connection'
import { onTestFinished } from 'vitest'

export interface Door {
  url(): string
  open(): Promise<void>
  shut(): Promise<void>
  /** The next statement that holds this text is carried out, and its answer is lost. */
  loseAnswerOf(text: string): void
  /** Statements seen so far that hold this text. */
  seen(text: string): number
  /** Does something to the engine behind the back of its users. */
  command(sql: string): Promise<void>
}

type Engine = ReturnType<typeof createChdbConnection>

/** What @clickhouse/client puts into the query string: the statement or its start, parameters, the format of the answer. */
function statementOf(request: IncomingMessage, body: Buffer) {
  const search = new URL(request.url ?? '/', 'http://door').searchParams
  const params = [...search].filter(([key]) => key.startsWith('param_')).map(([key, value]) => [key.slice(6), value])
  const start = search.get('query')
  const text = body.toString('utf8')
  return {
    sql: start === null ? text : `${start}\n${text}`,
    params: Object.fromEntries(params) as Record<string, string>,
  }
}

async function answer(
  engine: Engine,
  request: IncomingMessage,
  response: ServerResponse,
  statement: ReturnType<typeof statementOf>,
) {
  if (request.url?.startsWith('/ping')) {
    response.end('Ok.\n')
    return
  }
  try {
    const result = await engine.query({ query: statement.sql, query_params: statement.params })
    response.end(await buffer(result.stream))
  } catch (error) {
    const { code, message } = error as { code?: string; message: string }
    response.writeHead(500, { 'x-clickhouse-exception-code': code ?? '1' })
    response.end(`Code: ${code}. DB::Exception: ${message} (ERROR_OF_ENGINE)`)
  }
}

/** Opens an engine and a door to it; both are closed when the test ends. */
export async function door(path: string): Promise<Door> {
  const engine = createChdbConnection({ path })
  const statements: string[] = []
  let port = 0
  let lose: string | undefined
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const statement = statementOf(request, await buffer(request))
    statements.push(statement.sql)
    if (lose === undefined || !statement.sql.includes(lose)) return answer(engine, request, response, statement)
    lose = undefined
    await engine.query({ query: statement.sql, query_params: statement.params })
    request.socket.destroy()
  }
  const server = createServer((request, response) => void take(request, response))
  const open = () =>
    new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, '127.0.0.1', () => {
        port = (server.address() as AddressInfo).port
        resolve()
      })
    })
  const shut = () =>
    new Promise<void>((resolve) => {
      if (!server.listening) resolve()
      else server.close(() => resolve())
      server.closeAllConnections()
    })
  await open()
  onTestFinished(async () => {
    await shut()
    await engine.close()
  })
  return {
    url: () => `http://127.0.0.1:${port}`,
    open,
    shut,
    loseAnswerOf(text) {
      lose = text
    },
    async command(sql) {
      await engine.query({ query: sql })
    },
    seen: (text) => statements.filter((sql) => sql.includes(text)).length,
  }
}
