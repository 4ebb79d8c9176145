/**
 * `npm run bench:restore -- [--identities 1500000] [--partitions 64] [--json]`: how long it takes to get the state of the
 * detectors back. Snapshots are written to a real Apache Kafka and to the embedded log, several generations of them, and
 * restored by a fresh process through the snapshot store: before the log has removed what is outdated, and after it. The
 * state is of identities whose networks, clients, actions and times have nothing to do with each other, so that it
 * compresses no better than that of the world. Exits 1 where a column that is restored differs by a byte.
 *
 *   --generations 4    snapshots of each partition, one after the other; the log keeps two
 *   --events 3         of each identity
 */
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { toolOptions } from '../../scripts/tool-options.ts'
import { type LocalKafka, startKafka } from '../../infra/local/kafka.ts'
import { topicSpecs } from '../../schemas/topics.ts'
import { systemClock } from '../../services/lib/clock.ts'
import { createKafkaLog } from '../../services/lib/log/kafka/index.ts'
import type { Log } from '../../services/lib/log/port.ts'
import { createSqliteLog } from '../../services/lib/log/sqlite/index.ts'
import { createLogger } from '../../services/lib/logger.ts'
import { describeMachine } from './lib/machine.ts'
import { until } from './processes/waiting.ts'
import { type Engine, ENGINES, type Measured, type Restored, type Written } from './restore/plan.ts'
import { restore } from './restore/reader.ts'
import { write } from './restore/writer.ts'

const CHILD_MS_MAX = 20 * 60_000
const COMPACTION_MS_MAX = 300_000
/** Nothing changes for so long: then the cleaner has done what it does. */
const QUIET_CHECKS = 10
const CHECK_MS = 500
const logger = createLogger('warn')

/** Brokers that look several times a second for something to compact, and topics that let them. */
const BROKER = { 'log.cleaner.backoff.ms': '200', 'log.initial.task.delay.ms': '100' }
const TOPICS = {
  'segment.ms': '300',
  'min.cleanable.dirty.ratio': '0.01',
  'min.compaction.lag.ms': '0',
  'file.delete.delay.ms': '0',
}

const { values } = toolOptions(import.meta.url, {
  options: {
    identities: { type: 'string', default: '1500000' },
    partitions: { type: 'string', default: '64' },
    generations: { type: 'string', default: '4' },
    events: { type: 'string', default: '3' },
    json: { type: 'boolean', default: false },
    /** Of a child: what it does, and where. */
    child: { type: 'string' },
    brokers: { type: 'string', default: '' },
    directory: { type: 'string', default: '' },
  },
})
const plan = {
  identities: Number(values.identities),
  partitions: Number(values.partitions),
  generations: Number(values.generations),
  eventsPerIdentity: Number(values.events),
}
if (!Object.values(plan).every((number) => number >= 1)) {
  console.error('--identities, --partitions, --generations and --events take a number from 1')
  process.exit(2)
}

const topics = topicSpecs(plan.partitions).filter(({ name }) => name === 'snapshots')

async function openLog(engine: Engine): Promise<Log> {
  const common = { clock: systemClock, logger }
  const log =
    engine === 'embedded'
      ? await createSqliteLog({ directory: values.directory, ...common })
      : await createKafkaLog({
          brokers: values.brokers.split(','),
          clientId: 'bench',
          topicSettings: TOPICS,
          ...common,
        })
  await log.ensureTopics(topics)
  return log
}

async function child(what: string): Promise<unknown> {
  if (what === 'write') {
    const logs = { kafka: await openLog('kafka'), embedded: await openLog('embedded') }
    const written = await write(plan, logs)
    for (const engine of ENGINES) await logs[engine].close()
    return written
  }
  const [step, engine] = what.split(' ') as ['compact' | 'in-turn' | 'together', Engine]
  const log = await openLog(engine)
  try {
    if (step !== 'compact') return await restore(log, plan.partitions, step === 'together')
    await log.maintain()
    // The newest segment is never compacted, and ends when something is appended after its time.
    for (let partition = 0; partition < plan.partitions; partition++) {
      await log.append('snapshots', partition, [{ key: 'events/0/0/none', value: null }])
    }
    return null
  } finally {
    await log.close()
  }
}

interface Place {
  readonly kafka: LocalKafka
  readonly directory: string
}

async function runChild<T>(what: string, { kafka, directory }: Place): Promise<T> {
  const options = Object.entries(plan).map(([name, value]) => [name === 'eventsPerIdentity' ? 'events' : name, value])
  const where = ['--brokers', kafka.bootstrap.join(','), '--directory', directory]
  const args = [...options.flatMap(([name, value]) => [`--${name}`, String(value)]), ...where, '--child', what]
  const { stdout } = await promisify(execFile)(process.execPath, [fileURLToPath(import.meta.url), ...args], {
    timeout: CHILD_MS_MAX,
    maxBuffer: 1 << 26,
  })
  return JSON.parse(stdout) as T
}

