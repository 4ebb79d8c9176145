/**
 * The questions that analysts ask all day, over a month of one busy tenant: how long each takes, and what it costs detection
 * meanwhile. The service is the real one with its embedded engines, in a process of its own; the month lies in its warehouse
 * (test/bench/questions/month.ts), and the life of another company comes in while it is asked.
 *
 *   npm run -s bench:questions -- [--rows N] [--seconds S] [--data DIR] [--json]
 *
 * Each question is asked alone first, for up to twice S seconds, with the service otherwise idle: median, p99 and CPU of an answer. Then senders
 * fill the service, and each is asked without a pause by one person: what the detectors still take, beside what they take before and
 * after with nobody asking. `--data` names a directory that is filled where it does not exist, and kept. Exits 1 where a median is over
 * two seconds.
 */
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { toolOptions } from '../../scripts/tool-options.ts'
import { planService, type RunningService, type ServicePlan, startService } from '../support/service.ts'
import { describeMachine } from './lib/machine.ts'
import type { Quantiles } from './processes/figures.ts'
import { answerOf, askFor, type Question, questionsOver, type Things } from './questions/ask.ts'
import { fillMonth, type Month } from './questions/month.ts'
import { startStream, type Stream } from './questions/stream.ts'

const MEDIAN_MS_MAX = 2_000
const WARM_UP_MS = 4_000
/** What was stored in a directory, beside what the service keeps there. */
const ABOUT = 'month.json'

interface Row {
  readonly question: string
  readonly alone: Quantiles
  readonly cpu_ms: number
  readonly beside: Quantiles
  /** Events a second that the detectors took while it was asked, and around it. */
  readonly events_per_second: number
  readonly events_per_second_around: number
}

const { values } = toolOptions(import.meta.url, {
  options: {
    rows: { type: 'string', default: '10000000' },
    seconds: { type: 'string', default: '6' },
    data: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
})
const seconds = Number(values.seconds)
const say = (line: string): boolean => process.stderr.write(`${line}\n`)

interface Page {
  readonly items: readonly Readonly<Record<string, string>>[]
}

/** Spread over a list of the service. */
async function thingsOf(url: string): Promise<Things> {
  const list = async (path: string, field: string): Promise<string[]> => {
    const { items } = (await answerOf(url, path)) as Page
    return items.map((item) => item[field] ?? '')
  }
  const { facets } = (await answerOf(
    url,
    '/v1/events/facets?since=-24h&fields=action,identity,peer_domains&top=50',
  )) as {
    facets: { values: { value: string }[] }[]
  }
  const [words = [], busy = [], peers = []] = facets.map((facet) => facet.values.map(({ value }) => value))
  return {
    words: words.map((word) => word.split(/[^a-z]/i)[0] ?? word),
    peers,
    agents: [...busy, ...(await list('/v1/identities?limit=200', 'identity'))],
    findings: await list('/v1/findings?limit=200', 'id'),
    events: await list('/v1/events?limit=200', 'event_id'),
  }
}

/** Events a second that the detectors take while the work lasts. */
async function rateDuring<T>(stream: Stream, work: () => Promise<T>): Promise<[number, T]> {
  const [before, began] = [await stream.taken(), performance.now()]
  const done = await work()
  return [((await stream.taken()) - before) / ((performance.now() - began) / 1_000), done]
}

async function measure(service: { url: string; pid: number }, questions: readonly Question[]): Promise<Row[]> {
  const alone = []
  for (const question of questions) {
    const asked = await askFor(service, question, { seconds: 2 * seconds, least: 5, most: 200 })
    say(
      `${question.name}: median ${asked.times.p50} ms, p99 ${asked.times.p99} ms, ${Math.round(asked.cpu_ms)} ms of CPU`,
    )
    alone.push(asked)
  }
  const stream = startStream(service.url, Date.now())
  await sleep(WARM_UP_MS)
  const rows: Row[] = []
  let [around] = await rateDuring(stream, () => sleep(seconds * 1_000))
  for (const [n, question] of questions.entries()) {
    const [rate, { times }] = await rateDuring(stream, () =>
      askFor(service, question, { seconds, least: 2, most: 10_000 }),
    )
    const [after] = await rateDuring(stream, () => sleep((seconds * 1_000) / 2))
    const { times: quiet, cpu_ms } = alone[n] ?? { times, cpu_ms: 0 }
    rows.push({
      question: question.name,
      alone: quiet,
      cpu_ms: Math.round(cpu_ms),
      beside: times,
      events_per_second: Math.round(rate),
      events_per_second_around: Math.round((around + after) / 2),
    })
    say(
      `${question.name}: median ${times.p50} ms under load, ${Math.round(rate)} events/s beside ${Math.round((around + after) / 2)}`,
    )
    around = after
  }
  await stream.stop()
  return rows
}

/** Makes the tables by a first start of the service, and fills them. */
async function fill(plan: ServicePlan): Promise<Month> {
  await (await startService(plan)).stop()
  const month = await fillMonth(join(plan.data, 'warehouse'), Number(values.rows), Date.now(), say)
  await writeFile(join(plan.data, ABOUT), JSON.stringify(month))
  return month
}

function print(month: Month, rows: readonly Row[]): void {
  const report = { machine: describeMachine(), month, rows }
  if (values.json) return console.log(JSON.stringify(report))
  console.log(JSON.stringify({ ...report.machine, ...month }))
  console.log('| question | median | p99 | CPU of an answer | median beside a full stream | detection meanwhile |')
  console.log('|---|---|---|---|---|---|')
  for (const { question, alone, cpu_ms, beside, events_per_second: rate, events_per_second_around: around } of rows) {
    const share = Math.round((100 * rate) / around)
    const cells = [question, `${alone.p50} ms`, `${alone.p99} ms`, `${cpu_ms} ms`, `${beside.p50} ms`]
    console.log(`| ${cells.join(' | ')} | ${rate} of ${around} events/s (${share} %) |`)
  }
}

const own = values.data === undefined ? await mkdtemp(join(tmpdir(), 'moltwatch-questions-')) : undefined
const data = values.data ?? join(own ?? '', 'data')
let running: RunningService | undefined
const end = (): void => void running?.kill().finally(() => process.exit(1))
process.once('SIGTERM', end).once('SIGINT', end)
try {
  const plan = await planService(data)
  const month = existsSync(join(data, ABOUT))
    ? (JSON.parse(await readFile(join(data, ABOUT), 'utf8')) as Month)
    : await fill(plan)
  const { events, identities, bytes, seconds: took } = month
  say(`${events} events of ${identities} identities, ${Math.round(bytes / 1e6)} MB, stored in ${Math.round(took)} s`)
  running = await startService(plan)
  const service = { url: `http://127.0.0.1:${plan.port}`, pid: running.pid }
  const rows = await measure(service, questionsOver(await thingsOf(service.url)))
  print(month, rows)
  const slow = rows.filter(({ alone }) => alone.p50 > MEDIAN_MS_MAX)
  for (const { question, alone } of slow) say(`too slow: ${question}, median ${alone.p50} ms`)
  if (slow.length > 0) process.exitCode = 1
} finally {
  await running?.stop()
  if (own !== undefined) await rm(own, { recursive: true, force: true })
}
