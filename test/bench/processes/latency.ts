/**
 * How long it takes from the answer to a request until what it caused is heard of: at a receiver of signed webhooks, and in
 * `GET /v1/findings`. Requests trickle in, each by an identity of its own, so that each causes one finding.
 *
 * Stage one: contact with a listed network of agents. Stage two: a known identity comes from another network with another
 * client, and the second half waits two seconds by design for what others know of the source.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { WebhookReceiver } from '../../support/webhook-receiver.ts'
import { createAsker } from '../../support/asker.ts'
import { TOKEN } from '../../support/service.ts'
import { createNumbers } from '../lib/workload.ts'
import { type Quantiles, quantilesOf, readMetrics, sumIn } from './figures.ts'
import { createSender } from './load.ts'
import type { System } from './room.ts'
import { until } from './waiting.ts'

const HOUR_MS = 3_600_000
/** What makes an identity known: this many events, this far apart. */
const HABIT_EVENTS = 30
const HABIT_EVERY_MS = 8 * HOUR_MS
const POSTED_TOGETHER = 500
const LIST_EVERY_MS = 50
const SETTLE_MS = 3_000
const LATE_MS_MAX = 30_000
const POST_MS_MAX = 120_000

export type StageNumber = 'one' | 'two'

export interface Latency {
  readonly stage: StageNumber
  readonly webhook_ms: Quantiles
  readonly listed_ms: Quantiles
}

export interface Trickle {
  /** Tells apart what is sent to one system in several measurements. */
  readonly name: string
  readonly requests: number
  readonly perSecond: number
}

const DETECTOR: Readonly<Record<StageNumber, string>> = {
  one: 'peer/known-agent-network',
  two: 'credential/new-source',
}

/** An address in a network that only the n-th identity of a trickle uses; `series` is its first byte. */
const addressOf = (series: number, n: number): string => `${series}.${Math.floor(n / 256)}.${n % 256}.10`

/** What tells the trickles of one system apart by address, too. */
const seriesOf = (name: string): number => 40 + (Buffer.from(name).reduce((sum, byte) => sum + byte, 0) % 26)

const act = (agent: string, more: object): object => ({
  identity: agent,
  owner: `owner of ${agent}`,
  principal_kind: 'service',
  kind: 'api',
  outcome: 'success',
  ...more,
})

const contact = (agent: string, time: number): object =>
  act(agent, { id: `${agent} ${time}`, time, kind: 'tool', action: 'http_get', peer: 'www.moltbook.com' })

const call = (agent: string, time: number, address: string, client: string): object =>
  act(agent, {
    id: `${agent} ${time}`,
    time,
    action: 's3:GetObject',
    target: 'bucket/report',
    source_address: address,
    user_agent: client,
  })

const CLIENT = 'Boto3/1.40.2 md/Botocore#1.40.2 lang/python#3.13'
const OTHER_CLIENT = 'aws-cli/2.31.0 md/awscrt#0.27 lang/python#3.12'

const agentsOf = (stage: StageNumber, { name, requests }: Trickle): string[] =>
  Array.from({ length: requests }, (_, n) => `${name}-${stage}-${n}`)

const bodyOf = (events: readonly object[]): Buffer => Buffer.from(JSON.stringify(events))

/** Gives each identity a habit, and waits until the detectors know it. */
async function prepare(system: System, agents: readonly string[], series: number): Promise<void> {
  const now = Date.now()
  const events = agents.flatMap((agent, n) =>
    Array.from({ length: HABIT_EVENTS }, (_, i) =>
      call(agent, now - (HABIT_EVENTS - i) * HABIT_EVERY_MS, addressOf(series, n), CLIENT),
    ),
  )
  const processed = async (): Promise<number> =>
    sumIn(await readMetrics(system.services), 'events_processed_total', 'stage="one"')
  const before = await processed()
  const sender = createSender(1)
  for (let from = 0; from < events.length; from += POSTED_TOGETHER) {
    await sender.post(`${system.door}/v1/events`, bodyOf(events.slice(from, from + POSTED_TOGETHER)))
  }
  sender.close()
  await until('the habits are learned', async () => (await processed()) >= before + events.length, POST_MS_MAX, 200)
  await sleep(SETTLE_MS)
}

interface Listed {
  readonly items: readonly { readonly agent: string }[]
}

/** Measures one trickle. Throws where a finding does not come. */
export async function measureLatency(
  system: System,
  receiver: WebhookReceiver,
  stage: StageNumber,
  trickle: Trickle,
): Promise<Latency> {
  const agents = agentsOf(stage, trickle)
  const series = seriesOf(trickle.name)
  if (stage === 'two') await prepare(system, agents, series)
  const mine = new Set(agents)
  const answered = new Map<string, number>()
  const heard = new Map<string, number>()
  const listed = new Map<string, number>()
  const note = (times: Map<string, number>, agent: string): void => {
    if (mine.has(agent) && !times.has(agent)) times.set(agent, performance.now())
  }
  receiver.answer = ({ verified, event }) => {
    const { agent = '', detector = '' } = event.data as { agent?: string; detector?: string }
    if (verified && detector === DETECTOR[stage]) note(heard, agent)
    return 200
  }
  const { get } = createAsker(TOKEN)
  const path = `/v1/findings?limit=${Math.min(1_000, 2 * trickle.requests)}&detector=${DETECTOR[stage]}`
  const look = async (): Promise<boolean> => {
    const { items } = (await get(`${system.api}${path}`)) as Listed
    for (const { agent } of items) note(listed, agent)
    return listed.size === agents.length && heard.size === agents.length
  }
  const looking = until(
    `${trickle.requests} findings of ${DETECTOR[stage]} heard of and listed`,
    look,
    (1_000 * trickle.requests) / trickle.perSecond + LATE_MS_MAX,
    LIST_EVERY_MS,
  )
  await Promise.all([send(system, agents, { stage, series, trickle, answered }), looking])
  const after = (times: Map<string, number>): Quantiles =>
    quantilesOf(agents.map((agent) => (times.get(agent) ?? Number.NaN) - (answered.get(agent) ?? Number.NaN)))
  return { stage, webhook_ms: after(heard), listed_ms: after(listed) }
}

async function send(
  { door }: System,
  agents: readonly string[],
  {
    stage,
    series,
    trickle,
    answered,
  }: { stage: StageNumber; series: number; trickle: Trickle; answered: Map<string, number> },
): Promise<void> {
  const sender = createSender(4)
  const numbers = createNumbers(5)
  const mean = 1_000 / trickle.perSecond
  for (const [n, agent] of agents.entries()) {
    const event =
      stage === 'one' ? contact(agent, Date.now()) : call(agent, Date.now(), addressOf(series + 100, n), OTHER_CLIENT)
    await sender.post(`${door}/v1/events`, bodyOf([event]))
    answered.set(agent, performance.now())
    // Not in step with what happens every so often.
    await sleep(mean / 2 + numbers(mean))
  }
  sender.close()
}
