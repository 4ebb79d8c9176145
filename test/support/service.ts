/** Runs the real service as a child process on free loopback ports, for tests that kill it, restart it and ask it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePorts } from '../../infra/local/free-ports.ts'
import { createAsker, TryAgain } from './asker.ts'
import { PATIENCE_MS } from './patience.ts'

/** How much of what it says is kept: its newest. */
const LOG_CHARS_MAX = 2_000_000
const ROOT = join(import.meta.dirname, '../..')

export const TOKEN = 'mw_token_of_the_tests_0123456789'

const asker = createAsker(TOKEN)
const urlOf = ({ port }: ServicePlan): string => `http://127.0.0.1:${port}`

export interface ServicePlan {
  readonly data: string
  readonly port: number
  readonly otlpPort: number
  readonly config?: string
  /** Root of another checkout whose service is meant. */
  readonly checkout?: string
}

export interface RunningService {
  readonly plan: ServicePlan
  readonly pid: number
  /** kill -9, and waits until the process is gone. */
  kill(): Promise<void>
  /** SIGTERM, and waits; answers the exit code. Throws with its log if something else than its end ended it. */
  stop(): Promise<number>
  /** Resolves with the exit code when the process has ended, by itself or not. */
  readonly ended: Promise<number | null>
  get(path: string): Promise<unknown>
  post(path: string, body: string, type?: string): Promise<Response>
  /** What it wrote to standard error so far. */
  log(): string
  /** What it printed so far. */
  output(): string
}

/** A port of loopback that is free now. */
export async function freePort(): Promise<number> {
  const [port] = await freePorts(1)
  return port!
}

export async function planService(data: string, config?: string): Promise<ServicePlan> {
  return { data, port: await freePort(), otlpPort: await freePort(), ...(config === undefined ? {} : { config }) }
}

/** Starts the service and resolves when it is ready. Throws with its log where it is not in time. */
export async function startService(plan: ServicePlan): Promise<RunningService> {
  const options = ['start', '--data', plan.data, '--port', String(plan.port), '--otlp-port', String(plan.otlpPort)]
  if (plan.config !== undefined) options.push('--config', plan.config)
  // As `npm start` does.
  const child = spawn(
    process.execPath,
    ['--v8-pool-size=1', join(plan.checkout ?? ROOT, 'services/main.ts'), ...options],
    {
      env: { ...process.env, MOLTWATCH_TOKEN: TOKEN, UV_THREADPOOL_SIZE: '16' },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  let log = ''
  child.stderr.on('data', (chunk: Buffer) => {
    log = (log + chunk.toString()).slice(-LOG_CHARS_MAX)
  })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-20_000)
  })
  const service = handle(plan, child, { log: () => log, output: () => output })
  const deadline = Date.now() + PATIENCE_MS
  while (Date.now() < deadline) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`the service ended before it was ready:\n${log}`)
    const ready = await fetch(`http://127.0.0.1:${plan.port}/readyz`).then(
      (answer) => answer.status === 200,
      () => false,
    )
    if (ready) return service
    await sleep(50)
  }
  await service.kill()
  throw new Error(`the service was not ready within ${PATIENCE_MS} ms:\n${log}`)
}

function handle(plan: ServicePlan, child: ChildProcess, said: Pick<RunningService, 'log' | 'output'>): RunningService {
  // Behind its exit come the last lines that it wrote.
  const gone = once(child, 'close') as Promise<[code: number | null, signal: NodeJS.Signals | null]>
  const headers = { authorization: `Bearer ${TOKEN}` }
  return {
    plan,
    pid: child.pid ?? 0,
    ...said,
    ended: gone.then(([code]) => code),
    async kill() {
      child.kill('SIGKILL')
      await gone
    },
    async stop() {
      child.kill('SIGTERM')
      const [code, signal] = await gone
      if (code === null) throw new Error(`the service was ended by ${signal}:\n${said.log()}`)
      return code
    },
    get: (path) => asker.get(`${urlOf(plan)}${path}`),
    post: (path, body, type = 'application/json') =>
      fetch(`http://127.0.0.1:${path === '/v1/logs' ? plan.otlpPort : plan.port}${path}`, {
        method: 'POST',
        headers: { ...headers, 'content-type': type },
        body,
      }),
  }
}

/** The ids of all findings that the API lists. */
export const findingIds = ({ plan }: RunningService): Promise<string[]> => asker.findingIds(urlOf(plan))

/**
 * Asks until `settled` says that the answer is the wanted one; throws what it saw last when time is up. An answer that says
 * "try again", as that of a warehouse which is still opening, is no answer yet.
 */
export async function until<T>(
  ask: () => Promise<T>,
  settled: (answer: T) => boolean,
  msMax = PATIENCE_MS,
): Promise<T> {
  const deadline = Date.now() + msMax
  for (let last: unknown; ; await sleep(200)) {
    try {
      const answer = await ask()
      if (settled(answer)) return answer
      last = answer
    } catch (error) {
      if (!(error instanceof TryAgain)) throw error
      last = error.message
    }
    if (Date.now() > deadline) {
      throw new Error(`not settled within ${msMax} ms; last: ${JSON.stringify(last)?.slice(-500)}`)
    }
  }
}

/** Waits until all events are stored and the set of findings has not changed for a while. */
export async function settled(service: RunningService, expected: number): Promise<string[]> {
  await until(
    () => service.get('/v1/events/count') as Promise<{ count: number }>,
    ({ count }) => count >= expected,
  )
  let last = ''
  let same = 0
  return until(
    () => findingIds(service),
    (ids) => {
      same = ids.join() === last ? same + 1 : 0
      last = ids.join()
      return same >= 20
    },
  )
}
