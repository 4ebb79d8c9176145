/**
 * Fires when an agent or service does known things in an order that neither it nor anybody in its role ever showed:
 * several new pairs of acts within one hour, more than its own rate of new orders explains. Low: worth a look.
 *
 * Why: an agent that was talked into something uses the tools that it has. What differs is the order: it reads mail and
 * then pays, without asking somebody in between as it always did.
 *
 * How: pairs of acts of one session within an hour (bigrams). A pair counts if both acts are known, so that a first act
 * is not reported twice. The number of new pairs in a fixed hour is judged against the identity's own rate of new pairs
 * (Gamma-Poisson), and the second half checks the last pair against its role.
 *
 * Misses: orders longer than a pair; log sources without sessions, which mix the orders of concurrent work; identities
 * that never repeat themselves; people.
 */
import Type from 'typebox'
import { counted } from '../../schemas/counted.ts'
import { defineDetector } from '../detector.ts'
import { actions } from '../habits/actions.ts'
import { order } from '../habits/order.ts'
import { versions } from '../habits/versions.ts'
import { isAnonymous } from '../lib/anonymous.ts'
import { consequenceOf, isChange } from '../lib/consequence.ts'
import { counter, small } from '../lib/fields.ts'
import { countInHour, TOLD } from '../lib/hour-count.ts'
import { askOfRole, nobodyBefore } from '../lib/nobody-before.ts'
import { surpriseOf } from '../lib/maths.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

const Settings = Type.Object({
  pairs_min: Type.Integer({ default: 4, minimum: 1, description: 'New orders within the hour' }),
  surprise_min: Type.Number({
    default: 5,
    minimum: 1,
    description: 'How surprising so many are, as -log10 of their probability',
  }),
  history_ms: Type.Integer({ default: 7 * DAY_MS, description: 'Age of an identity before its orders are known' }),
})

export const sequenceSurprise = defineDetector({
  id: 'intent/sequence-surprise',
  version: 2,

  title: 'Known actions in a new sequence',
  severity: 'low',
  mode: 'live',
  needs: { fields: [['action']], learns_ms: 7 * DAY_MS },
  techniques: ['AML.T0051.001', 'ASI01', 'ASI10'],
  falsePositives: ['A changed prompt under the same version: change the version, whose first day is left out'],

  settings: Settings,
  key: 'identity',
  uses: { actions, order, versions },
  /** The newest hour with new orders, since 1970, and their number so far; TOLD once reported. */
  state: { hour: counter(), pairs: small() },

  matches: (event) => event.principal_kind !== 'person' && event.kind !== 'control' && !isAnonymous(event),
  step({ event, time, late, since, habits, state, settings, send }) {
    if (late || !habits.order.isNew || habits.actions.isNew) return undefined
    const ask = askOfRole(event, habits.order.pair)
    send(ask)
    const hour = Math.floor(time / HOUR_MS)
    const pairs = countInHour(hour, { hour: state.hour, count: state.pairs })
    if (pairs === TOLD) return undefined
    if (time - since < settings.history_ms || habits.versions.isFresh || pairs < settings.pairs_min) return undefined
    const surprise = surpriseOf(habits.order.newLogProbability(HOUR_MS, pairs))
    if (surprise < settings.surprise_min || !isChange(consequenceOf(event))) return undefined
    state.pairs.value = TOLD
    return {
      why: `${event.identity} performed known actions in ${counted(pairs, 'new order')} within an hour, most recently ${event.action} after another action.`,
      observed: { new_orders: pairs, action: event.action, target: event.target },
      expected: { new_orders_below: settings.pairs_min },
      surprise,
      window: hour,
      rooted: false,
      learnedSince: since,
      ask,
    }
  },

  second: nobodyBefore('peer_group', 'there'),
})
