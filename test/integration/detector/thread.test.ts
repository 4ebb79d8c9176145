/** Detection in a thread of its own finds what the same events give in memory, also where the thread ends in between. */
import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DETECTORS } from '../../../detectors/registry.ts'
import { emptyConfiguration } from '../../../schemas/configuration.ts'
import type { Event } from '../../../schemas/event.ts'
import { createLocalPipeline } from '../../../services/detector/index.ts'
import type { Log } from '../../../services/lib/log/port.ts'
import { createLogger } from '../../../services/lib/logger.ts'
import { createMetrics, type Metrics } from '../../../services/lib/metrics.ts'
import { createDetectorRole, type DetectorRole } from '../../../services/roles/detector/index.ts'
import { readDeadLetters } from '../../support/collector.ts'
import { NEVER_RETURNS } from '../../support/never-returns.ts'
import {
  CODE_VERSION,
  createRuntimeRoom,
  idsOf,
  type RuntimeRoom,
  readFindings,
  send,
  testEvent,
  until,
} from '../../support/runtime-room.ts'

const MORTAL = new URL('../../support/mortal-detector.ts', import.meta.url)
const IDENTITIES = 24

let home: RuntimeRoom
let directory: string
let ending: string
beforeEach(() => {
  home = createRuntimeRoom()
  directory = mkdtempSync(join(tmpdir(), 'moltwatch-thread-'))
  ending = join(directory, 'ending')
  process.env['MORTAL_DETECTOR'] = ending
})
afterEach(async () => {
  delete process.env['MORTAL_DETECTOR']
  rmSync(directory, { recursive: true, force: true })
  await home.room.clear()
})

/** Each identity works, and in the end contacts a listed network: one finding for each. */
const EVENTS: readonly Event[] = Array.from({ length: 20 * IDENTITIES }, (_, n) => {
  const isLast = n >= 19 * IDENTITIES
  return testEvent(n, {
    identity: `agent-${n % IDENTITIES}`,
    target: `file-${n % 5}`,
    time: Date.now() - 3_600_000 + n * 1_000,
    ...(isLast ? { action: 'http_post', peer_domains: ['moltbook.com'] } : {}),
  })
})

function expectedIds(): string[] {
  const pipeline = createLocalPipeline({
    detectors: DETECTORS,
    codeVersion: CODE_VERSION,
    receiptTime: Date.now(),
    configuration: emptyConfiguration(),
  })
  pipeline.events(EVENTS)
  pipeline.finish()
  return idsOf(pipeline.findings())
}

function role(log: Log, metrics: Metrics): DetectorRole {
  const tools = { log, codeVersion: CODE_VERSION, clock: home.clock, logger: createLogger('silent'), metrics }
  return createDetectorRole(tools, { entry: MORTAL, lookEveryMs: 100 })
}

/** Has the thread end, or never return. The file appears with its content: the thread must not read it half written. */
function endThread(how: 'end' | 'never return'): void {
  const written = join(directory, 'written')
  writeFileSync(written, how)
  renameSync(written, ending)
}

const found = async (log: Log): Promise<string[]> => idsOf(await readFindings(log))
/** Waits until all is found, and nothing else, and detection runs. */
async function expectAllFound(log: Log, detector: DetectorRole): Promise<void> {
  const expected = expectedIds()
  await until(async () => (await found(log)).length >= expected.length)
  expect(await found(log)).toEqual(expected)
  await until(() => detector.reasons().length === 0)
}
const has = async (metrics: Metrics, line: RegExp): Promise<boolean> => line.test(await metrics.registry.metrics())

describe('the thread of detection', () => {
  it('finds what is to be found, and tells how it is', async () => {
    const log = await home.open()
    const metrics = createMetrics()
    const detector = role(log, metrics)
    expect(detector.reasons()).toEqual([expect.stringContaining('stopped')])
    await detector.start()
    await until(() => detector.reasons().length === 0)
    await send(log, EVENTS, home.clock.now())
    const expected = expectedIds()
    expect(expected.length).toBeGreaterThanOrEqual(IDENTITIES)
    await until(async () => (await found(log)).length >= expected.length)
    expect(await found(log)).toEqual(expected)
    await until(() => detector.identitiesOf('t') === IDENTITIES)
    expect(detector.identitiesOf('another')).toBe(0)
    await until(() => has(metrics, new RegExp(`events_processed_total\\{stage="one"\\} ${EVENTS.length}\\n`)))
    await detector.stop()
    expect(await has(metrics, /detector_running 0\n/)).toBe(true)
  })

  it('begins again from its snapshots where it ends, and loses nothing', async () => {
    const log = await home.open()
    const metrics = createMetrics()
    const detector = role(log, metrics)
    await detector.start()
    for (let first = 0; first < EVENTS.length; first += 60) {
      await send(log, EVENTS.slice(first, first + 60), home.clock.now())
      if (first % 120 === 60) continue
      endThread('end')
      await until(() => !existsSync(ending))
    }
    await expectAllFound(log, detector)
    expect(await has(metrics, /detector_restarts_total 0\n/)).toBe(false)
    await detector.stop()
  })

  it('goes on without a record from which it twice did not return, and finds all else', async () => {
    const log = await home.open()
    const metrics = createMetrics()
    const detector = role(log, metrics)
    await detector.start()
    await send(log, EVENTS.slice(0, 60), home.clock.now())
    // Whoever sent it shares a partition with one of the others.
    await send(log, [testEvent(EVENTS.length, { identity: 'agent-0', target: NEVER_RETURNS })], home.clock.now())
    await send(log, EVENTS.slice(60), home.clock.now())
    await expectAllFound(log, detector)
    expect(await has(metrics, /detector_restarts_total 2\n/)).toBe(true)
    await detector.stop()
    const letters = await readDeadLetters(log)
    expect(letters).toHaveLength(1)
    expect(letters[0]).toMatchObject({
      service: 'detector',
      reason: 'poison',
      detail: expect.stringContaining('ended twice'),
    })
  })

  it('is ended where it gives no sign, and stopped while it waits to begin again', async () => {
    const log = await home.open()
    const detector = role(log, createMetrics())
    await detector.start()
    endThread('never return')
    await until(() => detector.reasons().some((reason) => reason.includes('no sign for 2.4 s')))
    await detector.stop()
    await send(log, EVENTS, home.clock.now())
    expect(await found(log)).toEqual([])
  })
  it('is ended where it does not return from its start, and begins again', async () => {
    const log = await home.open()
    const detector = role(log, createMetrics())
    endThread('never return')
    await detector.start()
    await send(log, EVENTS, home.clock.now())
    await expectAllFound(log, detector)
    await detector.stop()
  })
})