/** Bytes of all files below a directory whose path fits. */
async function bytesOf(directory: string, fits: (path: string) => boolean): Promise<number> {
  let bytes = 0
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    // A file may be gone by now: that is what is waited for.
    if (entry.isFile() && fits(path)) bytes += (await stat(path).catch(() => undefined))?.size ?? 0
  }
  return bytes
}

const logBytes = (engine: Engine, { kafka, directory }: Place): Promise<number> =>
  engine === 'kafka'
    ? bytesOf(kafka.brokers[0]!.data, (path) => /snapshots-\d+\/\d+\.log$/.test(path))
    : bytesOf(directory, () => true)

async function measure(engine: Engine, place: Place): Promise<Measured> {
  const log_bytes = await logBytes(engine, place)
  say(`  restore from ${engine}, ${mib(log_bytes)}`)
  return {
    log_bytes,
    in_turn: await runChild<Restored>(`in-turn ${engine}`, place),
    together: await runChild<Restored>(`together ${engine}`, place),
  }
}

/** Appends what ends a segment, until the topic does not become smaller any more. */
async function compact(engine: Engine, place: Place): Promise<void> {
  say(`  ${engine} removes what is outdated`)
  await runChild<null>(`compact ${engine}`, place)
  if (engine === 'embedded') return
  let [last, same] = [0, 0]
  const settled = async (): Promise<boolean> => {
    const bytes = await logBytes(engine, place)
    same = bytes === last ? same + 1 : 0
    last = bytes
    return same >= QUIET_CHECKS
  }
  await until('the cleaner is done', settled, COMPACTION_MS_MAX, CHECK_MS)
}

const say = (what: string): void => void process.stderr.write(`${what}\n`)
const mib = (bytes: number): string => `${(bytes / 1024 ** 2).toFixed(1)} MiB`

interface Result {
  readonly written: Omit<Written, 'fingerprints'>
  readonly engines: readonly { readonly engine: Engine; readonly before: Measured; readonly after: Measured }[]
  readonly same: boolean
}

async function run(place: Place): Promise<Result> {
  say(`${plan.identities} identities in ${plan.partitions} partitions act and come to rest, and are written`)
  const { fingerprints, ...written } = await runChild<Written>('write', place)
  const engines: Result['engines'][number][] = []
  for (const engine of ENGINES) {
    const before = await measure(engine, place)
    await compact(engine, place)
    engines.push({ engine, before, after: await measure(engine, place) })
  }
  const restored = engines.flatMap(({ before, after }) => [before, after]).flatMap((m) => [m.in_turn, m.together])
  return { written, engines, same: restored.every((one) => one.fingerprints.join() === fingerprints.join()) }
}

function print({ written, engines, same }: Result): void {
  const machine = describeMachine()
  const number = (value: number): string => value.toLocaleString('en')
  console.log(`${machine.cpu}, ${machine.cores} cores; node ${machine.node}; commit ${machine.commit}; ${machine.date}`)
  console.log(
    `${number(written.identities)} identities in ${plan.partitions} partitions; columns ${mib(written.column_bytes)}, compressed ${mib(written.compressed_bytes)}; ${plan.generations} generations`,
  )
  for (const { engine, before, after } of engines) {
    console.log(`\n${engine}: written in ${written.write_ms[engine].map(number).join(', ')} ms`)
    for (const [when, { log_bytes, in_turn, together }] of Object.entries({ before, after })) {
      console.log(
        `  ${when.padEnd(6)} compaction, ${mib(log_bytes).padStart(11)} in the log: one after the other ${number(in_turn.ms)} ms (partition p50 ${number(in_turn.partition_ms_p50)}, max ${number(in_turn.partition_ms_max)}; CPU ${number(in_turn.cpu_ms)}), all at once ${number(together.ms)} ms (CPU ${number(together.cpu_ms)})`,
      )
    }
  }
  console.log(same ? '\nevery column is what was written, byte for byte' : '\nCOLUMNS DIFFER from what was written')
}

async function parent(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'moltwatch-bench-'))
  const kafka = await startKafka({ brokers: 1, properties: BROKER })
  try {
    const result = await run({ kafka, directory })
    if (values.json) console.log(JSON.stringify({ machine: describeMachine(), plan, ...result }))
    else print(result)
    process.exitCode = result.same ? 0 : 1
  } finally {
    await kafka.close()
    await rm(directory, { recursive: true, force: true })
  }
}

if (values.child === undefined) await parent()
else console.log(JSON.stringify(await child(values.child)))
