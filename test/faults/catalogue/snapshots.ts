/** Fault 10: the newest snapshots are torn or gone. The one before them, and a longer replay, give the same. */
import { startDetectors, everythingProcessed, metricOf, withLog } from '../stage/acts.ts'
import type { Fault, Play } from '../stage/fault.ts'
import type { Log, LogRecord } from '../../../services/lib/log/port.ts'
import type { System } from '../stage/system.ts'

const stopDetectors = async (system: System): Promise<void> => {
  await Promise.all(system.of('detector').map((process) => system.stop(process)))
}

/** What is left of a partition of the topic, by key. */
async function heldIn(log: Log, partition: number): Promise<Map<string, LogRecord>> {
  const held = new Map<string, LogRecord>()
  for await (const record of log.read('snapshots', partition)) {
    if (record.key === null) continue
    if (record.value === null) held.delete(record.key)
    else held.set(record.key, record)
  }
  return held
}

/** Keys of the newest snapshot of a stage: `stage/partition/offset/part`. */
function newestOf(keys: Iterable<string>, stage: string): string[] {
  const mine = [...keys].filter((key) => key.startsWith(`${stage}/`))
  const newest = Math.max(...mine.map((key) => Number(key.split('/')[2])))
  return mine.filter((key) => Number(key.split('/')[2]) === newest)
}

/** A byte of the first part is another one, or the manifest was never written. */
async function damage(log: Log, partition: number, tear: boolean): Promise<number> {
  const held = await heldIn(log, partition)
  let damaged = 0
  for (const stage of ['events', 'signals']) {
    const keys = newestOf(held.keys(), stage)
    const key = keys.find((one) => one.endsWith(tear ? '/manifest' : '/0'))
    const value = key === undefined ? undefined : held.get(key)?.value
    if (key === undefined || value === null || value === undefined) continue
    const flipped = Buffer.from(value)
    flipped[flipped.length >> 1]! ^= 1
    await log.append('snapshots', partition, [{ key, value: tear ? null : flipped }])
    damaged++
  }
  return damaged
}

const damageNewest: Play = async ({ system, shipper }) => {
  for (const share of [0.4, 0.7]) {
    await shipper.sendUpTo(share)
    await everythingProcessed(system)
    await stopDetectors(system)
    if (share < 0.7) await startDetectors(system)
  }
  const damaged = await withLog(system, async (log) => {
    let sum = 0
    for (let partition = 0; partition < log.partitions('snapshots'); partition++) {
      sum += await damage(log, partition, partition % 2 === 0)
    }
    return sum
  })
  if (damaged === 0) throw new Error('there were no snapshots to damage')
  await startDetectors(system)
  const told = await Promise.all(
    system.of('detector').map((process) => metricOf(process, 'detector_snapshots_total', ['outcome="damaged"'])),
  )
  return `${damaged} newest snapshots torn or altered, ${told.reduce((sum, n) => sum + n, 0)} of them told by their checksums`
}

export const damagedSnapshots: Fault = {
  number: 10,
  title: 'torn or missing snapshots',
  holds: 'the one before and a longer replay give equal state',
  embedded: damageNewest,
  kafka: damageNewest,
  testedOn: 'embedded',
}
