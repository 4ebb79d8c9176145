/**
 * Fires when an identity spends far more on models in a day than ever before: five times its usual day and twice its
 * most expensive one, in cost or, if none is reported, in tokens.
 *
 * Why: the owner pays for an agent that runs wild or works for somebody else, and the bill comes at the end of the
 * month.
 *
 * Misses: sources that report neither cost nor tokens; growth below those factors; the first days of an identity;
 * spending spread over many identities.
 */
import Type from 'typebox'
import type { EventView } from '../../schemas/event.ts'
import { defineDetector } from '../detector.ts'
import { short, single, small } from '../lib/fields.ts'
import { decayedProfile } from '../lib/profile.ts'

const DAY_MS = 86_400_000

const Settings = Type.Object({
  cost_min: Type.Number({ default: 5, description: 'USD a day below which nothing fires' }),
  usual_factor: Type.Number({ default: 5, description: 'Times the usual day' }),
  peak_factor: Type.Number({ default: 2, description: 'Times the most expensive day so far' }),
  days_min: Type.Number({ default: 3, description: 'Days (decayed) that make a habit' }),
})

/** A token without a price counts as the hundred-thousandth part of a dollar. */
const TOKEN_USD = 1e-5
const costOf = (event: EventView): number =>
  event.cost > 0 ? event.cost : TOKEN_USD * (event.tokens_in + event.tokens_out)

export const budgetSpent = defineDetector({
  id: 'intent/budget-spent',
  version: 3,

  title: 'Spending far above the usual',
  severity: 'medium',
  mode: 'live',
  needs: { fields: [['cost', 'tokens_out', 'tokens_in']], learns_ms: 7 * 86_400_000 },
  techniques: ['T1496', 'AML.T0034.002', 'ASI08'],
  falsePositives: ['A large job that somebody ordered, such as the end of a month: raise the factors for its owner'],

  settings: Settings,
  key: 'identity',
  state: {
    /** The cost of a day: its mean, and the dearest, which halves in two weeks. */
    days: decayedProfile({ halfLifeMs: 14 * DAY_MS, dimensions: 1 }),
    day: short(),
    spent: single(),
    told: small(),
  },

  matches: (event) => event.principal_kind !== 'person' && costOf(event) > 0,
  step({ event, time, since, state, settings }) {
    const day = Math.floor(time / DAY_MS)
    if (day > state.day.value) {
      if (state.day.value > 0) {
        // Spending reported as excessive is learned only up to what would have been accepted.
        const mean = state.days.mean(0)
        const learned =
          state.told.value > 0 ? Math.min(state.spent.value, settings.usual_factor * mean) : state.spent.value
        state.days.add([learned], state.day.value * DAY_MS)
      }
      state.day.value = day
      state.spent.value = 0
      state.told.value = 0
    }
    if (day === state.day.value) state.spent.value += costOf(event)
    const { value: spent } = state.spent
    if (spent < settings.cost_min || state.told.value > 0 || state.days.weightAt(time) < settings.days_min)
      return undefined
    const [usual, dearest] = [state.days.mean(0), state.days.peak(0)]
    if (spent < settings.usual_factor * usual || spent < settings.peak_factor * dearest) return undefined
    state.told.value = 1
    return {
      why: `${event.identity} has spent about ${spent.toFixed(2)} USD today; its usual day costs ${usual.toFixed(2)} USD, its most expensive one so far ${dearest.toFixed(2)} USD.`,
      observed: { spent_usd: spent },
      expected: { usual_usd: usual, dearest_usd: dearest },
      window: day,
      learnedSince: since,
    }
  },
})
