/**
 * A server that speaks as much of ClickHouse's HTTP interface as @clickhouse/client uses, on the real engine (chdb), for
 * machines without Docker. Run as a program it serves the directory that it is given, prints its address, and ends when its
 * standard input closes: it cannot outlive whoever started it.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import { buffer } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { createChdbConnection } from 'chdb/connection'

type Engine = ReturnType<typeof createChdbConnection>

/** The statement stands in the body, or its start in the query string and the rest in the body. */
async function statementOf(request: IncomingMessage) {
  const search = new URL(request.url ?? '/', 'http://server').searchParams
  const params = [...search].flatMap(([key, value]) => (key.startsWith('param_') ? [[key.slice(6), value]] : []))
  const text = (await buffer(request)).toString('utf8')
  const start = search.get('query')
  return {
    query: start === null ? text : `${start}\n${text}`,
    query_params: Object.fromEntries(params) as Record<string, string>,
  }
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
  const server = createServer((request, response) => {
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

export interface ClickHouseServer {
  readonly url: string
  /** Ends it; nothing answers any more. What is stored stays. */
  pause(): Promise<void>
  /** Starts it again at the same address with what it had stored. */
  resume(): Promise<void>
  close(): Promise<void>
}

interface ServerProcess {
  readonly url: string
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
    async end() {
      child.stdin!.end()
      await gone
    },
  }
}

/** Starts the server in a process of its own on a free port of loopback. */
export async function startClickHouse(directory: string): Promise<ClickHouseServer> {
  const first = await startProcess(directory, 0)
  let running: ServerProcess | undefined = first
  const end = async (): Promise<void> => {
    await running?.end()
    running = undefined
  }
  return {
    url: first.url,
    pause: end,
    async resume() {
      running ??= await startProcess(directory, Number(new URL(first.url).port))
    },
    close: end,
  }
}

if (import.meta.main) await serve(process.argv[2] as string, Number(process.argv[3]))
