/**
 * `npm run bench:replay -- [--megabytes 200,1000] [--json]`: the memory that `replay` takes at its peak for files of several
 * sizes. A large file has to be read in bounded memory: five times as much of it may cost the growth of what the detectors
 * remember, and no copy of the file. The files are ordinary weeks of demo companies, one after the other, each company with
 * agents of its own, or a log of yours repeated; they are made in the temporary directory and removed again.
 *
 *   --companies 20     how many there are; their weeks take turns
 *   --repeat FILE      canonical events as NDJSON, plain or packed, repeated with later times and other ids
 *   --mb-max 1536      exits 1 where a peak is above this, in MB
 */
import { spawn } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { toolOptions } from '../../scripts/tool-options.ts'
import { createRandom } from '../../services/commands/demo/random.ts'
import { ordinaryWeek } from '../../services/commands/demo/week.ts'
import { readValues } from '../../services/commands/import/requests.ts'
import { describeMachine } from './lib/machine.ts'

const MAIN = fileURLToPath(new URL('../../services/main.ts', import.meta.url))
const WEEK_MS = 7 * 24 * 3_600_000
const START = Date.UTC(2016, 0, 4, 12)
const MB = 1e6
const LOOK_MS = 100

const { values } = toolOptions(import.meta.url, {
  options: {
    megabytes: { type: 'string', default: '200,1000' },
    companies: { type: 'string', default: '20' },
    repeat: { type: 'string' },
    'mb-max': { type: 'string', default: '1536' },
    json: { type: 'boolean', default: false },
  },
})
const sizes = values.megabytes.split(',').map(Number)
const companies = Number(values.companies)
const mbMax = Number(values['mb-max'])
if (![...sizes, companies, mbMax].every((number) => number >= 1)) {
  console.error('--megabytes takes numbers from 1 with commas between them; --companies and --mb-max a number from 1')
  process.exit(2)
}

/** Ordinary weeks as OTLP requests, one a line, until they are `bytes` together. */
function* weeks(bytes: number): Generator<string> {
  const random = createRandom(7)
  for (let week = 0, made = 0; made < bytes; week++) {
    const agents = `"gen_ai.agent.id","value":{"stringValue":"c${week % companies}-`
    for (const { path, body } of ordinaryWeek(START + week * WEEK_MS, random)) {
      if (path !== '/v1/logs') continue
      const line = `${JSON.stringify(body).replaceAll('"gen_ai.agent.id","value":{"stringValue":"', agents)}\n`
      made += line.length
      yield line
    }
  }
}

/** The events of a file again and again, each time behind those of before, until they are `bytes` together. */
async function* repeated(file: string, bytes: number): AsyncGenerator<string> {
  let shift = 0
  for (let round = 0, made = 0; made < bytes; round++) {
    let first = Number.POSITIVE_INFINITY
    let last = 0
    for await (const { value } of readValues(file)) {
      const event = value as { readonly id: string; readonly time: string }
      const time = Date.parse(event.time)
      first = Math.min(first, time)
      last = Math.max(last, time)
      const line = `${JSON.stringify({ ...event, id: `${event.id}-${round}`, time: new Date(time + shift).toISOString() })}\n`
      made += line.length
      yield line
      if (made >= bytes) break
    }
    shift += Math.ceil((last - first) / WEEK_MS) * WEEK_MS
  }
}

/** The most that a process has held so far, as the kernel counts it; the last figure known once it has ended. */
async function peakMb(pid: number, before: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  const [, kib] = /^VmHWM:\s+(\d+) kB$/m.exec(status) ?? []
  return kib === undefined ? before : (Number(kib) * 1024) / MB
}

interface Replayed {
  readonly megabytes: number
  readonly peak_mb: number
  readonly events: number
  readonly identities: number
  readonly findings: number
  readonly seconds: number
}

async function replayed(file: string, megabytes: number): Promise<Replayed> {
  const child = spawn(process.execPath, [MAIN, 'replay', '--json', file], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  let peak = 0
  let looking = Promise.resolve()
  const look = async (): Promise<void> => {
    peak = await peakMb(child.pid ?? 0, peak)
  }
  const timer = setInterval(() => {
    looking = look()
  }, LOOK_MS)
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  clearInterval(timer)
  await looking
  if (code !== 0) throw new Error(`replay ended with ${code}: ${said}`)
  const { events, identities, findings, seconds } = JSON.parse(said.trimEnd().split('\n').at(-1) ?? '') as Replayed
  return { megabytes, peak_mb: Math.round(peak), events, identities, findings, seconds }
}

const directory = await mkdtemp(join(tmpdir(), 'moltwatch-bench-replay-'))
const results: Replayed[] = []
try {
  for (const megabytes of sizes) {
    const file = join(directory, 'weeks.ndjson')
    await pipeline(
      Readable.from(values.repeat === undefined ? weeks(megabytes * MB) : repeated(values.repeat, megabytes * MB)),
      createWriteStream(file),
    )
    results.push(await replayed(file, megabytes))
    const { peak_mb, events, seconds } = results.at(-1) as Replayed
    if (!values.json) console.log(`${megabytes} MB: ${events} events, peak ${peak_mb} MB, ${seconds} s`)
  }
} finally {
  await rm(directory, { recursive: true, force: true })
}
if (values.json) console.log(JSON.stringify({ machine: describeMachine(), results }))
if (results.some(({ peak_mb }) => peak_mb > mbMax)) {
  console.error(`a peak is above ${mbMax} MB`)
  process.exitCode = 1
}
