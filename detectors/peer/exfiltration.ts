/**
 * Fires when an identity sends far more to an outside host than it usually sends anywhere in a day, and the host is new
 * to it: the sum of a week to one new host, against its own usual day.
 *
 * Why: stolen data goes where data never went before. One large upload and forty small ones are the same theft, so the
 * sum counts and not the call.
 *
 * Misses: hosts that the identity has long sent to (mail, a shared drive); sources that report no sizes; several new
 * hosts at once, of which only the newest is summed; less than the floor in a week, or in calls of less than 200 kB
 * each.
 */
import Type from 'typebox'
import { hash32 } from '../../schemas/ids.ts'
import type { EventView } from '../../schemas/event.ts'
import { defineDetector } from '../detector.ts'
import { counter, decayedCount, single, small } from '../lib/fields.ts'
import { seenFilter } from '../lib/filter.ts'

const DAY_MS = 86_400_000
const MINUTE_MS = 60_000

const Settings = Type.Object({
  bytes_min: Type.Number({ default: 50_000_000, description: 'Bytes to one new host below which nothing fires' }),
  bytes_high: Type.Number({ default: 2_000_000_000, description: 'Bytes from which it is high' }),
  usual_factor: Type.Number({ default: 5, description: 'Times the usual bytes of a day of the identity' }),
  new_ms: Type.Integer({ default: 7 * DAY_MS, description: 'How long a host stays new' }),
  history_ms: Type.Integer({ default: 3 * DAY_MS, description: 'Age of an identity before a host counts as new' }),
})

/** The host outside that the bytes went to: one with a dot, not a name within the house. */
const hostOf = (event: EventView): string =>
  (event.peer_domains.find((one) => one.includes('.')) ?? (event.peer.includes('.') ? event.peer : '')).toLowerCase()

/** Megabytes are counted, because sums of bytes leave the digits of the fields. */
const MEGA = 1e6
/** Smaller calls are requests and letters, not transfers; many different hosts get them. */
const LEAST_BYTES = 200_000

export const exfiltration = defineDetector({
  id: 'peer/exfiltration',
  version: 2,

  title: 'Large upload to a new host',
  severity: 'medium',
  mode: 'live',
  needs: { fields: [['bytes_out'], ['peer', 'peer_domains']], learns_ms: 3 * 86_400_000 },
  techniques: ['T1567', 'AML.T0086', 'ASI02'],
  falsePositives: ['A new backup or a new partner: list the host in trusted_peers before the first transfer'],

  settings: Settings,
  key: 'identity',
  state: {
    known: seenFilter({ bytes: 16 }),
    /** Megabytes sent, a day's worth after division by the days that it remembers. */
    usual: single(),
    usualDay: counter(),
    today: single(),
    days: decayedCount({ halfLifeMs: 14 * DAY_MS }),
    host: counter(),
    since: counter(),
    sent: single(),
    told: small(),
  },

  matches: (event) => event.bytes_out >= LEAST_BYTES && event.outcome !== 'denied' && event.outcome !== 'failure',
  step({ event, time, since, late, state, settings, lists }) {
    if (late) return undefined
    const mega = event.bytes_out / MEGA
    const day = Math.floor(time / DAY_MS)
    if (day > state.usualDay.value) {
      if (state.usualDay.value > 0) {
        state.days.add(state.usualDay.value * DAY_MS)
        state.usual.value += (state.today.value - state.usual.value) / Math.min(20, Math.max(1, state.days.at(time)))
      }
      state.usualDay.value = day
      state.today.value = 0
    }
    const host = hostOf(event)
    const print = hash32(host) || 1
    const minute = Math.floor(time / MINUTE_MS)
    const isRunning = print === state.host.value && (minute - state.since.value) * MINUTE_MS <= settings.new_ms
    const isNew = host !== '' && !lists.isTrustedPeer(host) && (isRunning || !state.known.has(print))
    state.known.add(print)
    if (!isNew || time - since < settings.history_ms) {
      state.today.value += mega
      return undefined
    }
    if (!isRunning) {
      state.host.value = print
      state.since.value = minute
      state.sent.value = 0
      state.told.value = 0
    }
    state.sent.value += mega
    const bytes = state.sent.value * MEGA
    const level = bytes >= settings.bytes_high ? 2 : bytes >= settings.bytes_min ? 1 : 0
    const usual = Math.max(state.usual.value, state.today.value)
    if (level <= state.told.value || state.sent.value < settings.usual_factor * usual) return undefined
    state.told.value = level
    const said = `${Math.round(state.sent.value)} MB`
    return {
      why: `${event.identity} has sent ${said} to ${host}, a host that is new to it; on a usual day it sends ${usual.toFixed(1)} MB in total.`,
      observed: { bytes, host, action: event.action },
      expected: { bytes_a_day: usual * MEGA },
      severity: level === 2 ? 'high' : 'medium',
      level: String(level),
      window: state.since.value,
      learnedSince: since,
    }
  },
})
