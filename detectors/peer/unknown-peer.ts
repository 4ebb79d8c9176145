/**
 * Fires when an agent contacts a tool server or another agent at a host that neither it nor anybody else in the tenant
 * ever contacted. High if the host is one that anybody can rent for minutes, or a bare address.
 *
 * Why: a tool server reads what the agent sends and writes what the agent believes. People decide which ones exist, and
 * that seldom changes. A new one that a single agent finds by itself is either news or a trap.
 *
 * Misses: a known host that now serves something else; contacts that are neither tool server nor agent; a server that
 * one agent of the tenant contacted during its first days, because until then everything is new.
 */
import Type from 'typebox'
import { hash32 } from '../../schemas/ids.ts'
import type { EventView } from '../../schemas/event.ts'
import { defineDetector } from '../detector.ts'
import { seenFilter } from '../lib/filter.ts'
import { hostOf, isRented } from '../lib/hosts.ts'
import { nobodyBefore } from '../lib/nobody-before.ts'

const DAY_MS = 86_400_000

const Settings = Type.Object({
  history_ms: Type.Integer({ default: 5 * DAY_MS, description: 'Age of an identity before a host counts as new' }),
})

const speaks = (event: EventView): boolean =>
  event.kind === 'mcp' || event.kind === 'a2a' || event.protocol === 'mcp' || event.protocol === 'a2a'

export const unknownPeer = defineDetector({
  id: 'peer/unknown-peer',
  version: 2,

  title: 'First contact with an unknown tool server',
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
    'A new tool server: fires once, at the first agent that contacts it; list it in trusted_peers first',
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
      why: `${event.identity} contacted ${host} (${event.action}), a tool server or agent that nobody in this tenant contacted before${rented ? ', on a host that anybody can rent' : ''}.`,
      observed: { host, action: event.action, rented: rented ? 'yes' : 'no' },
      expected: { spoken_to_before: 'by somebody' },
      severity: rented ? 'high' : 'medium',
      learnedSince: since,
      ask: { keyKind: 'peer', key: host, fingerprint: hash32(event.identity) },
    }
  },

  second: nobodyBefore('peer', 'known'),
})
