/**
 * Fires when an event arrives under the id of another event and says something else: another identity, action, target,
 * outcome, credential, source, peer or session. Both are kept and judged, and the one received first remains the event
 * of that id. One finding per pair of id and content.
 *
 * Why: ids derive from what the producer says and can be guessed. An attacker could send an event under the id of one
 * still to come to hide it, or later to rewrite what happened. Neither works here, and nobody honest tries.
 *
 * Misses: copies that come after 65,536 other events of the partition, and copies in the name of an identity in another
 * partition. `GET /v1/events/:id` shows both next to the first.
 */
import Type from 'typebox'
import { defineDetector } from '../detector.ts'

export const conflictingEvent = defineDetector({
  id: 'identity/conflicting-event',
  version: 1,

  title: 'Two different events with one id',
  severity: 'high',
  mode: 'live',
  needs: { fields: [], learns_ms: 0 },
  techniques: ['T1565.001', 'T1036', 'ASI03'],
  falsePositives: ['A producer that restarts its counter, or sends an event again once more is known about it'],

  settings: Type.Object({}),
  key: 'identity',
  state: {},

  matches: (event) => event.conflict,
  step({ event }) {
    return {
      why: `An event says that ${event.identity} did ${event.action}, but its id belongs to an earlier event with different content: somebody is rewriting what happened, or the producer used an id twice.`,
      observed: {
        event_id: event.event_id,
        content_id: event.content_id,
        sender: event.sender,
        action: event.action,
        target: event.target,
        outcome: event.outcome,
      },
      expected: { contents_of_one_id: 1 },
      window: event.content_id,
    }
  },
})
