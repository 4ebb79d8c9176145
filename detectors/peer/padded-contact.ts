/**
 * Fires when one act names more hosts than are read, or hides where it goes in arguments that are too large to be read to
 * their end. What stands behind that is seen by no detector, so that it is told that something may stand there. One finding
 * for each identity and day.
 *
 * Why: detectors of peers ask whom an act contacts, and what is kept of that is bounded. Who wants to reach a host unseen
 * puts others in front of it; honest acts that name more than a hundred hosts are rare.
 *
 * Misses: which host was behind the others, and whether there was one.
 */
import Type from 'typebox'
import { UNREAD_PEER } from '../../schemas/event.ts'
import { defineDetector } from '../detector.ts'

const DAY_MS = 86_400_000

export const paddedContact = defineDetector({
  id: 'peer/padded-contact',
  version: 1,

  title: 'More hosts in one act than are read',
  severity: 'low',
  mode: 'live',
  needs: { fields: [['peer_domains']], learns_ms: 0 },
  techniques: ['T1036', 'ASI07'],
  falsePositives: ['A crawler that is handed a long list of pages in one call, or a script that visits many hosts'],

  settings: Type.Object({}),
  key: 'identity',
  state: {},

  matches: (event) => event.peer_domains.includes(UNREAD_PEER),
  step({ event, time }) {
    const read = event.peer_domains.length - 1
    return {
      why: `${event.identity} named more hosts with ${event.action || 'one act'} than are read: ${read} are kept, and a listed network could stand among the rest.`,
      observed: { hosts_read: read, action: event.action, target: event.target },
      expected: { hosts_unread: 0 },
      window: `${Math.floor(time / DAY_MS) * DAY_MS}`,
      rooted: false,
    }
  },
})
