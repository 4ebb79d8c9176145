/**
 * Fires when what an agent or service does has moved away from what it did for weeks, a little every day: at least a quarter
 * of its recent work is of other classes of acts than its usual work, and three times as much as it usually moves. Low:
 * worth a look.
 *
 * Why: whoever poisons an agent's memory, or takes an identity over with patience, changes one thing a day. Each is learned
 * before the next one comes, so no rule that compares with yesterday sees it. What it did weeks ago does.
 *
 * How: the habit `mix` keeps the shares of eight classes of acts, recent (half-life three active days) and usual (a
 * sixteenth of the way each active day). On the first event of a day the distance between both is judged: half the sum of
 * the differences of the shares, less what chance makes of so few acts. Before it is told, the second half asks whether
 * another identity of the role moved the same way.
 *
 * Misses: a drift within one class; one that ends below a quarter; one so slow that the usual shares keep up, which is about
 * one hundredth a day; identities with few acts; a new version of the agent, claimed or real; people.
 */
import Type from 'typebox'
import { defineDetector } from '../detector.ts'
import { mix, MIX_WORDS } from '../habits/mix.ts'
import { isAnonymous } from '../lib/anonymous.ts'
import { askOfRole, nobodyBefore } from '../lib/nobody-before.ts'

const DAY_MS = 86_400_000
/** One drift is told once in so many days. */
const TOLD_DAYS = 14

const Settings = Type.Object({
  moved_min: Type.Number({
    default: 0.25,
    minimum: 0,
    maximum: 1,
    description: 'Share of the recent work that is of other classes than the usual work',
  }),
  usual_factor: Type.Number({ default: 3, minimum: 1, description: 'Times what the mix usually moves' }),
  days_min: Type.Integer({ default: 12, minimum: 2, description: 'Active days before a mix is known' }),
  acts_min: Type.Integer({ default: 40, minimum: 1, description: 'Recent acts (decayed) that make a mix' }),
})

export const slowDrift = defineDetector({
  id: 'intent/slow-drift',
  version: 1,

  title: 'Work that has slowly become other work',
  severity: 'low',
  mode: 'live',
  needs: { fields: [['action']], learns_ms: 12 * DAY_MS },
  techniques: ['AML.T0080.000', 'ASI06', 'ASI10'],
  falsePositives: ['A new duty that grows, under the same version'],

  settings: Settings,
  key: 'identity',
  uses: { mix },
  state: {},

  matches: (event) => event.principal_kind !== 'person' && event.kind !== 'control' && !isAnonymous(event),
  step({ event, time, since, habits, settings, send }) {
    const { isNewDay, days, recent, moved, movedByChance, movesUsually, grown, share, usualShare } = habits.mix
    if (!isNewDay || days < settings.days_min || recent < settings.acts_min) return undefined
    if (moved - movedByChance < settings.moved_min || moved < settings.usual_factor * movesUsually) return undefined
    const ask = askOfRole(event, `drift/${grown}`)
    send(ask)
    const percent = (of: number): number => Math.round(100 * of)
    return {
      why: `The work of ${event.identity} has slowly become other work: ${percent(moved)} % of it differs from what it did for weeks. Most grew ${MIX_WORDS[grown]}, from ${percent(usualShare)} to ${percent(share)} %.`,
      observed: { moved, grew: MIX_WORDS[grown] ?? '', share },
      expected: { moved_below: settings.moved_min, moves_usually: movesUsually, share: usualShare },
      window: Math.floor(time / (TOLD_DAYS * DAY_MS)),
      rooted: false,
      learnedSince: since,
      ask,
    }
  },

  second: nobodyBefore('peer_group', 'moved'),
})
