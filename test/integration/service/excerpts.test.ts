/**
 * The words behind an alarm in the whole service, whole bodies among them: beside the finding, in no webhook, and gone with the
 * identity that is forgotten.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { demoLoad } from '../../support/demo-load.ts'
import { planService, type RunningService, settled, startService, TOKEN, until } from '../../support/service.ts'
import { startWebhookReceiver, TEST_SECRET, type WebhookReceiver } from '../../support/webhook-receiver.ts'

const TELLING_CHARS = 40
const MINUTES_3 = 180_000
const MAIN = join(import.meta.dirname, '../../../services/main.ts')
let directory: string
let receiver: WebhookReceiver
let service: RunningService

interface Shown {
  readonly id: string
  readonly agent: string
  readonly excerpts: readonly { event_id: string; kind: string; text: string }[]
  readonly excerpts_note: string | null
}
const finding = async (id: string): Promise<Shown> => (await service.get(`/v1/findings/${id}`)) as Shown
const influenced = async (): Promise<readonly { id: string }[]> =>
  ((await service.get('/v1/findings?detector=intent/influenced-action&severity=high')) as { items: { id: string }[] })
    .items

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'moltwatch-excerpts-'))
  receiver = await startWebhookReceiver()
  const sink = { name: 'test', type: 'webhook', url: receiver.url, secret: TEST_SECRET, allow_private: true }
  const config = join(directory, 'moltwatch.yaml')
  await writeFile(config, JSON.stringify({ content: 'full', sinks: [{ ...sink, min_severity: 'high' }] }))
  service = await startService(await planService(join(directory, 'data'), config))
}, MINUTES_3)
afterAll(async () => {
  await service?.stop()
  await receiver?.close()
  await rm(directory, { recursive: true, force: true })
})

it('shows the order that the agent read and the whole bodies beside the finding, and sends them to nobody', {
  timeout: MINUTES_3,
}, async () => {
  const load = demoLoad(60)
  for (const line of load.lines) expect((await service.post('/v1/logs', line)).status).toBe(200)
  await settled(service, load.events)
  const [first] = await influenced()
  const shown = await until(
    () => finding(first?.id ?? ''),
    ({ excerpts }) => excerpts.length > 0,
  )
  expect(shown.excerpts.map(({ kind }) => kind)).toContain('order')
  expect(shown.excerpts.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['arguments', 'result']))
  expect(shown.excerpts_note).toBeNull()
  // What the user asked for is no evidence, and without it nobody can judge whether the order went beyond it.
  expect(shown.excerpts[0]?.kind).toBe('task')
  const url = `http://127.0.0.1:${service.plan.port}`
  const { stdout } = await promisify(execFile)(process.execPath, [MAIN, 'explain', shown.id, '--url', url], {
    env: { ...process.env, MOLTWATCH_TOKEN: TOKEN },
  })
  for (const said of ['the user asked: ', 'the agent read: ']) expect(stdout).toContain(said)
  await until(
    async () => receiver.received,
    (received) => received.length > 0,
  )
  const sent = JSON.stringify(receiver.received)
  // A short body, such as ok, may stand in anything.
  const words = shown.excerpts.filter(({ text }) => text.length >= TELLING_CHARS)
  expect(words.length).toBeGreaterThan(0)
  for (const { text } of words) expect(sent).not.toContain(JSON.stringify(text).slice(1, -1))
})

it('forgets them with the identity, on the command line', { timeout: MINUTES_3 }, async () => {
  const [first] = await influenced()
  const { agent } = await finding(first?.id ?? '')
  const url = `http://127.0.0.1:${service.plan.port}`
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [MAIN, 'forget', agent, '--reason', 'It was a drill.', '--url', url],
    { env: { ...process.env, MOLTWATCH_TOKEN: TOKEN } },
  )
  expect(stdout).toContain('applied: forgotten')
  const left = async (): Promise<number[]> => {
    const found = (await service.get(`/v1/findings?agent=${agent}`)) as { items: unknown[] }
    const events = (await service.get(`/v1/events/count?identity=${agent}`)) as { count: number }
    const incidents = (await service.get(`/v1/incidents?agent=${agent}`)) as { items: unknown[] }
    return [found.items.length, events.count, incidents.items.length]
  }
  await until(left, (counts) => counts.every((count) => count === 0))
  const { items } = (await service.get('/v1/commands?type=forget')) as { items: object[] }
  expect(items).toEqual([expect.objectContaining({ status: 'applied', by: 'admin', reason: 'It was a drill.' })])
})
