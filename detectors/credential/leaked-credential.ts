/**
 * Fires when a credential on the tenant's leak list is used, and says by whom, from where and whether it was allowed.
 * One finding per identity, credential, source network and day, from the first event on. No warm-up and no habit
 * softens it.
 *
 * Why: what is on a leak list is in strangers' hands, so the user may be one of them. A use by the rightful holder is
 * no better: the key is still in use, and must be replaced before somebody else finds it.
 *
 * Misses: credentials that nobody has listed; sources that name a credential by an id and never show the secret
 * (CloudTrail, Kubernetes, GitHub, Okta), because a list of secrets' hashes says nothing about ids; what happened
 * before the list was read.
 */
import Type from 'typebox'
import { defineDetector } from '../detector.ts'

const DAY_MS = 86_400_000

export const leakedCredential = defineDetector({
  id: 'credential/leaked-credential',
  version: 1,

  title: 'Use of a leaked credential',
  severity: 'high',
  mode: 'live',
  needs: { fields: [['credential']], learns_ms: 0 },
  techniques: ['T1552', 'T1078', 'ASI03'],
  falsePositives: ['A list that is too broad: remove the line'],

  settings: Type.Object({}),
  key: 'identity',
  state: {},

  matches: (event, lists) => lists.isLeaked(event.credential),
  step({ event, time }) {
    const day = Math.floor(time / DAY_MS) * DAY_MS
    const from = event.source_network === '' ? '' : ` from ${event.source_network}`
    const stopped = event.outcome === 'denied' ? ', and was denied' : ''
    return {
      why: `${event.identity} used a credential on the leak list${from} for ${event.action || 'a call'}${stopped}: replace it now, whoever used it.`,
      observed: {
        credential: event.credential,
        source: event.source_address,
        user_agent: event.user_agent,
        action: event.action,
        outcome: event.outcome,
      },
      expected: { uses: 0 },
      window: `${day}/${event.credential}/${event.source_network}`,
      rooted: false,
    }
  },
})
