/**
 * Fires when an agent or service calls one and the same outside host at an even beat, a host that nobody called before and
 * that at most one other identity calls: 24 gaps in a row that are as regular as a machine's.
 *
 * Why: what waits for orders asks for them again and again. A beat to a host that everybody knows is a health check; a beat
 * to one that nobody else needs, begun by an identity that has been here for long, is somebody's.
 *
 * How regular is RITA's measure (v5): half of (1 - |Bowley's skew|) and half of max(0, (median - MAD) / median) of the gaps.
 * Gaps from chance reach 0.52 on average. RITA's size, duration and histogram terms are left out: the log of an agent seldom
 * says them, and on simulated companies they separated nothing that the beat did not.
 *
 * Misses: a beat under a host that others use, too; one that begins in the first days of an identity; fewer than 25 calls;
 * calls spread at random over hours; a beat of less than a minute.
 */
import { counted } from '../../schemas/counted.ts'
import Type from 'typebox'
import { hash32 } from '../../schemas/ids.ts'
import type { EventView } from '../../schemas/event.ts'
import { defineDetector, type Absorb, type Suspicion } from '../detector.ts'
import { beatOf } from '../lib/beat.ts'
import { earliest, recentSet } from '../lib/fields.ts'
import { peersOf } from '../lib/hosts.ts'
import { list } from '../lib/list.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** Gaps that are looked at together. */
const GAPS = 24
/** Identities whose beat to one host is kept; a host with more is nobody's secret. */
const CALLERS = 2

/** Value of a signal: the identity calls the host since its own first days. */
const USUAL = 1

const Settings = Type.Object({
  beat_min: Type.Number({ default: 0.85, minimum: 0, maximum: 1, description: 'Regularity from which it fires' }),
  span_ms_min: Type.Integer({ default: 6 * HOUR_MS, description: 'Time that the gaps must cover together' }),
  history_ms: Type.Integer({ default: 5 * DAY_MS, description: 'Age of an identity before its hosts count as new' }),
})
type Settings = Type.Static<typeof Settings>

const rest = {
  callers: earliest({ size: CALLERS + 1 }),
  /** Who called it in its own first days: to that one it belongs to how things are. */
  usual: earliest({ size: 1 }),
  series: list({
    cap: CALLERS,
    columns: { print: 'u32', last: 'f64', count: 'u32', gaps: { type: 'u32', length: GAPS } },
  }),
}
type Context = Absorb<Settings, typeof rest, Record<never, never>>

const hostOf = (event: EventView): string =>
  peersOf(event)
    .find((one) => one.includes('.') || one.includes(':'))
    ?.toLowerCase() ?? ''

/**
 * The place of an identity's gaps, or -1. The first callers have one each, by the times of their calls and not by the order in which
 * these come: whoever called later than they gives up the place, and would not be told anyway.
 */
function seriesOf({ state, signal }: Context): number {
  const { series, callers } = state
  const own = series.indexOf('print', signal.fingerprint)
  if (own >= 0) return own
  if (!callers.isAmongFirst(signal.fingerprint, CALLERS)) return -1
  let place = series.push()
  for (let k = 0; place < 0 && k < series.length; k++)
    if (!callers.isAmongFirst(series.get('print', k), CALLERS)) place = k
  if (place < 0) return -1
  series.set('print', place, signal.fingerprint)
  series.set('last', place, 0)
  series.set('count', place, 0)
  return place
}

/** Takes the gap before this call, in seconds; answers how many there have been. Late calls have lost their place. */
function takeGap({ state: { series }, time }: Context, place: number): number {
  const last = series.get('last', place)
  const count = series.get('count', place)
  if (time <= last) return 0
  series.set('last', place, time)
  if (last === 0) return 0
  series.set('gaps', place, Math.min(0xffff_ffff, Math.round((time - last) / 1000)), count % GAPS)
  series.set('count', place, count + 1)
  return count + 1
}

function suspicionOf({ signal, settings, evidence }: Context, gaps: readonly number[]): Suspicion | undefined {
  const { score, median } = beatOf(gaps)
  const span = gaps.reduce((sum, gap) => sum + gap * 1000, 0)
  if (score < settings.beat_min || span < settings.span_ms_min) return undefined
  const minutes = Math.round((median / 60) * 10) / 10
  return {
    why: `${signal.identity} calls ${signal.key} about every ${counted(minutes, 'minute')}, as regularly as a clock (${Math.round(score * 100)} of 100); at most one other identity ever called that host.`,
    observed: { host: signal.key, regularity: score, gap_minutes: median / 60 },
    expected: { regularity_below: settings.beat_min, regularity_by_chance: 0.52 },
    level: signal.fingerprint.toString(16),
    rooted: false,
    evidence: [evidence()],
    later: true,
  }
}

export const beacon = defineDetector({
  id: 'peer/beacon',
  version: 2,

  title: 'Regular beaconing to an unknown host',
  severity: 'medium',
  mode: 'live',
  needs: { fields: [['peer_domains', 'peer']], learns_ms: 5 * 86_400_000 },
  techniques: ['T1071.001', 'AML.T0096', 'ASI07'],
  falsePositives: ['A health check or poll of a new partner: list the host in trusted_peers'],

  settings: Settings,
  key: 'identity',
  state: {},
  window: { lengthMs: HOUR_MS, state: { sent: recentSet({ size: 2 }) } },

  matches: (event) => event.principal_kind !== 'person' && hostOf(event) !== '',
  step({ event, time, late, since, settings, lists, send, hasSent, openWindow }) {
    const host = hostOf(event)
    if (late || lists.isTrustedPeer(host)) return undefined
    const call = { keyKind: 'peer', key: host, fingerprint: hash32(event.identity) || 1 } as const
    const usual = { ...call, value: USUAL, once: true } as const
    // The beat of a host that belongs to how things are is never told.
    if (time - since < settings.history_ms || hasSent(usual)) send(usual)
    else if (!openWindow().sent.use(hash32(`${host} ${Math.floor(time / MINUTE_MS)}`))) send(call)
    return undefined
  },

  second: {
    keys: ['peer'],
    state: rest,
    absorb(context) {
      const { state, signal, time, tie } = context
      state.callers.add(signal.fingerprint, time, tie)
      if (signal.value === USUAL) {
        state.usual.add(signal.fingerprint, time, tie)
        return undefined
      }
      const place = seriesOf(context)
      if (place < 0) return undefined
      const count = takeGap(context, place)
      if (count < GAPS || count % 4 !== 0) return undefined
      const gaps = Array.from({ length: GAPS }, (_, k) => state.series.get('gaps', place, k))
      return suspicionOf(context, gaps)
    },
    decide({ candidate, state }) {
      const { time, tie, fingerprint } = candidate
      const others = state.callers.countBefore(time, tie, fingerprint)
      if (others >= CALLERS || state.usual.countBefore(time, tie, 0) > 0) return { fire: false }
      return { fire: true, observed: { other_callers: others } }
    },
  },
})
