/** The catalogue: every fault, in the order of its number. */
import type { Fault } from '../stage/fault.ts'
import { brokersAway, tooFewReplicas } from './brokers.ts'
import { killedAfterTheLogHasIt, killedBeforeItAnswers } from './collector.ts'
import {
  killedBeforeItsCommit,
  killedBeforeItsSnapshot,
  lateWriter,
  rebalances,
  standsStill,
} from './detectors.ts'
import { killedAtAnyMoment } from './kills.ts'

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
  killedAtAnyMoment,
]
