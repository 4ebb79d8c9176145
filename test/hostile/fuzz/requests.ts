/**
 * `npm run fuzz:requests -- [--requests N] [--seed S]`: broken requests at the running service, as fast as it answers. Exits 1
 * where an answer is a 500, where one does not come, where the process ends, or where it holds 512 MiB more at the end than
 * after the first tenth.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { toolOptions } from '../../../scripts/tool-options.ts'
import { planService, startService, TOKEN } from '../../support/service.ts'
import { createBelow, createFuzzed } from './mutate.ts'

const LANES = 16
const FAULTS_MAX = 10
const ANSWER_MS_MAX = 120_000
const GROWTH_BYTES_MAX = 512 * 1024 * 1024

const { values } = toolOptions(import.meta.url, {
  options: { requests: { type: 'string', default: '20000' }, seed: { type: 'string', default: '1' } },
})
const [requests, seed] = [Number(values.requests), Number(values.seed)]
const below = createBelow(seed)
const next = await createFuzzed(below)

const TYPES = ['application/json', 'application/x-ndjson', 'application/x-protobuf', 'text/plain', 'constructor']
const ENCODINGS = ['', '', '', '', 'gzip', 'zstd', 'constructor', 'identity']
const PATHS = [
  '/v1/records',
  '/services/collector/event',
  '/elastic/_bulk',
  '/loki/api/v1/push',
  '/v1/firehose',
  '/v1/none',
]

const directory = await mkdtemp(join(tmpdir(), 'moltwatch-fuzz-'))
const service = await startService(await planService(join(directory, 'data')))
const origin = `http://127.0.0.1:${service.plan.port}`
const answers = new Map<string, number>()
const faults: string[] = []
let ended = false
void service.ended.then(() => {
  ended = true
})

/** What the service holds in memory; 0 where the machine does not say. */
const residentBytes = async (): Promise<number> => {
  const text = await readFile(`/proc/${service.pid}/status`, 'utf8').catch(() => '')
  return 1_024 * Number(/VmRSS:\s+(\d+)/.exec(text)?.[1] ?? 0)
}

async function sendOne(): Promise<void> {
  const { address, body } = next()
  const encoding = ENCODINGS[below(ENCODINGS.length)] ?? ''
  const path = below(4) === 0 ? (PATHS[below(PATHS.length)] ?? address) : address
  const type = below(3) === 0 ? (TYPES[below(TYPES.length)] ?? '') : 'application/json'
  const said = await fetch(origin + path, {
    method: 'POST',
    headers: {
      authorization: below(20) === 0 ? 'Bearer none' : `Bearer ${TOKEN}`,
      'content-type': type,
      ...(encoding === '' ? {} : { 'content-encoding': encoding }),
    },
    body,
    signal: AbortSignal.timeout(ANSWER_MS_MAX),
  }).then(
    async (answer) => {
      await answer.arrayBuffer()
      return String(answer.status)
    },
    (error: unknown) => (error instanceof Error ? error.name : String(error)),
  )
  answers.set(said, (answers.get(said) ?? 0) + 1)
  if (!/^[234]|^503$/.test(said)) faults.push(`${said}: ${path} ${type} ${encoding} ${body.slice(0, 300)}`)
}

async function run(): Promise<void> {
  const began = Date.now()
  let [sent, before] = [0, 0]
  const lane = async (): Promise<void> => {
    while (sent < requests && !ended && faults.length < FAULTS_MAX) {
      sent += 1
      if (sent === Math.ceil(requests / 10)) before = await residentBytes()
      await sendOne()
    }
  }
  await Promise.all(Array.from({ length: LANES }, lane))
  const seconds = (Date.now() - began) / 1_000
  if (ended) faults.push(`the process ended:\n${service.log().slice(-2_000)}`)
  const after = ended ? 0 : await residentBytes()
  console.log(`${sent} requests in ${seconds.toFixed(0)} s, ${Math.round(sent / seconds)} a second, seed ${seed}`)
  console.log(`answers: ${[...answers].map(([said, count]) => `${said} ${count}`).join(', ')}`)
  console.log(`resident: ${(before / 1e6).toFixed(0)} MB after a tenth, ${(after / 1e6).toFixed(0)} MB at the end`)
  if (after - before > GROWTH_BYTES_MAX) faults.push('the process grows')
}

try {
  await run()
} finally {
  if (!ended && (await service.stop()) !== 0) faults.push('it did not end well')
  await rm(directory, { recursive: true, force: true })
}
for (const fault of faults) console.error(fault)
process.exit(faults.length === 0 ? 0 : 1)
