/** Faults 18 and 19: a disk that takes no more, and bytes on it that are not what was written. */
import { spawnSync } from 'node:child_process'
import { cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Random } from '../../../services/commands/demo/random.ts'
import type { Log } from '../../../services/lib/log/port.ts'
import { become, metricOf, withLog } from '../stage/acts.ts'
import type { Fault, Play } from '../stage/fault.ts'
import { expectAtApi } from '../stage/outcome.ts'
import type { EmbeddedSystem, SeparateSystem } from '../stage/system.ts'

/** What the log may still grow by, in KiB. */
const ROOM_KIB = 300
const REFUSALS = 3
/** Changes the limits of a running process (util-linux). */
const LIMITER = 'prlimit'
const HAS_LIMITS = [LIMITER, 'bash'].every((program) => spawnSync(program, ['--version']).status === 0)

const filesOf = (directory: string): string[] =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))

const fillDisk: Play<EmbeddedSystem> = async ({ system, shipper }) => {
  if (!HAS_LIMITS) throw new Error('it takes bash and prlimit (util-linux) to limit a running process')
  await shipper.sendUpTo(0.3)
  await system.stop(system.one('collector'))
  const largest = Math.max(...filesOf(system.data).map((file) => statSync(file).size))
  const limited = await system.startLimited(Math.ceil(largest / 1024) + ROOM_KIB)
  const sending = shipper.sendUpTo(1)
  const refusals = (): typeof shipper.answers => shipper.answers.filter(({ status }) => status === 503)
  await become('appends are refused', async () => refusals().length >= REFUSALS)
  spawnSync(LIMITER, ['--pid', String(limited.pid), '--fsize=unlimited'])
  await sending
  const last = refusals().at(-1)
  if (last?.retryAfter === null) throw new Error('a refusal came without Retry-After')
  return `${refusals().length} requests refused, the last with: ${last?.text}`
}

/** Every record of the log as one line, or why it cannot be read. */
async function linesOf(log: Log): Promise<{ lines: Set<string>; refusals: string[] }> {
  const lines = new Set<string>()
  const refusals: string[] = []
  for (const topic of ['events', 'signals', 'findings', 'commands', 'state', 'snapshots', 'dead-letters']) {
    for (let partition = 0; partition < log.partitions(topic); partition++) {
      try {
        for await (const { offset, key, value } of log.read(topic, partition)) {
          lines.add(`${topic}/${partition}/${offset} ${key} ${value?.toString('base64')}`)
        }
      } catch (error) {
        refusals.push((error as Error).message)
      }
    }
  }
  return { lines, refusals }
}

function flipBit(file: string, random: Random): void {
  const bytes = readFileSync(file)
  bytes[random.below(bytes.length)]! ^= 1 << random.below(8)
  writeFileSync(file, bytes)
}

const FLIPS = 6
type Told = 'refused at the start' | 'refused where it is read' | 'without effect'

/** One bit of the database is another one. What is read of it is what was written, or is refused by the file's name. */
async function flipAndRead(system: EmbeddedSystem, written: ReadonlySet<string>, random: Random): Promise<Told> {
  flipBit(join(system.data, 'log', 'log.sqlite'), random)
  const isNamed = (text: string): boolean => text.includes('log.sqlite')
  try {
    const { lines, refusals } = await withLog(system, linesOf)
    const invented = [...lines].find((line) => !written.has(line))
    if (invented !== undefined) throw new Error(`the log gives what was never written: ${invented.slice(0, 200)}`)
    if (refusals.length === 0 && lines.size !== written.size)
      throw new Error('records are missing, and nothing says so')
    const vague = refusals.find((text) => !isNamed(text))
    if (vague !== undefined) throw new Error(`a refusal does not name the file: ${vague}`)
    return refusals.length === 0 ? 'without effect' : 'refused where it is read'
  } catch (error) {
    if ((error as { code?: string }).code === 'log_corrupt' && isNamed((error as Error).message)) {
      return 'refused at the start'
    }
    throw error
  }
}

const flipInDatabase: Play<EmbeddedSystem> = async ({ system, shipper, load, random }) => {
  await shipper.sendUpTo(1)
  await expectAtApi(system, load)
  await system.stop(system.one('collector'))
  const { lines: written } = await withLog(system, linesOf)
  const [place, whole] = [join(system.data, 'log'), join(system.directory, 'whole')]
  cpSync(place, whole, { recursive: true })
  const told = new Map<Told, number>()
  for (let flip = 0; flip < FLIPS; flip++) {
    const outcome = await flipAndRead(system, written, random)
    told.set(outcome, (told.get(outcome) ?? 0) + 1)
    rmSync(place, { recursive: true })
    cpSync(whole, place, { recursive: true })
  }
  await system.start('collector')
  return `${FLIPS} bits flipped: ${[...told].map(([outcome, count]) => `${count} ${outcome}`).join(', ')}`
}

/** The middle of the first record batch of a partition on the broker's disk. */
function flipInSegment(directory: string): string | undefined {
  for (const file of filesOf(directory)) {
    const match = /events-(\d+)\/\d+\.log$/.exec(file)
    if (match === null || statSync(file).size < 1_000) continue
    const bytes = readFileSync(file)
    const length = bytes.readInt32BE(8)
    bytes[12 + (length >> 1)]! ^= 1
    writeFileSync(file, bytes)
    return match[1]
  }
  return undefined
}

const flipOnBroker: Play<SeparateSystem> = async ({ system, shipper }) => {
  await shipper.sendUpTo(0.5)
  await Promise.all(system.of('detector').map((process) => system.kill(process)))
  const [broker] = system.kafka.brokers
  if (broker === undefined) throw new Error('there is no broker')
  // Ended in order, it takes its files for whole when it starts again.
  await broker.stop()
  const partition = flipInSegment(broker.data)
  if (partition === undefined) throw new Error('no partition of events holds anything')
  await broker.start()
  void system.startVictim().catch(() => undefined)
  await become('a detector has begun', async () => system.of('detector').length > 0)
  const [detector] = system.of('detector')
  const place = `events/${partition}`
  await become('it says what is damaged', async () => detector?.log().includes('does not match its checksum') === true)
  if (detector?.log().includes(place) !== true) throw new Error(`it does not name ${place}`)
  await become('the partition is halted', async () => (await metricOf(detector, 'detector_partitions_halted')) === 1)
  const lag = (): Promise<number> => metricOf(detector, 'consumer_lag_records', ['topic="events"'])
  await become(
    'the others go on',
    async () => (await metricOf(detector, 'events_processed_total', ['stage="one"'])) > 0 && (await lag()) === 0,
  )
  return { standsStill: `${place} stands still, because a batch does not match its checksum; the others went on` }
}

export const diskFull: Fault = {
  number: 18,
  title: 'the disk of the embedded log is full',
  holds: 'ingest is refused readably, and recovers',
  embedded: fillDisk,
  kafka: { without: "the disk is the broker's: a broker that cannot write is down, see 3" },
}

export const flippedBytes: Fault = {
  number: 19,
  title: 'flipped bytes in the files of the log',
  holds: 'refused by name, never silently wrong; snapshots: see 10',
  embedded: flipInDatabase,
  kafka: flipOnBroker,
}
