/**
 * ClickHouse over HTTP for tests: the real server in a container, or if there is no Docker, a server that speaks as much
 * of its HTTP interface as @clickhouse/client uses, on the real engine (chdb). Run as a program this file is that server: it
 * serves the directory that it is given on the port that it is given, prints its address, and ends when its standard input
 * closes, so that it cannot outlive whoever started it.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import { buffer } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { createChdbConnection } from 'chdb/connection'
import { CLICKHOUSE_IMAGE, chooseEngine, sayEngine } from './engines.ts'
import type { ClickHouseServer, StartedClickHouse } from './clickhouse.ts'

export type { ClickHouseServer } from './clickhouse.ts'

/** As ClickHouse has it (http_max_uri_size): a list of a thousand ids stands in the query string. */
const URI_BYTES_MAX = 1_048_576

type Engine = ReturnType<typeof createChdbConnection>

/** What a client escapes in a parameter, by the sign behind the backslash; others stand for themselves. */
const ESCAPED = new Map([
  ['t', '\t'],
  ['n', '\n'],
  ['r', '\r'],
])
const unescaped = (text: string): string => text.replaceAll(/\\(.)/gs, (_, sign: string) => ESCAPED.get(sign) ?? sign)

/** The value of a parameter from its form in the query string; the engine takes values and escapes them itself. */
const valueOf = (text: string, isList: boolean): string | string[] =>
  isList ? [...text.matchAll(/'((?:[^'\\]|\\.)*)'/gs)].map(([, one]) => unescaped(one ?? '')) : unescaped(text)

/** The statement stands in the body, or its start in the query string and the rest in the body. */
async function statementOf(request: IncomingMessage) {
  const search = new URL(request.url ?? '/', 'http://server').searchParams
  const text = (await buffer(request)).toString('utf8')
  const start = search.get('query')
  const query = start === null ? text : `${start}\n${text}`
  const params = [...search].flatMap(([key, value]) => {
    const name = key.slice('param_'.length)
    return key.startsWith('param_') ? [[name, valueOf(value, query.includes(`{${name}:Array(`))]] : []
  })
  return { query, query_params: Object.fromEntries(params) as Record<string, string | string[]> }
}

async function answer(engine: Engine, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.url?.startsWith('/ping') === true) {
    response.end('Ok.\n')
    return
  }
  try {
    const { stream } = await engine.query(await statementOf(request))
    response.end(await buffer(stream))
  } catch (error) {
    const { code = '1', message } = error as { code?: string; message: string }
    response.writeHead(500, { 'x-clickhouse-exception-code': code })
    response.end(`Code: ${code}. DB::Exception: ${message} (ERROR_OF_ENGINE)`)
  }
}

async function serve(path: string, port: number): Promise<void> {
  const engine = createChdbConnection({ path })
  let last: Promise<unknown> = Promise.resolve()
  const server = createServer({ maxHeaderSize: URI_BYTES_MAX }, (request, response) => {
    // One statement after the other: the engine shares two cores with everything else in the test.
    last = last.then(() => answer(engine, request, response))
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`)
  process.stdin.resume()
  await once(process.stdin, 'end')
  process.exit(0)
}

interface ServerProcess {
  readonly url: string
  readonly pid: number
  end(): Promise<void>
}

async function startProcess(directory: string, port: number): Promise<ServerProcess> {
  const child: ChildProcess = spawn(process.execPath, [fileURLToPath(import.meta.url), directory, String(port)], {
    env: { ...process.env, UV_THREADPOOL_SIZE: '16' },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const gone = once(child, 'exit')
  const first = once(createInterface({ input: child.stdout! }), 'line') as Promise<[string]>
  const [url] = await Promise.race([
    first,
    gone.then(() => {
      throw new Error('the ClickHouse server ended before it listened')
    }),
  ])
  return {
    url,
    pid: child.pid!,
    async end() {
      child.stdin!.end()
      await gone
    },
  }
}

async function startOnChdb(directory: string): Promise<StartedClickHouse> {
  const first = await startProcess(directory, 0)
  let running: ServerProcess | undefined = first
  const end = async (): Promise<void> => {
    await running?.end()
    running = undefined
  }
  return {
    url: first.url,
    pid: () => running?.pid ?? first.pid,
    pause: end,
    async resume() {
      running ??= await startProcess(directory, Number(new URL(first.url).port))
    },
    close: end,
  }
}

async function versionOf(url: string): Promise<string> {
  const answer = await fetch(url, { method: 'POST', body: 'SELECT version() FORMAT TabSeparated' })
  const text = (await answer.text()).trim()
  if (!answer.ok) throw new Error(`ClickHouse does not tell its version: ${text}`)
  return text
}

/** Pulls the image if need be. Test files call it before their tests, whose limits of time are not made for a download. */
export const prepareClickHouse = () => chooseEngine(CLICKHOUSE_IMAGE)

/**
 * Starts ClickHouse on a free port of loopback: the server in a container, or the engine in a process of its own that keeps
 * its data in the directory.
 */
export async function startClickHouse(directory: string): Promise<ClickHouseServer> {
  const chosen = await prepareClickHouse()
  const started = await (chosen.where === 'local' ? startOnChdb(directory) : startInContainer())
  const where = chosen.where === 'local' ? 'by chdb, behind HTTP' : 'in a container'
  const description = `ClickHouse ${await versionOf(started.url)} ${where}`
  sayEngine(description, chosen)
  return { ...started, description }
}

/** Loaded only where it is used, as `chooseEngine` loads what it asks. */
const startInContainer = async (): Promise<StartedClickHouse> =>
  (await import('./clickhouse-in-container.ts')).startClickHouseContainer()

if (import.meta.main) await serve(process.argv[2] as string, Number(process.argv[3]))
