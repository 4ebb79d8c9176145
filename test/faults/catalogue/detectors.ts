/** Faults 5 to 9: detectors that die, stand still, write late, come and go. What is written twice is the same. */
import { become, startDetectors, linger, metricOf, withLog } from '../stage/acts.ts'
import { valuesOf } from '../../support/topics.ts'
import type { Fault, Held, Play, Scene } from '../stage/fault.ts'
import { API } from '../stage/kafka-proxy.ts'
import { expectAtApi } from '../stage/outcome.ts'
import { lookIntoRunningLog } from '../stage/running-log.ts'
import { type EmbeddedSystem, PARTITIONS, type SeparateSystem, type System } from '../stage/system.ts'

const DETECTOR = 'moltwatch-detector'
const NO_GROUP = { without: 'one process holds all partitions: there is no group to lose them to' }

const killDetectors = (system: System): Promise<unknown> =>
  Promise.all(system.of('detector').map((process) => system.kill(process)))

const foundSoFar = async (system: System): Promise<number> => {
  const counts = await Promise.all(system.of('detector').map((process) => metricOf(process, 'findings_total')))
  return counts.reduce((sum, count) => sum + count, 0)
}

const killBeforeSnapshot: Play = async ({ system, shipper }) => {
  await shipper.sendUpTo(0.8)
  await become('something is found', async () => (await foundSoFar(system)) > 5)
  await killDetectors(system)
  if (system.engine === 'embedded') {
    const snapshots = await withLog(system, (log) => valuesOf(log, 'snapshots'))
    if (snapshots.length > 0) throw new Error('there was a snapshot already: the kill came too late')
  }
  await startDetectors(system)
  return ({ records, distinct }: Held) => {
    if (records === distinct) throw new Error('nothing was found again: the kill was not after findings')
    return 'killed after findings, with no snapshot'
  }
}

/** Snapshots that are whole, and of which the group has not committed the offset. */
async function uncommittedSnapshots(system: System): Promise<number> {
  return withLog(system, async (log) => {
    let found = 0
    for (let partition = 0; partition < log.partitions('snapshots'); partition++) {
      for await (const { key, value } of log.read('snapshots', partition)) {
        const [stage, , offset, part] = (key ?? '').split('/')
        if (stage === undefined || part !== 'manifest' || value === null) continue
        const committed = await log.committed('detector', stage, partition)
        if ((committed ?? 0) < Number(offset)) found++
      }
    }
    return found
  })
}

const seenBeyond = (found: number): string => `${found} snapshots lay beyond what was committed`

/**
 * Snapshots are written a minute after the first event, and commits two seconds after a partition moved. The load is sent in
 * drops that outlast two such minutes, so that partitions move all the time and a snapshot is ahead of its commit.
 */
const DROPS = 1_500
const DROPPED: readonly [from: number, to: number] = [0.3, 0.9]
const BETWEEN_DROPS_MS = 100
const BETWEEN_LOOKS_MS = 10

/** Sends in drops until a snapshot is ahead of its commit, and kills the process at that moment. */
async function killAtSnapshot({ system, shipper }: Scene<EmbeddedSystem>, drops: Iterator<number>): Promise<number> {
  const log = lookIntoRunningLog(system.data)
  try {
    while (log.uncommittedSnapshots() === 0) {
      const drop = drops.next()
      if (drop.done === true) return 0
      const next = Date.now() + BETWEEN_DROPS_MS
      await shipper.sendUpTo(drop.value)
      while (Date.now() < next && log.uncommittedSnapshots() === 0) await linger(BETWEEN_LOOKS_MS)
    }
  } finally {
    log.close()
  }
  await killDetectors(system)
  return uncommittedSnapshots(system)
}

function* dropsOf([from, to]: readonly [number, number], drops: number): Generator<number> {
  for (let drop = 1; drop <= drops; drop++) yield from + ((to - from) * drop) / drops
}

const killBeforeCommit: Play<EmbeddedSystem> = async (scene) => {
  const drops = dropsOf(DROPPED, DROPS)
  await scene.shipper.sendUpTo(DROPPED[0])
  // A commit may be quicker than the kill: then the next minute has another try.
  while (scene.shipper.acknowledged() < DROPPED[1] * scene.load.requests.length) {
    const found = await killAtSnapshot(scene, drops)
    await startDetectors(scene.system)
    if (found > 0) return seenBeyond(found)
  }
  throw new Error('every snapshot was committed already: the kills came too late')
}

