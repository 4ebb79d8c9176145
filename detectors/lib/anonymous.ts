/** Callers without a credential of their own: anybody, and so nobody in particular. */
import type { EventView } from '../../schemas/event.ts'

/** How clouds, clusters and web servers spell a caller that has not said who it is, or whose name they hide. */
const NOBODY =
  /(?:^|[^a-z])(?:anonymous(?:_principal|user)?|unauthenticated|hidden_due_to_security_reasons|allusers)(?:$|[^a-z])/i

/** The last identity that somebody asked about, and the answer: a score of detectors ask about one event. */
let [last, isNobody] = ['', true]

/**
 * Whether the event is of everybody who shows no credential. What such callers do is no habit of anyone: there is nothing
 * that could be stolen, and nobody to stop.
 */
export function isAnonymous({ credential, identity }: EventView): boolean {
  if (credential !== '') return false
  if (identity !== last) {
    isNobody = identity === '' || NOBODY.test(identity)
    last = identity
  }
  return isNobody
}
