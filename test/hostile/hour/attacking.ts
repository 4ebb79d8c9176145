/**
 * The attacker as a process of its own. In life it is another machine: its compressing, its bodies and its waiting must take
 * no time from the event loop that measures the victim's sends, and as little as can be from the processors of the
 * service, which is what it runs at the lowest priority for. What reaches the service is the same.
 */
import { once } from 'node:events'
import { constants, setPriority } from 'node:os'
import { attack } from './attacker.ts'
import { doorOf } from './door.ts'

export interface Orders {
  readonly url: string
  readonly token: string
  readonly seed: number
  /** ms since 1970. */
  readonly until: number
}

setPriority(constants.priority.PRIORITY_LOW)
const [{ url, token, seed, until }] = (await once(process, 'message')) as [Orders]
const answers = await attack(doorOf(url, { send: token, ask: token }), new URL(url), token, seed, until)
process.send?.([...answers], () => process.disconnect())
