/**
 * A sender tries to use up the containment of a tenant: caps bound what is contained by itself in an hour, and five invented
 * identities that contact a listed network reach one. What lives here since long has a cap of its own, through the running
 * service.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { planService, type RunningService, startService, until } from '../support/service.ts'
import { startWebhookReceiver, TEST_SECRET, type WebhookReceiver } from '../support/webhook-receiver.ts'

const MINUTES_3 = 180_000
const DAY_MS = 86_400_000
const PER_HOUR = 5

let directory: string
let receiver: WebhookReceiver
let service: RunningService

interface Held {
  readonly identity: string
  readonly status: string
  readonly status_reason: string
}
const held = async (): Promise<readonly Held[]> =>
  ((await service.get('/v1/quarantines?limit=100')) as { items: Held[] }).items
const of = async (identity: string): Promise<Held | undefined> =>
  (await held()).find((one) => one.identity === identity)

const contact = (identity: string): string =>
  JSON.stringify({
    identity,
    time: new Date().toISOString(),
    action: 'http_post',
    kind: 'tool',
    arguments: { url: 'https://www.moltbook.com/api/v1/posts' },
  })

async function send(path: string, body: string): Promise<void> {
  const answer = await service.post(path, body)
  expect([answer.status, await answer.text()]).toEqual([200, expect.any(String)])
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'moltwatch-containment-'))
  receiver = await startWebhookReceiver()
  const config = join(directory, 'moltwatch.yaml')
  const gate = { name: 'gate', type: 'webhook', url: receiver.url, secret: TEST_SECRET, allow_private: true }
  const policy = { preset: 'contain-agent-networks', caps: { per_hour: PER_HOUR, share_of_identities: 1 } }
  await writeFile(config, JSON.stringify({ sinks: [gate], policy }), { mode: 0o600 })
  service = await startService(await planService(join(directory, 'data'), config))
}, MINUTES_3)
afterAll(async () => {
  await service?.stop()
  await receiver?.close()
  await rm(directory, { recursive: true, force: true })
})

it('five invented identities do not use up the containment of one that lives here', {
  timeout: MINUTES_3,
}, async () => {
  const lived = Array.from({ length: 30 }, (_, day) =>
    JSON.stringify({
      identity: 'billing-bot',
      time: new Date(Date.now() - (30 - day) * DAY_MS).toISOString(),
      action: 'read_file',
      target: `inbox/${day}.txt`,
    }),
  )
  await send('/v1/events?history=1', lived.join('\n'))

  const invented = Array.from({ length: PER_HOUR }, (_, n) => `invented-${n}`)
  await send('/v1/events', invented.map(contact).join('\n'))
  await until(held, (all) => all.length === PER_HOUR)
  for (const { status } of await held()) expect(status).not.toBe('proposed')

  await send('/v1/events', contact('invented-more'))
  const more = await until(
    () => of('invented-more'),
    (one) => one !== undefined,
  )
  expect(more).toMatchObject({ status: 'proposed', status_reason: expect.stringContaining('new') })

  await send('/v1/events', contact('billing-bot'))
  const mine = await until(
    () => of('billing-bot'),
    (one) => one !== undefined,
  )
  expect(['requested', 'sent', 'acknowledged']).toContain(mine?.status)
})
