/** What a running service takes from its changed file at once: tokens, their sessions, and how much the log may hold. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { planService, type RunningService, startService, until } from '../../support/service.ts'

const MINUTES_2 = 120_000
let directory: string
let file: string
let service: RunningService

const token = (name: string, role: string, more: object) => ({ name, role, ...more })
const write = (tokens: readonly object[], retention = {}): Promise<void> =>
  writeFile(file, JSON.stringify({ tokens, retention }))

/** The status of a request with this token, or with the cookie of a session. */
async function status(path: string, headers: Record<string, string>, body?: string): Promise<number> {
  const url = `http://127.0.0.1:${path === '/v1/logs' ? service.plan.otlpPort : service.plan.port}${path}`
  const post = body === undefined ? {} : { method: 'POST', body }
  const answer = await fetch(url, { headers: { 'content-type': 'application/json', ...headers }, ...post })
  await answer.arrayBuffer()
  return answer.status
}
const bearer = (text: string) => ({ authorization: `Bearer ${text}` })
const EMPTY = '{"resourceLogs":[]}'

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'moltwatch-reload-'))
  file = join(directory, 'moltwatch.yaml')
  await writeFile(join(directory, 'shipper'), 'first-shipper\n')
  await write([
    token('ana', 'analyst', { token: 'ana-1' }),
    token('shipper', 'sender', { token_file: join(directory, 'shipper') }),
  ])
  service = await startService(await planService(join(directory, 'data'), file))
}, MINUTES_2)

afterAll(async () => {
  await service?.stop()
  await rm(directory, { recursive: true, force: true })
})

it('refuses a token that was taken out, and the session opened by it, at once', { timeout: MINUTES_2 }, async () => {
  expect(await status('/v1/quarantines', bearer('ana-1'))).toBe(200)
  const opened = await fetch(`http://127.0.0.1:${service.plan.port}/console/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token: 'ana-1' }),
  })
  const session = { cookie: opened.headers.getSetCookie()[0]?.split(';')[0] ?? '' }
  expect(await status('/v1/quarantines', session)).toBe(200)
  await write([token('ana', 'analyst', { token: 'ana-2' })])
  await until(
    () => status('/v1/quarantines', bearer('ana-2')),
    (code) => code === 200,
  )
  expect(await status('/v1/quarantines', bearer('ana-1'))).toBe(401)
  expect(await status('/v1/quarantines', session)).toBe(401)
  expect(await status('/v1/logs', bearer('first-shipper'), EMPTY)).toBe(401)
  expect(service.log()).toContain('tokens have changed')
})

it('takes the token that a changed file holds, and keeps what is in force where it cannot be read', async () => {
  const named = [token('shipper', 'sender', { token_file: join(directory, 'shipper') })]
  await write(named)
  const answers = (text: string): Promise<number> => status('/v1/logs', bearer(text), EMPTY)
  await until(
    () => answers('first-shipper'),
    (code) => code === 200,
  )
  await writeFile(join(directory, 'shipper'), 'second-shipper')
  await until(
    () => answers('second-shipper'),
    (code) => code === 200,
  )
  expect(await answers('first-shipper')).toBe(401)
  await rm(join(directory, 'shipper'))
  await until(
    async () => service.log(),
    (log) => log.includes('what was read before stays in force'),
  )
  expect(await answers('second-shipper')).toBe(200)
})

it('takes how long the log keeps', async () => {
  await write([], { log_bytes_max: 64 * 1024 * 1024 })
  await until(
    async () => service.log(),
    (log) => log.includes('"log_bytes_max":67108864'),
  )
})

it('counts the time that an answer of the collector took', async () => {
  const metrics = await (await fetch(`http://127.0.0.1:${service.plan.port}/metrics`)).text()
  const seconds = /request_seconds_sum\{service="collector",route="\/v1\/logs"\} (\S+)/.exec(metrics)?.[1]
  expect(Number(seconds)).toBeGreaterThan(0)
})
