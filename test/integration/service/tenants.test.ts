/**
 * The service as people run it, with settings of one tenant beside its configuration: they lie over those of all for this
 * tenant alone, a change is taken up without a restart, a bad file is refused by line and column, and a kill loses nothing.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { PATIENCE_MS } from '../../support/patience.ts'
import { planService, type RunningService, startService, until } from '../../support/service.ts'

/** Two starts of the whole service and a kill, on a machine that may do much else. */
const MINUTES_5 = 300_000
/** What a failure shows of the service's log. */
const LINES_SHOWN = 3
const DETECTOR = 'peer/known-agent-network'
const TOKENS = { acme: 'mw_token_of_acme_0123456789abcdef', globex: 'mw_token_of_globex_0123456789abcd' }
type Tenant = keyof typeof TOKENS
let folder: string
let service: RunningService | undefined

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'moltwatch-tenants-'))
})
afterAll(async () => {
  await service?.kill()
  rmSync(folder, { recursive: true, force: true })
})

const running = (): RunningService => service as RunningService
async function asks(tenant: Tenant, path: string, body?: object): Promise<unknown> {
  // A busy service asks its senders to come again.
  const answer = await until(
    () =>
      fetch(`http://127.0.0.1:${running().plan.port}${path}`, {
        method: body === undefined ? 'GET' : 'POST',
        headers: { authorization: `Bearer ${TOKENS[tenant]}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    ({ status }) => status !== 503,
  )
  expect(answer.status).toBeLessThan(300)
  return answer.json()
}
/** Every tenant's agent of this name meets a listed network. */
async function meet(agent: string): Promise<void> {
  for (const tenant of ['acme', 'globex'] as const) {
    await asks(tenant, '/v1/events', { agent, action: 'fetch', peer: 'www.moltbook.com', id: `${agent} of ${tenant}` })
  }
}
const told = (tenant: Tenant, wanted: readonly string[]): Promise<unknown> =>
  until(
    async () => {
      const { items } = (await asks(tenant, `/v1/findings?detector=${DETECTOR}`)) as {
        items: readonly { agent: string; severity: string }[]
      }
      return items.map(({ agent, severity }) => `${agent} ${severity}`).sort()
    },
    (found) => found.join() === wanted.join(),
    2 * PATIENCE_MS,
  )
async function logged(pattern: RegExp): Promise<void> {
  const newest = (): string => running().log().split('\n').slice(-LINES_SHOWN).join('\n')
  await until(
    async () => (pattern.test(running().log()) ? 'logged' : newest()),
    (answer) => answer === 'logged',
  )
}

it('gives each tenant its own settings, through changes and a kill', { timeout: MINUTES_5 }, async () => {
  const config = join(folder, 'moltwatch.yaml')
  const tokens = Object.entries(TOKENS).map(([tenant, token]) => ({ name: tenant, tenant, token, role: 'admin' }))
  const detectors = { [DETECTOR]: { severity: 'low' } }
  writeFileSync(config, JSON.stringify({ tokens, detection: { detectors } }))
  const room = join(folder, 'tenants', 'acme')
  mkdirSync(room, { recursive: true })
  const own = (key: string, value: string): void =>
    writeFileSync(join(room, 'detection.yaml'), `detection:\n  detectors:\n    ${DETECTOR}:\n      ${key}: ${value}\n`)
  own('severity', 'critical')
  const plan = await planService(join(folder, 'data'), config)
  service = await startService(plan)
  await logged(/"tenant":"acme".*every partition holds the section detection/)
  await meet('agent-a')
  await told('acme', ['agent-a critical'])
  await told('globex', ['agent-a low'])

  own('severty', 'high')
  await logged(
    /"file":"[^"]*detection\.yaml","line":4,"column":7,"path":"detection\.detectors\S+\.severty","message":"unknown key/,
  )
  await meet('agent-b')
  await told('acme', ['agent-a critical', 'agent-b critical'])

  own('enabled', 'false')
  await logged(/"tenant":"acme".*(?:every partition holds the section detection[^]*){2}/)
  await running().kill()
  service = await startService(plan)
  await meet('agent-c')
  await told('globex', ['agent-a low', 'agent-b low', 'agent-c low'])
  await told('acme', ['agent-a critical', 'agent-b critical'])
})
