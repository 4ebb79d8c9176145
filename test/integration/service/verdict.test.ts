/**
 * Verdicts teach, through the public door: events are posted, a finding and its incident come, a person judges the incident
 * through the API, and what is posted after that is judged by what was taught. Three identities go through the same, so that
 * only the verdict makes the difference.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { planService, type RunningService, startService, until } from '../../support/service.ts'

const MINUTE_MS = 60_000
const BOTS = ['bot-unjudged', 'bot-benign', 'bot-stolen'] as const
type Bot = (typeof BOTS)[number]
interface Found {
  readonly id: string
  readonly agent: string
  readonly severity: string
}

let directory: string
let service: RunningService
const now = Date.now()

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'moltwatch-verdict-'))
  const config = join(directory, 'moltwatch.yaml')
  const detectors = { 'credential/new-source': { settings: { warm_up_ms: 0 } } }
  await writeFile(config, JSON.stringify({ detection: { detectors } }))
  service = await startService(await planService(join(directory, 'data'), config))
}, 180_000)
afterAll(async () => {
  await service?.stop()
  await rm(directory, { recursive: true, force: true })
})

const act = (bot: Bot, minutesAgo: number, fields: object): object => ({
  id: `${bot}-${minutesAgo}`,
  time: new Date(now - minutesAgo * MINUTE_MS).toISOString(),
  identity: bot,
  owner: bot,
  principal_kind: 'service',
  kind: 'api',
  action: 'report.read',
  target: 'report/1',
  outcome: 'success',
  credential: `key-${bot}`,
  source_address: '198.51.100.7',
  user_agent: 'sdk/1.0',
  ...fields,
})

async function post(events: readonly object[]): Promise<void> {
  const answer = await service.post('/v1/events', JSON.stringify(events))
  expect(answer.status, await answer.text()).toBeLessThan(300)
}

const found = async (): Promise<readonly Found[]> => {
  const { items } = (await service.get('/v1/findings?limit=1000&detector=credential/new-source')) as { items: Found[] }
  return items
}
const of = (all: readonly Found[], bot: Bot, severity: string): readonly Found[] =>
  all.filter((one) => one.agent === bot && one.severity === severity)

async function judge(bot: Bot, verdict: string): Promise<void> {
  type Incidents = { items: { id: string; agent: string; verdict: string | null }[] }
  const incident = async () =>
    ((await service.get('/v1/incidents?limit=100')) as Incidents).items.find(({ agent }) => agent === bot)
  const before = await until(incident, (one) => one !== undefined)
  const answer = await service.post(
    `/v1/incidents/${before?.id}/triage`,
    JSON.stringify({ verdict, reason: 'Asked the owner.' }),
  )
  expect(answer.status, await answer.text()).toBe(202)
  await until(incident, (one) => one?.verdict === verdict)
}

it('learns what a person calls benign at once, and never by itself what was an attack', {
  timeout: 300_000,
}, async () => {
  const stamped = (bot: Bot): object[] =>
    Array.from({ length: 40 }, (_, n) => act(bot, 170 - n, { instance: `${bot}-1` }))
  await post(BOTS.flatMap(stamped))
  await post(BOTS.map((bot) => act(bot, 120, {})))
  await until(found, (all) => BOTS.every((bot) => of(all, bot, 'medium').length === 1))

  await judge('bot-benign', 'benign')
  await judge('bot-stolen', 'true_positive')

  // From elsewhere, and again without the name of a copy: grave, unless a person has said that it is no matter.
  await post([
    act('bot-unjudged', 20, { source_address: '203.0.113.9' }),
    act('bot-benign', 20, { source_address: '203.0.113.9' }),
    act('bot-stolen', 20, {}),
  ])
  const all = await until(
    found,
    (some) => of(some, 'bot-unjudged', 'high').length === 1 && of(some, 'bot-stolen', 'medium').length === 2,
  )
  const told = await until(found, (some) =>
    some.some(({ agent, severity }) => agent === 'bot-benign' && severity === 'low'),
  )
  expect(of(told, 'bot-benign', 'high')).toEqual([])
  expect(of(told, 'bot-benign', 'medium')).toEqual(of(all, 'bot-benign', 'medium'))
})
