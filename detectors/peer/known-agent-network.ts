/**
 * Fires when an agent contacts a listed network of untrusted agents: Moltbook, similar places, and whatever the tenant
 * lists. Contact means that the host is the peer, is in the domains of the call's arguments, or is the target. One
 * finding per identity, network and day, from the first contact on, during warm-up and for events without a usable time
 * too. No learning and no trusted list softens it; only the setting `allowed_networks` names an exception.
 *
 * Why: what is read there was written by strangers' agents, some of it to steer yours. What is written there is public,
 * and registering hands out an identity. No habit would make it safe.
 *
 * Misses: networks that nobody has listed, mirrors and relays, hosts that the log does not show. A host that is merely
 * mentioned in a result is no contact, and the collector does not report it as a peer.
 */
import Type from 'typebox'
import type { AgentNetwork } from '../../schemas/configuration.ts'
import type { EventView } from '../../schemas/event.ts'
import { defineDetector } from '../detector.ts'
import type { Lists } from '../lib/lists.ts'

const DAY_MS = 86_400_000
/** Hosts read from one target. */
const TARGET_HOSTS_MAX = 8

const Settings = Type.Object({
  allowed_networks: Type.Array(Type.String(), {
    default: [],
    description: 'Names or domains of listed networks that this tenant permits',
  }),
})

/** Kinds whose target names a thing of their own, which may look like a host: a file, a bucket, a note. */
const TARGET_IS_NO_HOST: ReadonlySet<string> = new Set(['api', 'admin', 'file', 'memory', 'control'])

/** Kinds of targets that are gone to. A query, a title, a recipient names something; what a command reaches is a peer. */
const TARGET_IS_PLACE: ReadonlySet<string> = new Set(['', 'url', 'host'])

/** The hosts in a target: every URL in it, or the target itself if it is one word of a kind that names a place. */
function hostsOfTarget(event: EventView): string[] {
  const { target } = event
  if (!target.includes('.') || !TARGET_IS_PLACE.has(event.target_kind)) return []
  const hosts: string[] = []
  for (let at = target.indexOf('://'); at >= 0 && hosts.length < TARGET_HOSTS_MAX; at = target.indexOf('://', at + 3)) {
    hosts.push(`http://${target.slice(at + 3).split(/[\s"'<>`)\\]/, 1)[0] ?? ''}`)
  }
  if (hosts.length === 0 && !TARGET_IS_NO_HOST.has(event.kind) && !/\s/.test(target)) hosts.push(target)
  return hosts
}

interface Contact {
  readonly host: string
  readonly network: AgentNetwork
}

function contactOf(event: EventView, lists: Lists): Contact | undefined {
  const { peer, peer_domains: domains } = event
  return listedOf(peer === '' ? domains : [peer, ...domains], lists) ?? listedOf(hostsOfTarget(event), lists)
}

function listedOf(hosts: readonly string[], lists: Lists): Contact | undefined {
  for (const host of hosts) {
    const network = host === '' ? undefined : lists.agentNetworkOf(host)
    if (network !== undefined) return { host, network }
  }
  return undefined
}

const isAllowed = (network: AgentNetwork, allowed: readonly string[]): boolean =>
  allowed.some((word) => {
    const name = word.toLowerCase()
    return network.name.toLowerCase() === name || network.domains.some((domain) => domain.toLowerCase() === name)
  })

export const knownAgentNetwork = defineDetector({
  id: 'peer/known-agent-network',
  version: 2,

  title: 'Contact with a listed agent network',
  severity: 'high',
  mode: 'live',
  needs: { fields: [['peer_domains', 'peer', 'target']], learns_ms: 0 },
  techniques: ['T1071.001', 'T1102', 'AML.T0108', 'ASI07'],
  falsePositives: ['An agent whose task is to watch the network: name the network in allowed_networks'],

  settings: Settings,
  key: 'identity',
  state: {},

  matches: (event, lists) => contactOf(event, lists) !== undefined,
  step({ event, time, settings, lists }) {
    const contact = contactOf(event, lists)
    if (contact === undefined || isAllowed(contact.network, settings.allowed_networks)) return undefined
    const day = Math.floor(time / DAY_MS) * DAY_MS
    const stopped = event.outcome === 'denied' ? ', and was denied' : ''
    return {
      why: `${event.identity} contacted ${contact.network.name} (${contact.host}) with ${event.action || 'a call'}${stopped}: a listed network of agents that nobody vouches for.`,
      observed: { network: contact.network.name, host: contact.host, action: event.action, outcome: event.outcome },
      expected: { contacts: 0 },
      window: `${day}/${contact.network.name}`,
      rooted: false,
    }
  },
})
