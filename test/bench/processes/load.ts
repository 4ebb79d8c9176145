/**
 * The load of the benchmark: OTLP requests, what `replay` finds in them, and how they are sent. The agents take turns, and
 * each has one request under way, as it does where each agent has one exporter: what is found is what `replay` finds.
 */
import { Agent, request as httpRequest } from 'node:http'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { demoLoad } from '../../support/demo-load.ts'
import { readLines } from '../../support/lines.ts'
import { replay } from '../../support/replay.ts'
import { TOKEN } from '../../support/service.ts'
import { otlpBodies } from '../lib/workload.ts'

/** Runs of agents before the eventful hour: about seven events each. */
const OWN_RUNS = 4_000
const OWN_AGENTS = 60
const OWN_SESSIONS = 500

export interface Load {
  readonly name: string
  readonly bodies: readonly Buffer[]
  /** Whose each body is. */
  readonly agents: readonly string[]
  readonly events: number
  /** Ids, sorted. */
  readonly findings: readonly string[]
}

const agentOf = (body: Buffer): string => {
  const { resourceLogs } = JSON.parse(body.toString()) as { resourceLogs: { resource: unknown }[] }
  return JSON.stringify(resourceLogs.map(({ resource }) => resource))
}

/** The lines of a file, or a load of its own: ordinary work of many agents, then the demo's company and its eventful hour. */
export async function openLoad(file: string | undefined): Promise<Load> {
  if (file !== undefined) {
    const bodies = (await readLines(file)).map((line) => Buffer.from(line))
    return { name: 'the given file', bodies, agents: bodies.map(agentOf), ...(await replay([file])) }
  }
  const company = demoLoad(OWN_SESSIONS).lines.map((line) => Buffer.from(line))
  const bodies = [...otlpBodies(OWN_RUNS, OWN_AGENTS), ...company]
  const directory = await mkdtemp(join(tmpdir(), 'moltwatch-bench-load-'))
  try {
    const own = join(directory, 'load.ndjson')
    await writeFile(own, bodies.map((body) => `${body.toString()}\n`).join(''))
    return { name: 'made up', bodies, agents: bodies.map(agentOf), ...(await replay([own])) }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

export interface Sender {
  /** Resolves when the answer is 200; throws with any other. */
  post(url: string, body: Buffer): Promise<void>
  close(): void
}

/** Connections that stay open. */
export function createSender(connections: number): Sender {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' }
  return {
    post: (url, body) =>
      new Promise((resolve, reject) => {
        const sent = httpRequest(url, { agent, method: 'POST', headers: { ...headers, 'content-length': body.length } })
        sent.on('error', reject)
        sent.on('response', (answer) => {
          answer.resume()
          answer.on('error', reject)
          answer.on('end', () => {
            if (answer.statusCode === 200) resolve()
            else reject(new Error(`POST ${url} answered ${answer.statusCode}`))
          })
        })
        sent.end(body)
      }),
    close: () => agent.destroy(),
  }
}

/** Sends everything to the collector's door for OTLP; resolves when the last request is answered. */
export async function sendLoad({ bodies, agents }: Load, otlp: string, senders: number): Promise<void> {
  const sender = createSender(senders)
  const queues = Map.groupBy(bodies.keys(), (i) => agents[i] ?? '')
  /** Agents with requests left and none under way; the next one first. */
  const turns = [...queues.values()]
  let left = bodies.length
  const wake: (() => void)[] = []
  const send = async (): Promise<void> => {
    while (left > 0) {
      const queue = turns.shift()
      const body = bodies[queue?.shift() ?? -1]
      if (queue === undefined || body === undefined) {
        await new Promise<void>((resolve) => wake.push(resolve))
        continue
      }
      left--
      await sender.post(`${otlp}/v1/logs`, body)
      if (queue.length > 0) turns.push(queue)
      for (const resolve of wake.splice(0)) resolve()
    }
  }
  try {
    await Promise.all(Array.from({ length: senders }, send))
  } finally {
    sender.close()
  }
}
