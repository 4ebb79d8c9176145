/** Faults 1 and 2: the collector dies while a request is in its hands. */
import { meetRequest } from '../stage/acts.ts'
import type { Fault, Play } from '../stage/fault.ts'
import type { ProxiedAnswer, ProxiedRequest } from '../stage/http-proxy.ts'
import type { System } from '../stage/system.ts'

const KILLS = 4

/** Kills the collector at so many requests, as `hand` says, and counts what the sender saw. */
const killAtRequests =
  (hand: (system: System, request: ProxiedRequest) => Promise<ProxiedAnswer | 'cut'>): Play =>
  async (scene) => {
    const { system, shipper, random } = scene
    for (let kill = 0; kill < KILLS; kill++) {
      const from = (kill + random.unit()) / KILLS
      await meetRequest(scene, [from, (kill + 1) / KILLS], (request) => hand(system, request))
    }
    const unanswered = shipper.answers.filter(({ status }) => status === 0).length
    if (unanswered < KILLS) throw new Error(`${KILLS} requests were cut off, and the sender saw ${unanswered}`)
    return `${KILLS} kills; ${unanswered} requests without an answer were sent again`
  }

const beforeItAnswers = killAtRequests(async (system, request) => {
  await request.forwardHalf()
  await system.kill(system.one('collector'))
  return 'cut'
})

const afterTheLogHasIt = killAtRequests(async (system, request) => {
  const { status } = await request.forward()
  if (status !== 200) throw new Error(`the request was answered ${status}`)
  await system.kill(system.one('collector'))
  return 'cut'
})

export const killedBeforeItAnswers: Fault = {
  number: 1,
  title: 'kill -9 of the collector before it answers',
  holds: 'the client sends again, and the event counts once',
  embedded: beforeItAnswers,
  kafka: beforeItAnswers,
  testedOn: 'kafka',
}

export const killedAfterTheLogHasIt: Fault = {
  number: 2,
  title: "kill after the log's acknowledgement, before the answer",
  holds: 'the client sends again, and the event counts once',
  embedded: afterTheLogHasIt,
  kafka: afterTheLogHasIt,
  testedOn: 'embedded',
}
