/**
 * `demo`: sends a simulated week of a small company's agents into a running service as history, then an hour live. It
 * waits until the service has settled, and prints what was found, sent and quarantined.
 */
import { counted } from '../../../schemas/counted.ts'
import { setTimeout as sleep } from 'node:timers/promises'
import { Option } from 'commander'
import type { Delivery } from '../../../schemas/delivery.ts'
import type { Finding } from '../../../schemas/finding.ts'
import type { Quarantine } from '../../../schemas/quarantine.ts'
import { systemClock } from '../../lib/clock.ts'
import type { AddCommand, CommandTools } from '../lib/command.ts'
import { createProgress, print } from '../lib/terminal.ts'
import { serviceToken } from '../lib/service-client.ts'
import { createClient, type DemoClient } from './client.ts'
import { createRandom } from './random.ts'
import { type Receiver, startReceiver } from './receiver.ts'
import { eventfulHour, ordinaryWeek, type Request } from './week.ts'

interface DemoOptions {
  readonly url: string
  readonly otlpUrl: string
  readonly data: string
  readonly seed: number
  readonly receiverPort: number
  readonly json?: true
}

const HOUR_MS = 3_600_000
const REQUESTS_PER_BODY = 50
/** The service is polled at this interval, and has settled when it gives the same answer this many times. */
const ASK_EVERY_MS = 500
const SAME_ANSWERS = 8
const ASKS_MAX = 240

interface Page<T> {
  readonly items: readonly T[]
}

interface Outcome {
  readonly findings: readonly Finding[]
  readonly deliveries: readonly Delivery[]
  readonly quarantines: readonly Quarantine[]
}

/** Joins neighbouring requests of one path into one body: fewer, larger requests, in the same order. */
function* bodies(requests: readonly Request[]): Generator<{ path: Request['path']; body: object; events: number }> {
  for (let at = 0; at < requests.length; ) {
    const { path } = requests[at] as Request
    let end = at
    while (end < requests.length && end - at < REQUESTS_PER_BODY && requests[end]?.path === path) end++
    const joined = requests.slice(at, end)
    const field = path === '/v1/logs' ? 'resourceLogs' : 'Records'
    const items = joined.flatMap(({ body }) => new Map<string, object[]>(Object.entries(body)).get(field) ?? [])
    yield { path, body: { [field]: items }, events: joined.reduce((sum, { events }) => sum + events, 0) }
    at = end
  }
}

const byPath = (requests: readonly Request[]): Request[] =>
  requests.toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : a.time - b.time))

async function sendAll(
  client: DemoClient,
  requests: readonly Request[],
  history: boolean,
  tell: (events: number) => void,
): Promise<number> {
  let sent = 0
  for (const { path, body, events } of bodies(byPath(requests))) {
    await client.send(path, body, history)
    tell((sent += events))
  }
  return sent
}

/** Asks until the answer has stayed the same for a while. */
async function settle(client: DemoClient, since: number): Promise<Outcome> {
  const from = encodeURIComponent(new Date(since).toISOString())
  let last = ''
  let same = 0
  for (let asked = 0; ; asked++) {
    const [findings, deliveries, quarantines] = await Promise.all([
      client.get<Page<Finding>>(`/v1/findings?limit=1000&since=${from}`),
      client.get<Page<Delivery>>('/v1/deliveries?limit=1000'),
      client.get<Page<Quarantine>>('/v1/quarantines?limit=1000'),
    ])
    const outcome = { findings: findings.items, deliveries: deliveries.items, quarantines: quarantines.items }
    const shown = JSON.stringify([
      findings.items.map((f) => f.id),
      deliveries.items.map((d) => d.status),
      quarantines.items.map((q) => q.status),
    ])
    same = shown === last ? same + 1 : 0
    last = shown
    if (same >= SAME_ANSWERS || asked >= ASKS_MAX) return outcome
    await sleep(ASK_EVERY_MS)
  }
}

