/**
 * Fires when an agent makes the same call on the same target over and over, with almost nothing in between: a loop that
 * nobody stops. Calls that change something count from a low number. Calls that only look, which may be polling, count
 * from a high number, and only if they come at uneven times. Calls to a model in between break no run.
 *
 * Why: a stuck agent costs money with every turn, and does harm if its call changes something.
 *
 * Misses: loops over three or more calls, loops whose target changes, and polling that an attacker paces evenly.
 */
import Type from 'typebox'
import { hash32 } from '../../schemas/ids.ts'
import type { EventView } from '../../schemas/event.ts'
import { defineDetector } from '../detector.ts'
import type { Handles } from '../lib/columns.ts'
import { counter, real, small } from '../lib/fields.ts'
import { hasFailed } from '../lib/outcome.ts'

const Settings = Type.Object({
  changes_min: Type.Integer({ default: 30, minimum: 2, description: 'The same changing call in one run' }),
  looks_min: Type.Integer({ default: 200, minimum: 2, description: 'The same call that only looks in one run' }),
  habit_factor: Type.Number({ default: 2, description: 'Times the longest run of the identity so far' }),
  pause_ms: Type.Integer({ default: 600_000, minimum: 1, description: 'A pause that ends a run' }),
})

/** Gaps that differ by less than this share from one to the next are the beat of a clock. */
const EVEN = 0.1
const EVEN_SHARE = 0.6
const OTHERS_MAX = 2

const asksModel = (event: EventView): boolean => event.tokens_in + event.tokens_out > 0 && event.kind !== 'tool'
const looks = (event: EventView): boolean => event.activity === 'read' || event.activity === 'list' || hasFailed(event)

const rest = {
  call: counter(),
  run: counter(),
  even: counter(),
  others: small(),
  began: real(),
  /** From the beginning of the run to its newest call, and from the call before to that one, in ms. */
  span: counter(),
  gap: counter(),
  longest: counter(),
}
/** A longer run counts as so long: 49 days. */
const SPAN_MAX = 0xffff_ffff

/** A new run begins with this call; what is known of the longest grows by the one that ends. */
function begin(state: Handles<typeof rest>, call: number, time: number, counted: number): void {
  state.longest.value = Math.max(state.longest.value, Math.min(state.run.value, counted))
  state.call.value = call
  state.run.value = 0
  state.even.value = 0
  state.gap.value = 0
  state.began.value = time
  state.span.value = 0
}

export const runawayLoop = defineDetector({
  id: 'intent/runaway-loop',
  version: 1,

  title: 'Runaway loop of one call',
  severity: 'medium',
  mode: 'live',
  needs: { fields: [['action'], ['target', 'value_hashes']], learns_ms: 0 },
  techniques: ['AML.T0034.002', 'ASI08'],
  falsePositives: ['Polling at uneven times; a batch that names the same target in every call'],

  settings: Settings,
  key: 'identity',
  state: rest,

  matches: (event) =>
    event.principal_kind === 'agent' &&
    (event.kind === 'tool' || event.kind === 'mcp' || event.kind === 'api') &&
    event.target !== '',
  step({ event, time, late, state, settings }) {
    // The order of calls is the point of this rule, and a late event has lost its place in it.
    if (late || asksModel(event)) return undefined
    const call = hash32(`${event.action}\u0000${event.target}`) || 1
    const gap = time - state.began.value - state.span.value
    const hasPaused = gap > settings.pause_ms
    if (call !== state.call.value || hasPaused) {
      const breaks = call !== state.call.value && !hasPaused && state.run.value > 0
      if (breaks && state.others.value < OTHERS_MAX) {
        state.others.value++
        return undefined
      }
      begin(state, call, time, settings.looks_min)
    } else {
      if (state.gap.value > 0 && Math.abs(gap - state.gap.value) <= EVEN * state.gap.value) state.even.value++
      state.gap.value = Math.min(SPAN_MAX, gap)
      state.span.value = Math.min(SPAN_MAX, time - state.began.value)
    }
    state.others.value = 0
    const run = ++state.run.value
    const least = looks(event) ? settings.looks_min : settings.changes_min
    if (run < least || run < settings.habit_factor * state.longest.value) return undefined
    if (state.even.value > EVEN_SHARE * run) return undefined
    return {
      why: `${event.identity} called ${event.action} ${run} times in a row on the same target (${event.target}), with almost nothing in between.`,
      evidenceCount: run,
      observed: { calls: run, span_ms: time - state.began.value, target: event.target },
      expected: { calls_max: least - 1, longest_run: state.longest.value },
      // One finding per run, whichever event it fires on.
      window: state.began.value,
      rooted: false,
    }
  },
})
