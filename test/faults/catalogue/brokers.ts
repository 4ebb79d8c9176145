/** Faults 3 and 4: the brokers take nothing for a while. Whoever sends is told so, and never that it was taken. */
import type { LocalBroker } from '../../../infra/local/kafka.ts'
import { become } from '../stage/acts.ts'
import type { Fault, Play, Scene } from '../stage/fault.ts'
import type { SeparateSystem } from '../stage/system.ts'

const REFUSALS = 3

/** Ends brokers in the middle of the load, waits for refusals, and starts them again. */
async function whileAway({ system, shipper }: Scene<SeparateSystem>, away: readonly LocalBroker[]): Promise<string> {
  await shipper.sendUpTo(0.4)
  await Promise.all(away.map((broker) => broker.kill()))
  const before = shipper.answers.length
  const sending = shipper.sendUpTo(0.6)
  await become('the collector refuses', async () => shipper.answers.length >= before + REFUSALS)
  const during = shipper.answers.slice(before, before + REFUSALS)
  const ready = await system.one('collector').isReady()
  await Promise.all(away.map((broker) => broker.start()))
  await sending
  const wrong = during.find(({ status, retryAfter }) => status !== 503 || retryAfter === null)
  if (wrong !== undefined) throw new Error(`answered ${wrong.status} without a log: ${wrong.text}`)
  if (ready) throw new Error('the collector said that it is ready while it had no log')
  return `${REFUSALS} answers meanwhile, all 503 with Retry-After: ${during.at(-1)?.text}`
}

const allAway: Play<SeparateSystem> = (scene) => whileAway(scene, scene.system.kafka.brokers)
const twoOfThreeAway: Play<SeparateSystem> = (scene) => whileAway(scene, scene.system.kafka.brokers.slice(0, 2))

const NO_BROKERS = { without: 'its log is a file of the process: see 18' }

export const brokersAway: Fault = {
  number: 3,
  title: 'Kafka is down',
  holds: '503 with Retry-After, never 200; everything goes on when it is back',
  embedded: NO_BROKERS,
  kafka: allAway,
}

export const tooFewReplicas: Fault = {
  number: 4,
  title: 'too few replicas are in sync',
  holds: '503 with Retry-After, never 200; everything goes on when they are back',
  embedded: NO_BROKERS,
  kafka: twoOfThreeAway,
  brokers: 3,
  testedOn: 'demand',
}
