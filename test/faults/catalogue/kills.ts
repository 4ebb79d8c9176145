/** Fault 20: kill -9 of anything at any moment. */
import { linger } from '../stage/acts.ts'
import type { Fault, Play } from '../stage/fault.ts'
import type { EmbeddedSystem, SeparateSystem } from '../stage/system.ts'
import { ROLES } from '../../../services/roles/role.ts'

const KILLS = 4
const PAUSE_MS_MAX = 1_200

const killTheProcess: Play<EmbeddedSystem> = async ({ system, shipper, random }) => {
  for (let kill = 0; kill < KILLS; kill++) {
    const sending = shipper.sendUpTo((kill + 1) / KILLS)
    await linger(random.below(PAUSE_MS_MAX))
    await system.kill(system.one('collector'))
    await system.start('collector')
    await sending
  }
  return `${KILLS} kills; ${shipper.answers.filter(({ status }) => status === 0).length} requests cut off`
}

const killAnyProcess: Play<SeparateSystem> = async ({ system, shipper, random }) => {
  const killed: string[] = []
  for (let kill = 0; kill < KILLS; kill++) {
    const sending = shipper.sendUpTo((kill + 1) / KILLS)
    await linger(random.below(PAUSE_MS_MAX))
    const role = random.pick(ROLES)
    await system.kill(system.one(role))
    killed.push(role)
    await linger(random.below(PAUSE_MS_MAX))
    await system.start(role)
    await sending
  }
  return `killed: ${killed.join(', ')}; ${shipper.answers.filter(({ status }) => status !== 200).length} requests sent again`
}

export const killedAtAnyMoment: Fault = {
  number: 20,
  title: 'kill -9 of any process at any moment',
  holds: 'after a restart counts and findings are equal',
  embedded: killTheProcess,
  kafka: killAnyProcess,
  testedOn: 'kafka',
}