function* report({ findings, deliveries, quarantines }: Outcome, receiver: Receiver | undefined): Generator<string> {
  yield `Found in the hour: ${findings.length}`
  for (const finding of findings.toSorted((a, b) => (a.time < b.time ? -1 : 1))) {
    yield `  ${finding.time.slice(11, 19)} ${finding.severity.padEnd(8)} ${finding.detector}`
    yield `           ${finding.why}`
  }
  const count = (status: string): number => deliveries.filter((one) => one.status === status).length
  yield `Sent: ${counted(count('delivered'), 'webhook')} delivered, ${count('pending')} waiting, ${count('dead')} given up`
  if (deliveries.length === 0)
    yield '  No sink is configured. Start the service with --config infra/demo.yaml to see deliveries.'
  if (receiver !== undefined) {
    for (const [type, number] of receiver.received) yield `  received here, signature good: ${number} ${type}`
    if (receiver.refused > 0) yield `  received here, signature bad: ${receiver.refused}`
  }
  yield `Quarantined: ${quarantines.length}`
  for (const quarantine of quarantines) yield `  ${quarantine.identity}: ${quarantine.status}. ${quarantine.reason}`
  if (quarantines.length === 0)
    yield '  No rule of the policy asked for one. The preset contain-agent-networks of infra/demo.yaml does.'
}

async function demo(options: DemoOptions, tools: CommandTools): Promise<void> {
  const { terminal } = tools
  const token = await serviceToken(options.data, tools.environment.MOLTWATCH_TOKEN)
  const client = createClient({ url: options.url, otlpUrl: options.otlpUrl, token })
  await client.get('/readyz')
  const receiver = await startReceiver(options.receiverPort)
  const progress = createProgress(terminal)
  const random = createRandom(options.seed)
  const liveFrom = systemClock.now() - HOUR_MS
  try {
    const began = terminal.elapsed()
    const week = await sendAll(client, ordinaryWeek(liveFrom, random), true, (events) =>
      progress.show(() => `history: ${counted(events, 'event')}`),
    )
    const seconds = (terminal.elapsed() - began) / 1000
    progress.show(() => 'the hour')
    const hour = await sendAll(client, eventfulHour(liveFrom, random), false, () => {})
    const outcome = await settle(client, liveFrom)
    progress.end()
    const sent = { history_events: week, history_seconds: Number(seconds.toFixed(1)), live_events: hour }
    if (options.json === true) {
      await print(
        terminal,
        JSON.stringify({ ...sent, ...outcome, received: Object.fromEntries(receiver?.received ?? []) }),
      )
      return
    }
    await print(
      terminal,
      `Sent a week as history: ${counted(week, 'event')} in ${sent.history_seconds} s; and an hour live: ${counted(hour, 'event')}.`,
    )
    for (const line of report(outcome, receiver)) await print(terminal, line)
  } finally {
    progress.end()
    await receiver?.close()
  }
}

export const addDemo: AddCommand = (program, tools) => {
  program
    .command('demo')
    .description('send a simulated week and an eventful hour of a small company into a running service')
    .option('--url <url>', 'API of the service', 'http://127.0.0.1:8080')
    .option('--otlp-url <url>', 'its OTLP port', 'http://127.0.0.1:4318')
    .option('--data <dir>', "the service's data directory, for its token; MOLTWATCH_TOKEN replaces it", '.moltwatch')
    .addOption(new Option('--seed <number>', 'another seed is another company').argParser(Number).default(1))
    .addOption(
      new Option('--receiver-port <port>', 'where the demo listens for webhooks').argParser(Number).default(8090),
    )
    .option('--json', 'print the outcome as JSON')
    .addHelpText(
      'after',
      '\nWith `npm start -- --config infra/demo.yaml` the service sends webhooks to the demo and contains agents.',
    )
    .action((options: DemoOptions) => demo(options, tools))
}
