/**
 * The service as people run it, with a leak list beside its configuration: a listed secret is told on its first use, a list
 * that changes is taken up without a restart, a bad line is refused, and a kill loses nothing of it.
 */
import { hash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { PATIENCE_MS } from '../../support/patience.ts'
import { planService, type RunningService, startService, until } from '../../support/service.ts'

/** Two starts of the whole service and a kill, on a machine that may do much else. */
const MINUTES_5 = 300_000
const sha = (secret: string): string => hash('sha256', secret, 'hex')
let folder: string
let service: RunningService | undefined

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'moltwatch-leaks-'))
})
afterAll(async () => {
  await service?.kill()
  rmSync(folder, { recursive: true, force: true })
})

const running = (): RunningService => service as RunningService
const logged = (text: string | RegExp): Promise<boolean> =>
  until(
    async () => (typeof text === 'string' ? running().log().includes(text) : text.test(running().log())),
    (isThere) => isThere,
  )
async function act(agent: string, secret: string): Promise<void> {
  const event = { agent, action: 'query_orders', credential_secret: secret, id: `${agent} ${secret}` }
  expect((await running().post('/v1/events', JSON.stringify(event))).status).toBeLessThan(300)
}
const told = (agents: readonly string[]): Promise<unknown> =>
  until(
    async () => {
      const { items } = (await running().get('/v1/findings?detector=credential/leaked-credential')) as {
        items: readonly { agent: string }[]
      }
      return items.map(({ agent }) => agent).sort()
    },
    (found) => found.join() === agents.join(),
    2 * PATIENCE_MS,
  )

it('tells the use of a listed secret, through changes of the list and a kill', { timeout: MINUTES_5 }, async () => {
  const config = join(folder, 'moltwatch.yaml')
  writeFileSync(config, '')
  const lists = join(folder, 'lists', 'leaked-credentials')
  mkdirSync(lists, { recursive: true })
  const list = (...lines: string[]): void => writeFileSync(join(lists, 'found.txt'), `# found\n${lines.join('\n')}\n`)
  list(sha('sk-first'))
  const plan = await planService(join(folder, 'data'), config)
  service = await startService(plan)
  await logged(/"entries":1,.*every partition holds the leak list/)
  await act('agent-a', 'sk-first')
  await act('agent-b', 'sk-second')
  await told(['agent-a'])

  list(sha('sk-first'), sha('sk-second'))
  await logged(/"entries":2,.*every partition holds the leak list/)
  await act('agent-c', 'sk-second')
  await told(['agent-a', 'agent-c'])

  list(sha('sk-first'), 'sk-third')
  await logged('found.txt:3: is not a SHA-256 in 64 hex digits')
  expect(running().log()).not.toContain('sk-third')
  await running().kill()
  service = await startService(plan)
  await act('agent-d', 'sk-second')
  await told(['agent-a', 'agent-c', 'agent-d'])
})
