/**
 * An analyst of one tenant tries to stop the responder of all with commands, through the public API of a running service;
 * and a responder that can do nothing more ends its process instead of leaving a shell that answers.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, expect, it } from 'vitest'
import { LIMITS } from '../../schemas/limits.ts'
import { planService, type RunningService, startService, until } from '../support/service.ts'
import { startWebhookReceiver, TEST_SECRET, type WebhookReceiver } from '../support/webhook-receiver.ts'

const MINUTES_5 = 300_000
const HOSTILE = 'mw_hostile_analyst_0123456789'
const VICTIM = 'mw_victim_admin_0123456789'

let directory: string | undefined
let service: RunningService | undefined
let receiver: WebhookReceiver | undefined

afterEach(async () => {
  await service?.kill().catch(() => undefined)
  await receiver?.close()
  if (directory !== undefined) await rm(directory, { recursive: true, force: true })
  service = undefined
  receiver = undefined
  directory = undefined
})

const urlOf = ({ plan }: RunningService): string => `http://127.0.0.1:${plan.port}`
const post = (at: RunningService, token: string, path: string, body: unknown): Promise<Response> =>
  fetch(`${urlOf(at)}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
const isReady = async (at: RunningService): Promise<boolean> => (await fetch(`${urlOf(at)}/readyz`)).status === 200

async function begin(): Promise<RunningService> {
  directory = await mkdtemp(join(tmpdir(), 'moltwatch-hostile-'))
  receiver = await startWebhookReceiver()
  const config = join(directory, 'moltwatch.yaml')
  const token = (name: string, text: string, tenant: string, role: string) => ({ name, token: text, tenant, role })
  await writeFile(
    config,
    JSON.stringify({
      tokens: [token('mallory', HOSTILE, 'acme', 'analyst'), token('vera', VICTIM, 'globex', 'admin')],
      sinks: [
        {
          name: 'gate',
          type: 'webhook',
          tenant: 'globex',
          url: receiver.url,
          secret: TEST_SECRET,
          allow_private: true,
        },
      ],
    }),
  )
  service = await startService(await planService(join(directory, 'data'), config))
  return service
}

/** The victim orders a quarantine, and its gate hears of it. */
async function victimActs(at: RunningService, identity: string): Promise<void> {
  const answer = await post(at, VICTIM, '/v1/quarantines', { identity, reason: 'stolen', force: true })
  expect(answer.status).toBe(202)
  await receiver!.until((all) =>
    all.some(
      ({ event, verified }) => verified && event.type === 'quarantine.requested' && event.data['identity'] === identity,
    ),
  )
}

it(
  'one tenant cannot stop the responder of all with 2,240 suppressions',
  async () => {
    let at = await begin()
    const statuses = new Map<number, number>()
    const end = new Date(Date.now() + 86_400_000).toISOString()
    const send = async (n: number): Promise<void> => {
      // As long as they may be: what grew one record over what the log takes.
      const agent = `${n}-${'a'.repeat(200)}`
      const reason = 'r'.repeat(LIMITS.why_chars_max)
      const body = { type: 'suppress', detector: 'lateral/recon-burst', agent, reason, until: end }
      const { status } = await post(at, HOSTILE, '/v1/commands', body)
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
    }
    for (let n = 0; n < 2_240; n += 8) await Promise.all(Array.from({ length: 8 }, (_, i) => send(n + i)))
    // Those that wait are bounded, too.
    for (const status of statuses.keys()) expect([202, 409, 429]).toContain(status)
    for (let n = 2_240; !statuses.has(409); n++) await send(n)
    expect(await isReady(at)).toBe(true)
    await victimActs(at, 'victim-1')
    const answer = await post(at, HOSTILE, '/v1/commands', {
      type: 'suppress',
      detector: '*',
      reason: 'all',
      until: end,
    })
    expect(answer.status).toBe(403)

    expect(await at.stop()).toBe(0)
    at = service = await startService(at.plan)
    expect(await isReady(at)).toBe(true)
    await victimActs(at, 'victim-2')
    expect(await at.stop()).toBe(0)
  },
  MINUTES_5,
)

it(
  'a responder that can do nothing more ends its process with the reason, and frees the ports',
  async () => {
    let at = await begin()
    expect(await at.stop()).toBe(0)
    // A log that refuses one record for good, as no promise of the log allows: memory and log would differ.
    const database = new DatabaseSync(join(at.plan.data, 'log', 'log.sqlite'))
    database.exec(`CREATE TRIGGER planted BEFORE INSERT ON compacted WHEN NEW.key LIKE 'switch/%'
      BEGIN SELECT RAISE(ABORT, 'planted by a test'); END`)
    database.close()
    at = service = await startService(at.plan)
    expect((await post(at, VICTIM, '/v1/commands', { type: 'stop', reason: 'x' })).status).toBe(202)
    expect(await at.ended).toBe(70)
    expect(at.log()).toContain('this process can do nothing more and ends: start it again')
    expect(at.log()).toContain('planted by a test')
    await until(
      () =>
        fetch(`${urlOf(at)}/healthz`).then(
          () => 'open',
          () => 'free',
        ),
      (port) => port === 'free',
    )
  },
  MINUTES_5,
)
