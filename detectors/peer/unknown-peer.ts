/**
 * Fires when an agent speaks to a tool server or another agent at a host that neither it nor anybody else of the tenant
 * ever spoke to. High where the host is one that anybody rents for minutes, or a bare address.
 *
 * Why: a tool server reads what the agent sends and writes what the agent believes. Which ones there are is decided by
 * people and changes seldom; a new one that a single agent finds by itself is either news or a trap.
 *
 * Misses: a known host that serves something else now; contacts that are no tool server and no agent; a server that one
 * agent of the tenant spoke to during its first days, because until then everything is new.
 */
import Type from 'typebox'
import { hash32 } from '../../schemas/ids.ts'
import type { EventView } from '../../schemas/event.ts'
import { defineDetector } from '../detector.ts'
import { earliest } from '../lib/fields.ts'
import { seenFilter } from '../lib/filter.ts'
import { isHost, isRented } from '../lib/hosts.ts'

const DAY_MS = 86_400_000

const Settings = Type.Object({
  history_ms: Type.Integer({ default: 5 * DAY_MS, description: 'Age of an identity before a host counts as new' }),
})

const speaks = (event: EventView): boolean =>
  event.kind === 'mcp' || event.kind === 'a2a' || event.protocol === 'mcp' || event.protocol === 'a2a'

/** The host that the agent spoke to: of several, the first; a name without a dot is a name within the company. */
const hostOf = (event: EventView): string => [...event.peer_domains, event.peer].find(isHost)?.toLowerCase() ?? ''

export const unknownPeer = defineDetector({
  id: 'peer/unknown-peer',
  version: 2,

  title: 'A tool server that nobody knows',
  severity: 'medium',
  mode: 'live',
  needs: {
    fields: [
      ['peer', 'peer_domains'],
      ['protocol', 'kind'],
    ],
    learns_ms: 5 * 86_400_000,
  },
  techniques: ['T1071.001', 'AML.T0100', 'ASI07'],
  falsePositives: [
    'A new tool server: told once, at the first agent that speaks to it; list it in trusted_peers before',
  ],

  settings: Settings,
  key: 'identity',
  state: { known: seenFilter({ bytes: 16 }) },

  matches: (event) => event.principal_kind !== 'person' && speaks(event) && hostOf(event) !== '',
  step({ event, time, since, state, settings, lists, send }) {
    const host = hostOf(event)
    const fingerprint = hash32(host)
    if (state.known.has(fingerprint) || lists.isTrustedPeer(host)) return undefined
    state.known.add(fingerprint)
    send({ keyKind: 'peer', key: host, fingerprint: hash32(event.identity) })
    if (time - since < settings.history_ms) return undefined
    const rented = isRented(host)
    return {
      why: `${event.identity} spoke to ${host} (${event.action}), a tool server or agent that nobody here ever spoke to${rented ? ', at a host that anybody can rent' : ''}.`,
      observed: { host, action: event.action, rented: rented ? 'yes' : 'no' },
      expected: { spoken_to_before: 'by somebody' },
      severity: rented ? 'high' : 'medium',
      learnedSince: since,
      ask: { keyKind: 'peer', key: host, fingerprint: hash32(event.identity) },
    }
  },

  second: {
    keys: ['peer'],
    state: { known: earliest({ size: 4 }) },
    absorb({ signal, state, time, tie }) {
      state.known.add(signal.fingerprint, time, tie)
      return undefined
    },
    decide({ candidate, state }) {
      const others = state.known.countBefore(candidate.time, candidate.tie, candidate.fingerprint)
      return others > 0 ? { fire: false } : { fire: true }
    },
  },
})
