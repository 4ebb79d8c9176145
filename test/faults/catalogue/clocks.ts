/** Fault 40: the system's clock is set while the service runs. */
import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { become, everythingProcessed, metricOf } from '../stage/acts.ts'
import type { Fault, Play } from '../stage/fault.ts'
import type { EmbeddedSystem } from '../stage/system.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

const setClock: Play<EmbeddedSystem> = async ({ system, shipper }) => {
  const file = join(system.directory, 'clock')
  const set = async (ms: number): Promise<void> => {
    // In one step: the process reads it at any moment.
    await writeFile(`${file}.new`, String(ms))
    await rename(`${file}.new`, file)
  }
  await set(0)
  // The receiver's clock is the real one.
  system.webhooks.anyAge = true
  await system.stop(system.one('collector'))
  const service = await system.startWithClock(file)
  await shipper.sendUpTo(0.3)
  await set(-HOUR_MS)
  await become('it says that the clock was set back', async () => service.log().includes('set back'))
  await shipper.sendUpTo(0.6)
  // Ticks decide what waits: they must not wait for an hour.
  await everythingProcessed(system)
  await become('no candidate waits', async () => (await metricOf(service, 'detector_candidates')) === 0)
  let ahead = 0
  // The service looks at its clock every few seconds.
  await become('it says that it is an hour ahead', async () => {
    ahead = await metricOf(service, 'clock_ahead_seconds')
    return ahead >= 3_000
  })
  await set(DAY_MS)
  await become('it follows a day forward', async () => (await metricOf(service, 'clock_ahead_seconds')) === 0)
  await shipper.sendUpTo(1)
  return `set back an hour it stayed ${Math.round(ahead)} s ahead and went on; set forward a day it followed`
}

export const clockSet: Fault = {
  number: 40,
  title: "the system's clock is set back an hour, then forward a day",
  holds: 'nothing waits for it, the same findings, and both are told',
  embedded: setClock,
  kafka: { without: 'each process keeps its time by itself, as the one process does' },
}
