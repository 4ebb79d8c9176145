/**
 * Fires when an identity installs a skill, plugin, connector, tool server or package that nobody in the tenant
 * installed before: low. Medium if it comes from a host that anybody can rent, has no pinned version (a branch,
 * `latest`, a bare link), or comes from a host that the identity never contacted and nobody here installs from, while
 * what is installed here comes from elsewhere.
 *
 * Why: an agent does what its tools tell it. Whoever may add one has its rights, and a tool that is fetched afresh each
 * time changes whenever its author wants. Many install what is rolled out: only the first is reported.
 *
 * Misses: tools that are part of a new version of the agent; an installed tool that changes (see peer/rug-pull); names
 * that do not say that something is installed; a tool that somebody else has already installed.
 */
import Type from 'typebox'
import { hash32 } from '../../schemas/ids.ts'
import type { EventView } from '../../schemas/event.ts'
import { defineDetector } from '../detector.ts'
import { peers } from '../habits/peers.ts'
import { targets } from '../habits/targets.ts'
import { actWords, hasWord, wordSet } from '../lib/act-words.ts'
import { earliest } from '../lib/fields.ts'
import { hostOf, isRented } from '../lib/hosts.ts'

const DAY_MS = 86_400_000
/** `value` of a question about the hosts, not about the tool. */
const BY_HOST = 1

const Settings = Type.Object({
  history_ms: Type.Integer({
    default: 3 * DAY_MS,
    description: 'Age of an identity before its installations fire: a new one is set up first',
  }),
})

const INSTALLS = wordSet('install add enable register load import connect')
const ALWAYS = wordSet('install')
const TOOLS = wordSet('skill plugin extension connector mcp tool package addon module integration')

/** Installing counts for anything; adding or connecting only for tools. */
const installs = (event: EventView): boolean => {
  const words = actWords(event)
  return hasWord(words, ALWAYS) || (hasWord(words, INSTALLS) && hasWord(words, TOOLS))
}

const FETCHED = /^(?:git\+|https?:\/\/|git@|ssh:\/\/)/i
const MOVES = /(?:@|:|#|\/tree\/|\/blob\/)(?:latest|main|master|head|dev|develop|nightly|next|canary)(?:\/|$)/i
const PINNED = /(?:@|#|==|:v?)(?:sha256:)?[0-9a-f]{7,64}$|[@=/:]v?\d+(?:\.\d+)+[^/]*$/i
/** Whether what is fetched under this name may be different tomorrow. */
const isUnpinned = (target: string): boolean => MOVES.test(target) || (FETCHED.test(target) && !PINNED.test(target))

export const newTool = defineDetector({
  id: 'peer/new-tool',
  version: 1,

  title: 'First installation of a tool',
  severity: 'medium',
  mode: 'live',
  needs: { fields: [['action'], ['target']], learns_ms: 3 * DAY_MS },
  techniques: ['T1195.002', 'AML.T0010', 'ASI04'],
  falsePositives: ['The first agent of a roll-out from a new place: list its host in trusted_peers first'],

  settings: Settings,
  key: 'identity',
  uses: { peers, targets },
  state: {},

  matches: (event) =>
    event.target !== '' && event.outcome !== 'denied' && event.outcome !== 'failure' && installs(event),
  step({ event, time, since, habits, settings, lists, send }) {
    if (!habits.targets.isNew) return undefined
    const host = hostOf(event)
    const byTool = { keyKind: 'target' as const, key: event.target, fingerprint: hash32(event.identity), value: 0 }
    // Which hosts tools of this kind come from, for the whole tenant.
    const byHost = {
      keyKind: 'peer_group' as const,
      key: `installs/${event.target_kind || event.action}`,
      fingerprint: hash32(host) || 1,
      value: BY_HOST,
    }
    send(byTool)
    if (host !== '') send(byHost)
    if (time - since < settings.history_ms || event.approval !== '') return undefined
    const isTrusted = host !== '' && lists.isTrustedPeer(host)
    const reasons = isTrusted
      ? []
      : [
          ...(host !== '' && isRented(host) ? [`${host} is a host that anybody can rent`] : []),
          ...(isUnpinned(event.target) ? ['its version is not pinned'] : []),
        ]
    const isForeign = reasons.length === 0 && host !== '' && habits.peers.isNew && !isTrusted
    return {
      why: `${event.identity} installed ${event.target} (${event.action}), which nobody in this tenant installed before${reasons.length > 0 ? `: ${reasons.join('; ')}` : ''}.`,
      observed: { tool: event.target, action: event.action, host, reasons },
      expected: { installed_before: 'by somebody' },
      severity: reasons.length > 0 ? 'medium' : 'low',
      window: Math.floor(time / DAY_MS),
      rooted: false,
      learnedSince: since,
      ask: isForeign ? byHost : byTool,
    }
  },

  second: {
    keys: ['target', 'peer_group'],
    /** Who installed the tool first; of a group, from which hosts. */
    state: { first: earliest({ size: 4 }) },
    absorb({ signal, state, time, tie }) {
      state.first.add(signal.fingerprint, time, tie)
      return undefined
    },
    decide({ candidate: { time, tie, fingerprint, value }, state }) {
      const others = state.first.countBefore(time, tie, fingerprint)
      if (value !== BY_HOST) return { fire: others === 0 }
      // Somebody has installed from this host before: it is a place like the others.
      if (state.first.countBefore(time, tie, 0) > others) return { fire: false }
      return others === 0
        ? { fire: true }
        : { fire: true, severity: 'medium', observed: { other_hosts_before: others } }
    },
  },
})
