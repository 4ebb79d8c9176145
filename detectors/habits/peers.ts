/** With whom an identity speaks. */
import { hash32 } from '../../schemas/ids.ts'
import { seenHabit } from './seen.ts'

export const peers = seenHabit({
  id: 'peers',
  version: 1,
  bytes: 48,
  printOf: (event) => {
    const peer = event.peer_domains[0] ?? event.peer
    return peer === '' ? 0 : hash32(peer) || 1
  },
})
