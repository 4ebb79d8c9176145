/**
 * Fires when an identity spends far more on models in a day than it ever did: five times its usual day and twice its
 * dearest one, in cost or, where none is reported, in tokens.
 *
 * Why: an agent that runs wild, or works for somebody else, is paid by its owner. The bill comes at the end of the month.
 *
 * Misses: sources that report neither cost nor tokens; growth below those factors; the first days of an identity; spending
 * that is spread over many identities.
 */
import Type from 'typebox'
import type { EventView } from '../../schemas/event.ts'
import { defineDetector } from '../detector.ts'
import { counter, decayedMoments, real, small } from '../lib/fields.ts'

const DAY_MS = 86_400_000

const Settings = Type.Object({
  cost_min: Type.Number({ default: 5, description: 'USD a day below which nothing fires' }),
  usual_factor: Type.Number({ default: 5, description: 'Times the usual day' }),
  peak_factor: Type.Number({ default: 2, description: 'Times the dearest day so far' }),
  days_min: Type.Number({ default: 3, description: 'Days (decayed) that make a habit' }),
})

/** A token without a price counts as the hundred-thousandth part of a dollar. */
const TOKEN_USD = 1e-5
const costOf = (event: EventView): number =>
  event.cost > 0 ? event.cost : TOKEN_USD * (event.tokens_in + event.tokens_out)

export const budgetSpent = defineDetector({
  id: 'intent/budget-spent',
  version: 1,

  title: 'Spends far more than ever',
  severity: 'medium',
  mode: 'live',
  needs: { fields: [['cost', 'tokens_out', 'tokens_in']], learns_ms: 7 * 86_400_000 },
  techniques: ['T1496', 'AML.T0034.002', 'ASI08'],
  falsePositives: ['A great job that was ordered, such as the end of a month: raise the factors for its owner'],

  settings: Settings,
  key: 'identity',
  state: {
    days: decayedMoments({ halfLifeMs: 14 * DAY_MS }),
    peak: real(),
    day: counter(),
    spent: real(),
    told: small(),
  },

  matches: (event) => event.principal_kind !== 'person' && costOf(event) > 0,
  step({ event, time, since, state, settings }) {
    const day = Math.floor(time / DAY_MS)
    if (day > state.day.value) {
      if (state.day.value > 0) {
        // What was told as excessive is learned as far as it would have been accepted.
        const mean = state.days.mean
        const learned =
          state.told.value > 0 ? Math.min(state.spent.value, settings.usual_factor * mean) : state.spent.value
        state.days.add(learned, state.day.value * DAY_MS)
        state.peak.value = Math.max(state.peak.value * 0.97, learned)
      }
      state.day.value = day
      state.spent.value = 0
      state.told.value = 0
    }
    if (day === state.day.value) state.spent.value += costOf(event)
    const { value: spent } = state.spent
    if (spent < settings.cost_min || state.told.value > 0 || state.days.weightAt(time) < settings.days_min)
      return undefined
    const usual = state.days.mean
    if (spent < settings.usual_factor * usual || spent < settings.peak_factor * state.peak.value) return undefined
    state.told.value = 1
    return {
      why: `${event.identity} has spent about ${spent.toFixed(2)} USD today; a usual day of it costs ${usual.toFixed(2)}, its dearest ${state.peak.value.toFixed(2)}.`,
      observed: { spent_usd: spent },
      expected: { usual_usd: usual, dearest_usd: state.peak.value },
      window: day,
      learnedSince: since,
    }
  },
})