/** They are told to stop, their commits hang, and they are killed when their snapshots are written. */
const killAtHangingCommit: Play<SeparateSystem> = async ({ system, shipper }) => {
  await shipper.sendUpTo(0.3)
  const doors = Object.values(system.doors)
  for (const door of doors) {
    door.setRule(({ kind, api, clientId }) =>
      kind === 'request' && api === API.OffsetCommit && clientId === DETECTOR ? 'drop' : 'pass',
    )
  }
  await shipper.sendUpTo(0.7)
  const dying = [...system.of('detector')]
  for (const process of dying) process.signal('SIGTERM')
  await become('snapshots are written', async () => (await uncommittedSnapshots(system)) > 0)
  await Promise.all(dying.map((process) => system.kill(process)))
  for (const door of doors) door.setRule(() => 'pass')
  const found = await uncommittedSnapshots(system)
  if (found === 0) throw new Error('every snapshot was committed already: the kill came too late')
  await startDetectors(system)
  return seenBeyond(found)
}

/** From its first write on nothing of one detector passes, while everybody else goes on; then all of it arrives. */
const writeLate: Play<SeparateSystem> = async ({ system, shipper, load }) => {
  await shipper.sendUpTo(0.6)
  const { victims } = system.doors
  let caught = false
  victims.setRule(({ kind, api }) => {
    caught ||= kind === 'request' && api === API.Produce
    return caught ? 'hold' : 'pass'
  })
  const [late] = system.of('detector')
  await shipper.sendUpTo(1)
  if (!caught) throw new Error('the detector wrote nothing: there was nothing to hold back')
  // Nothing but the partitions of the other one can complete this.
  await expectAtApi(system, load)
  victims.setRule(() => 'pass')
  await become('the late detector is ready again, or has ended', async () => (await late?.isReady()) === true)
  return `${victims.disturbed} frames were held back until others had done the work`
}

const STILL_MS = 60_000

const standStill: Play = async ({ system, shipper }) => {
  await shipper.sendUpTo(0.6)
  const [victim] = system.of('detector')
  victim?.signal('SIGSTOP')
  const sending = shipper.sendUpTo(0.9)
  await linger(STILL_MS)
  victim?.signal('SIGCONT')
  await sending
  await become('it is ready again', async () => (await victim?.isReady()) === true)
  return `${STILL_MS / 1000} s of standing still`
}

const REBALANCES = 20
const DETECTORS_MAX = 3

const rebalance: Play<SeparateSystem> = async ({ system, shipper, random }: Scene<SeparateSystem>) => {
  const did: string[] = []
  for (let change = 0; change < REBALANCES; change++) {
    const sending = shipper.sendUpTo((change + 1) / REBALANCES)
    const detectors = system.of('detector')
    const how = random.pick(['start', 'stop', 'kill'] as const)
    if (detectors.length === 1 || (how === 'start' && detectors.length < DETECTORS_MAX)) {
      await (random.below(2) === 0 ? system.start('detector') : system.startVictim())
      did.push('+')
    } else {
      await (how === 'stop' ? system.stop : system.kill)(random.pick(detectors))
      did.push('-')
    }
    await sending
  }
  return `${REBALANCES} changes of the group over ${PARTITIONS} partitions: ${did.join('')}`
}

export const killedBeforeItsSnapshot: Fault = {
  number: 5,
  title: 'kill of a detector after findings, before its snapshot',
  holds: 'the same ids again, and nothing else',
  embedded: killBeforeSnapshot,
  kafka: killBeforeSnapshot,
  testedOn: 'kafka',
}

export const killedBeforeItsCommit: Fault = {
  number: 6,
  title: 'kill after the snapshot, before the offset commit',
  holds: 'no event is applied twice',
  embedded: killBeforeCommit,
  kafka: killAtHangingCommit,
  // On the embedded engine the moment comes by chance.
  testedOn: 'kafka',
}

export const lateWriter: Fault = {
  number: 7,
  title: 'a batch takes longer than the session, and its writes arrive late',
  holds: 'the late writes repeat what is written and change nothing; the writer leaves and comes back',
  embedded: NO_GROUP,
  kafka: writeLate,
}

export const standsStill: Fault = {
  number: 8,
  title: 'SIGSTOP of a worker for 60 s, then it goes on',
  holds: 'its writes change nothing, and it goes on from a snapshot',
  embedded: standStill,
  kafka: standStill,
  testedOn: 'demand',
}

export const rebalances: Fault = {
  number: 9,
  title: 'twenty random rebalances',
  holds: "state and findings are the oracle's",
  embedded: NO_GROUP,
  kafka: rebalance,
  testedOn: 'demand',
}
