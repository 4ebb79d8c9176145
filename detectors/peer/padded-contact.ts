/**
 * Fires when one act names more hosts than are read, or hides where it goes in arguments too large to be read to their
 * end. No detector sees the rest, so the finding says that something may be there. One finding per identity and day.
 *
 * Why: peer detectors check whom an act contacts, and what is kept of that is bounded. An attacker who wants to reach a
 * host unseen puts others in front of it. Honest acts that name more than a hundred hosts are rare.
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

  title: 'More hosts in one call than are recorded',
  severity: 'low',
  mode: 'live',
  needs: { fields: [['peer_domains']], learns_ms: 0 },
  techniques: ['T1036', 'ASI07'],
  falsePositives: ['A crawler with a long list of pages in one call, or a script that visits many hosts'],

  settings: Type.Object({}),
  key: 'identity',
  state: {},

  matches: (event) => event.peer_domains.includes(UNREAD_PEER),
  step({ event, time }) {
    const read = event.peer_domains.length - 1
    return {
      why: `${event.identity} named more hosts in ${event.action || 'one call'} than are recorded: ${read} are kept, and a listed agent network could be among the rest.`,
      observed: { hosts_read: read, action: event.action, target: event.target },
      expected: { hosts_unread: 0 },
      window: `${Math.floor(time / DAY_MS) * DAY_MS}`,
      rooted: false,
    }
  },
})
