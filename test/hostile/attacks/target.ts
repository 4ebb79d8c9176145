/**
 * A service to attack: started from any checkout of this repository, in an empty data directory on free loopback ports, with
 * one file of configuration that is valid from be0bc55 on. What an attack sees of it is what anybody with a token sees over
 * HTTP, and what the operating system tells of the process.
 */
import { readFileSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { planService, type RunningService, startService } from '../../support/service.ts'

/** Clock ticks a second of /proc (USER_HZ), 100 on every Linux. */
const TICKS_PER_S = 100
const POLL_MS = 250

const spec = (name: string, tenant: string, role: string, scopes: readonly string[] = ['live', 'history']) => ({
  name,
  token: `${name}-of-the-attacks-0123456789`,
  tenant,
  role,
  scopes,
})
/** Two tenants. `sender` is what the role was called at be0bc55; it still means the same. */
const TOKENS = {
  /** A sender of the attacked tenant, such as its log shipper, and another one, which somebody else has. */
  sends: spec('sends', 'globex', 'sender'),
  insider: spec('insider', 'globex', 'sender'),
  asks: spec('asks', 'globex', 'admin'),
  /** Everything that another tenant has. */
  stranger: spec('stranger', 'acme', 'sender'),
  analyst: spec('analyst', 'acme', 'analyst'),
}
export type Who = keyof typeof TOKENS
export const TENANT_OF_VICTIM = TOKENS.sends.tenant
export const TENANT_OF_STRANGER = TOKENS.stranger.tenant

export interface Answer {
  /** 0 where there was none. */
  readonly status: number
  readonly body: string
}

interface Asked {
  readonly headers?: Readonly<Record<string, string>>
  /** Gives up after so long, and answers status 0. */
  readonly msMax?: number
}

export type Item = Readonly<Record<string, unknown>>

export interface Target {
  readonly service: () => RunningService
  /** Stops it with SIGKILL and starts it over the same data. False where it does not become ready. */
  restart(): Promise<boolean>
  readonly data: string
  /** How long the effect of something is waited for. */
  readonly patienceMs: number
  send(who: Who, events: readonly object[], path?: string): Promise<Answer>
  post(who: Who, path: string, body: string | Uint8Array, asked?: Asked): Promise<Answer>
  get(who: Who, path: string): Promise<Answer>
  /** The items of a list, its first thousand, once it can be asked. */
  list(path: string, who?: Who): Promise<readonly Item[]>
  /** Whether the list comes to hold what is waited for. */
  comes(path: string, is: (item: Item) => boolean, who?: Who): Promise<boolean>
  /** CPU time that the process has used, all threads, in s. */
  cpuSeconds(): number
  readonly headerOf: (who: Who) => string
}

const DEFAULT_MS = 120_000

function doorOf(first: RunningService, data: string, patienceMs: number): Target {
  let service = first
  const base = (path: string): string => {
    const { port, otlpPort } = service.plan
    return `http://127.0.0.1:${path.startsWith('/v1/logs') ? otlpPort : port}${path}`
  }
  const headerOf = (who: Who): string => `Bearer ${TOKENS[who].token}`
  const ask = (path: string, init: RequestInit, msMax = DEFAULT_MS): Promise<Answer> =>
    fetch(base(path), { ...init, signal: AbortSignal.timeout(msMax) }).then(
      async (answer) => ({ status: answer.status, body: await answer.text() }),
      () => ({ status: 0, body: '' }),
    )
  const post: Target['post'] = (who, path, body, { headers, msMax } = {}) =>
    ask(
      path,
      {
        method: 'POST',
        headers: { authorization: headerOf(who), 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : Buffer.from(body),
      },
      msMax,
    )
  const get: Target['get'] = (who, path) => ask(path, { headers: { authorization: headerOf(who) } })
  const list: Target['list'] = async (path, who = 'asks') => {
    const answer = await get(who, `${path}${path.includes('?') ? '&' : '?'}limit=1000`)
    return answer.status === 200 ? (JSON.parse(answer.body) as { items: Record<string, unknown>[] }).items : []
  }
  return {
    service: () => service,
    async restart() {
      await service.kill()
      try {
        service = await startService(service.plan)
        return true
      } catch {
        return false
      }
    },
    data,
    patienceMs,
    post,
    get,
    list,
    headerOf,
    send: (who, events, path = '/v1/events') => post(who, path, JSON.stringify(events)),
    async comes(path, is, who) {
      for (const end = Date.now() + patienceMs; Date.now() < end; await sleep(POLL_MS))
        if ((await list(path, who)).some(is)) return true
      return false
    },
    cpuSeconds() {
      // Fields 14 and 15 of proc(5), counted behind the name in brackets.
      const fields = readFileSync(`/proc/${service.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
      return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S
    },
  }
}

export interface Place {
  /** Root of the checkout whose service is attacked; absent: this one. */
  readonly checkout?: string
  readonly patienceMs: number
}

/** Starts a service for one attack, and removes all of it afterwards. */
export async function withTarget<T>({ checkout, patienceMs }: Place, run: (target: Target) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'moltwatch-attacks-'))
  const config = join(directory, 'moltwatch.yaml')
  const data = join(directory, 'data')
  // Made by somebody else beforehand, open to everybody.
  await mkdir(data)
  await chmod(data, 0o755)
  const gate = {
    name: 'gate',
    type: 'webhook',
    tenant: TENANT_OF_VICTIM,
    url: 'http://127.0.0.1:9/',
    secret: `whsec_${Buffer.alloc(24, 7).toString('base64')}`,
    allow_private: true,
  }
  const policy = { preset: 'contain-agent-networks', caps: { per_hour: 5, share_of_identities: 1 } }
  const file = { sinks: [gate], policy, tokens: Object.values(TOKENS) }
  await writeFile(config, JSON.stringify(file), { mode: 0o600 })
  const plan = await planService(data, config)
  const target = doorOf(await startService(checkout === undefined ? plan : { ...plan, checkout }), data, patienceMs)
  try {
    return await run(target)
  } finally {
    await target.service().kill()
    await rm(directory, { recursive: true, force: true })
  }
}
