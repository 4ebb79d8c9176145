/**
 * Fires when an event comes under the id of another event and says something else: another identity, action, target,
 * outcome, credential, source, peer or session. Both are kept, both are judged, and the one that was received first stays
 * the event of that id. One finding for each pair of id and content.
 *
 * Why: ids are made from what the producer says and can be guessed. Who sends an event under the id of one that is still to
 * come would swallow it, and who sends one later would rewrite what happened. Neither works here, and nobody honest tries.
 *
 * Misses: copies that come after 65,536 other events of the partition, and copies in the name of an identity of another
 * partition. Both are shown beside the first by `GET /v1/events/:id`.
 */
import Type from 'typebox'
import { defineDetector } from '../detector.ts'

export const conflictingEvent = defineDetector({
  id: 'identity/conflicting-event',
  version: 1,

  title: 'Two events under one id',
  severity: 'high',
  mode: 'live',
  needs: { fields: [], learns_ms: 0 },
  techniques: ['T1565.001', 'T1036', 'ASI03'],
  falsePositives: [
    'A producer that numbers its events anew after a restart, or sends an event again when more is known of it',
  ],

  settings: Type.Object({}),
  key: 'identity',
  state: {},

  matches: (event) => event.conflict,
  step({ event }) {
    return {
      why: `${event.identity} is said to have done ${event.action} under the id of another event: somebody rewrites what happened, or the producer uses an id twice.`,
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
