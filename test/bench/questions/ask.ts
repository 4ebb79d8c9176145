/** The questions that people ask all day, as the console asks them, and how long each takes. */
import { TOKEN } from '../../support/service.ts'
import { cpuSecondsOf } from '../lib/process-cpu.ts'
import { type Quantiles, quantilesOf } from '../processes/figures.ts'

export interface Question {
  readonly name: string
  /** The n-th time it is asked: of another agent or finding each time, so that no answer is remembered. */
  path(n: number): string
}

/** What there is to ask about. */
export interface Things {
  readonly agents: readonly string[]
  readonly findings: readonly string[]
  readonly events: readonly string[]
  readonly peers: readonly string[]
  readonly words: readonly string[]
}

const pick = (from: readonly string[], n: number): string => encodeURIComponent(from[n % from.length] ?? '')

/** The ten usual questions, and those of the pages that show everything. */
export const questionsOver = ({ agents, findings, events, peers, words }: Things): readonly Question[] => [
  { name: 'how do things stand (Now)', path: () => '/v1/overview' },
  { name: 'the newest events', path: () => '/v1/events?limit=100' },
  { name: 'a search for words, last day', path: (n) => `/v1/events?limit=100&since=-24h&q=${pick(words, n)}` },
  { name: 'a search by field, 30 days', path: (n) => `/v1/events?limit=100&q=identity:${pick(agents, n)}` },
  { name: 'its facets, last day', path: () => '/v1/events/facets?since=-24h' },
  { name: 'its histogram, 30 days', path: () => '/v1/events/histogram' },
  { name: 'an agent, all that it uses', path: (n) => `/v1/identities/${pick(agents, n)}` },
  { name: 'when an agent acts', path: (n) => `/v1/identities/${pick(agents, n)}/hours` },
  { name: 'what it did after the alarm', path: (n) => `/v1/findings/${pick(findings, n)}/after` },
  { name: 'who else touched the same values', path: (n) => `/v1/findings/${pick(findings, n)}/shared` },
  { name: 'who contacted a peer', path: (n) => `/v1/peers/${pick(peers, n)}` },
  { name: 'one event by its id', path: (n) => `/v1/events/${pick(events, n)}` },
  { name: 'who talks to whom (graph)', path: () => '/v1/graph' },
  { name: 'the inventory, 100 agents', path: () => '/v1/identities?limit=100' },
  { name: 'facets, 30 days', path: () => '/v1/events/facets' },
  { name: 'a list of 1,000 findings', path: () => '/v1/findings?limit=1000' },
]

/** The answer as JSON. Throws where it is no success. */
export async function answerOf(url: string, path: string): Promise<unknown> {
  const response = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${TOKEN}` } })
  const body = await response.text()
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${body.slice(0, 300)}`)
  return JSON.parse(body)
}

export interface Asked {
  readonly times: Quantiles
  /** CPU of the service for one answer, in ms. */
  readonly cpu_ms: number
}

/** Asks again and again for some seconds, at least `least` times and at most `most`, one at a time. */
export async function askFor(
  service: { readonly url: string; readonly pid: number },
  question: Question,
  { seconds, least, most }: { readonly seconds: number; readonly least: number; readonly most: number },
): Promise<Asked> {
  const times: number[] = []
  const cpu = cpuSecondsOf(service.pid)
  const began = performance.now()
  while (times.length < most && (times.length < least || performance.now() - began < seconds * 1_000)) {
    const asked = performance.now()
    await answerOf(service.url, question.path(times.length))
    times.push(performance.now() - asked)
  }
  return { times: quantilesOf(times), cpu_ms: ((cpuSecondsOf(service.pid) - cpu) * 1_000) / times.length }
}
