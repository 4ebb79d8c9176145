/**
 * Shows that an acknowledged record is in the log: appends numbered records to three brokers while each of them is killed
 * and started again, then reads the whole log and looks for every number that was acknowledged, for repeats, and for the
 * order within each partition. Prints what it found as JSON and exits 1 if an acknowledged record is missing or out of
 * order. `npm run faults:producer -- [--records N] [--kills N]`.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { toolOptions } from '../../../scripts/tool-options.ts'
import { type LocalKafka, startKafka } from '../../../infra/local/kafka.ts'
import { systemClock } from '../../../services/lib/clock.ts'
import { createKafkaLog } from '../../../services/lib/log/kafka/index.ts'
import type { Log } from '../../../services/lib/log/port.ts'
import { createLogger } from '../../../services/lib/logger.ts'

const PARTITIONS = 32
const TOPIC = 'producer-check'
/** Between the end of one broker and the next fault, so that the cluster can go on without it, and with it again. */
const FAULT_MS = 6_000

interface Told {
  /** By partition: numbers whose append was acknowledged, in the order of the calls. */
  readonly acknowledged: number[][]
  refused: number
}

/** Appends to one partition, one record after the other, until it is told to end. */
async function appendTo(log: Log, partition: number, told: Told, next: () => number | undefined): Promise<void> {
  for (let number = next(); number !== undefined; number = next()) {
    const value = Buffer.from(`${number} ${'x'.repeat(number % 700)}`)
    try {
      await log.append(TOPIC, partition, [{ key: null, value }])
      told.acknowledged[partition]!.push(number)
    } catch {
      // Its fate is unknown: it may be in the log or not, and nobody was told that it is.
      told.refused++
    }
  }
}

async function killEach(kafka: LocalKafka, kills: number): Promise<void> {
  for (let i = 0; i < kills; i++) {
    const broker = kafka.brokers[i % kafka.brokers.length]!
    await wait(FAULT_MS)
    console.error(`killing ${broker.address}`)
    await broker.kill()
    await wait(FAULT_MS)
    await broker.start()
  }
  await wait(FAULT_MS)
}

async function readNumbers(log: Log, partition: number): Promise<number[]> {
  const numbers: number[] = []
  for await (const { value } of log.read(TOPIC, partition)) numbers.push(Number.parseInt(value!.toString(), 10))
  return numbers
}

/** Compares what was acknowledged with what is there. */
async function compare(log: Log, { acknowledged, refused }: Told) {
  const found = { acknowledged: 0, refused, inLog: 0, missing: 0, repeated: 0, outOfOrder: 0 }
  for (const [partition, numbers] of acknowledged.entries()) {
    const there = await readNumbers(log, partition)
    const places = new Map<number, number>()
    for (const [place, number] of there.entries()) if (!places.has(number)) places.set(number, place)
    found.acknowledged += numbers.length
    found.inLog += there.length
    found.repeated += there.length - places.size
    let last = -1
    for (const number of numbers) {
      const place = places.get(number)
      if (place === undefined) found.missing++
      else if (place < last) found.outOfOrder++
      last = Math.max(last, place ?? last)
    }
  }
  return found
}

async function check(kafka: LocalKafka, records: number, kills: number): Promise<boolean> {
  const logger = createLogger('warn')
  const options = { brokers: kafka.bootstrap, clientId: 'producer-check', clock: systemClock, logger }
  const log = await createKafkaLog({ ...options, replicationFactor: 3, minInSync: 2 })
  const retentionMs = 86_400_000
  const spec = {
    name: TOPIC,
    partitions: PARTITIONS,
    key: 'any',
    holds: 'numbers',
    cleanup: 'delete',
    retentionMs,
  } as const
  await log.ensureTopics([spec])
  const told: Told = { acknowledged: Array.from({ length: PARTITIONS }, () => []), refused: 0 }
  let count = 0
  let isCalm = false
  // Goes on until the last fault is over, however fast the brokers are.
  const next = (): number | undefined => (isCalm && count >= records ? undefined : count++)
  const begun = performance.now()
  const faults = killEach(kafka, kills).then(() => {
    isCalm = true
  })
  // Two calls at a time for each partition, so that batches of several records form.
  const appends = Array.from({ length: 2 * PARTITIONS }, (_, i) => appendTo(log, i % PARTITIONS, told, next))
  await Promise.all([faults, ...appends])
  const seconds = Math.round((performance.now() - begun) / 1_000)
  const found = await compare(log, told)
  await log.close()
  console.log(JSON.stringify({ ...found, kills, seconds, ran_on: kafka.description }))
  return found.missing === 0 && found.outOfOrder === 0 && found.acknowledged >= records
}

const { values } = toolOptions(import.meta.url, { options: { records: { type: 'string' }, kills: { type: 'string' } } })
const kafka = await startKafka({ brokers: 3 })
try {
  if (!(await check(kafka, Number(values.records ?? 100_000), Number(values.kills ?? 3)))) process.exitCode = 1
} finally {
  await kafka.close()
}
