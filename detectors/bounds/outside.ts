/**
 * Fires when an identity acts outside what the trust registry lists under `allowed` for it: an operation, a target or a peer that
 * none of its lists names. With `mode: strict` it also fires when an agent acts that the registry does not list at all. Medium;
 * low for an act that was denied or failed. One finding per identity, part of the act and day, from the first event on.
 *
 * Why: where a person has written down what an agent is for, everything else needs no baseline to be remarkable.
 *
 * Misses: parts of an act for which no list exists (an entry without `targets` says nothing of targets); people and services that
 * are not listed, also in strict mode; the second act of a day outside the same list.
 */
import Type from 'typebox'
import { defineDetector } from '../detector.ts'
import type { ActPart } from '../lib/agent-registry.ts'
import { hasFailed } from '../lib/outcome.ts'

const DAY_MS = 86_400_000

const LISTS: Readonly<Record<ActPart, string>> = { action: 'actions', target: 'targets', peer: 'peers' }

export const outside = defineDetector({
  id: 'bounds/outside',
  version: 3,

  title: 'Act outside what the trust registry allows',
  severity: 'medium',
  mode: 'live',
  needs: { fields: [['action', 'target', 'peer', 'peer_domains']], learns_ms: 0 },
  techniques: ['T1078', 'ASI03', 'ASI10'],
  falsePositives: [
    'A new duty of an agent: add it to its entry in agents.yaml first',
    'A new agent under mode strict: list it before its first call',
  ],

  settings: Type.Object({}),
  key: 'identity',
  state: {},

  matches(event, lists) {
    // What a user says to an agent is no act of the agent.
    if (event.action === 'user.message') return false
    const bounds = lists.boundsOf(event.identity)
    if (bounds === undefined) return lists.isStrict && event.principal_kind === 'agent'
    // What is forbidden is told by bounds/never.
    return bounds.leavesOut(event) !== undefined && bounds.forbids(event) === undefined
  },
  step({ event, time, lists }) {
    const bounds = lists.boundsOf(event.identity)
    const day = Math.floor(time / DAY_MS) * DAY_MS
    const stopped = hasFailed(event)
    const about = { severity: stopped ? ('low' as const) : ('medium' as const), window: day, rooted: false }
    const observed = { action: event.action, target: event.target, outcome: event.outcome }
    if (bounds === undefined) {
      return {
        why: `${event.identity} acts (${event.action || 'no named action'}), and the trust registry, which is strict, does not list it.`,
        observed,
        expected: { listed: 'yes' },
        ...about,
        level: `unlisted ${about.severity}`,
      }
    }
    const left = bounds.leavesOut(event)
    if (left === undefined) return undefined
    return {
      why: `${event.identity} acted outside what the trust registry allows it: none of its ${LISTS[left.part]} is ${left.value}.${bounds.advice}`,
      observed: { ...observed, [left.part]: left.value },
      expected: { allowed: `its listed ${LISTS[left.part]}` },
      ...about,
      level: `${left.part} ${about.severity}`,
    }
  },
})
