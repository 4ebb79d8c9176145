/** Fault 13: records in the topic `events` that are none. They go to the dead letters, and their neighbours are processed. */
import { randomBytes } from 'node:crypto'
import { valuesIn, valuesOf } from '../../support/topics.ts'
import { becomeMany, metricOf, withLog } from '../stage/acts.ts'
import type { Fault, Play } from '../stage/fault.ts'
import type { Log } from '../../../services/lib/log/port.ts'
import type { DeadLetter } from '../../../schemas/dead-letter.ts'
import type { System } from '../stage/system.ts'

/** Nothing, noise, text, and a good frame whose end is missing: one of each in every partition. */
async function poison(log: Log): Promise<number> {
  let count = 0
  for (let partition = 0; partition < log.partitions('events'); partition++) {
    const frames = await valuesIn(log, 'events', partition)
    const cut = (frames.at(-1) ?? Buffer.from('x')).subarray(0, -7)
    const values = [Buffer.alloc(0), randomBytes(300), Buffer.from('{"id": 1}'), Buffer.from(cut)]
    await log.append(
      'events',
      partition,
      values.map((value) => ({ key: null, value })),
    )
    count += values.length
  }
  return count
}

/** Records of which the detectors wrote a dead letter. The embedded log cannot be looked into while the process runs. */
async function lettersOf(system: System): Promise<number> {
  if (system.engine === 'embedded') {
    return metricOf(system.one('detector'), 'dead_letters_total', ['service="detector"'])
  }
  const values = await withLog(system, (log) => valuesOf(log, 'dead-letters'))
  const letters = values.map((value) => JSON.parse(value.toString()) as DeadLetter)
  return new Set(letters.filter(({ service }) => service === 'detector').map(({ origin }) => origin)).size
}

const poisonRecords: Play = async ({ system, shipper }) => {
  await shipper.sendUpTo(0.6)
  if (system.engine === 'embedded') await system.stop(system.one('collector'))
  const count = await withLog(system, poison)
  await system.start('collector')
  await shipper.sendUpTo(1)
  await becomeMany('dead letters', () => lettersOf(system), count)
  return `${count} records of nothing, noise, text and a cut frame`
}

export const poisonedRecords: Fault = {
  number: 13,
  title: 'poison records in the log',
  holds: 'each becomes a dead letter, and its neighbours are processed',
  embedded: poisonRecords,
  kafka: poisonRecords,
  testedOn: 'embedded',
}
