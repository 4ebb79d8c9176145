/** The catalogue: every fault, in the order of its number. */
import type { Fault } from '../stage/fault.ts'
import { brokersAway, tooFewReplicas } from './brokers.ts'
import { clockSet } from './clocks.ts'
import { killedAfterTheLogHasIt, killedBeforeItAnswers } from './collector.ts'
import { killedBeforeItsCommit, killedBeforeItsSnapshot, lateWriter, rebalances, standsStill } from './detectors.ts'
import { diskFull, flippedBytes } from './disks.ts'
import { killedAtAnyMoment } from './kills.ts'
import { lostCommits, recordsGone } from './offsets.ts'
import { poisonedRecords } from './poison.ts'
import { damagedSnapshots } from './snapshots.ts'
import { anotherTenant, auditTampered, hostileText } from './tenants.ts'
import { answersOfInsertsLost, sameToken, sinkRefuses, warehouseAway } from './warehouse.ts'

export const FAULTS: readonly Fault[] = [
  killedBeforeItAnswers,
  killedAfterTheLogHasIt,
  brokersAway,
  tooFewReplicas,
  killedBeforeItsSnapshot,
  killedBeforeItsCommit,
  lateWriter,
  standsStill,
  rebalances,
  damagedSnapshots,
  lostCommits,
  recordsGone,
  poisonedRecords,
  sinkRefuses,
  answersOfInsertsLost,
  sameToken,
  warehouseAway,
  diskFull,
  flippedBytes,
  killedAtAnyMoment,
  hostileText,
  anotherTenant,
  auditTampered,
  clockSet,
]
