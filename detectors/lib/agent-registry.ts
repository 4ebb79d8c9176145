/**
 * The trust registry in the form in which detectors ask it: what is written down about an identity, and which entry of a list an
 * act falls under. Built once for each tenant's registry and that of all. Names are compared without regard to case, because what
 * one source writes as `DeleteUser` another writes as `deleteuser`, and a forbidden act is not permitted by its spelling.
 */
import { AGENTS, type AgentRegistry, agentRegistryHash, type Acts, type RegisteredAgent } from '../../schemas/agents.ts'
import type { EventView } from '../../schemas/event.ts'
import { HostList } from './host-list.ts'

/** The section of the knowledge: the registry of all tenants, or that of one. */
export class Agents {
  readonly section = AGENTS
  /** Names the content. */
  readonly hash: string
  readonly registry: AgentRegistry

  constructor(registry: AgentRegistry) {
    this.registry = registry
    this.hash = agentRegistryHash(registry)
  }
}

export type ActPart = 'action' | 'target' | 'peer'
export type ListName = 'allowed' | 'never'

/** The entry that an act falls under, and what of the act it is. */
export interface Match {
  readonly part: ActPart
  /** As people wrote it. */
  readonly entry: string
  /** What the event says. */
  readonly value: string
}

/** Names and beginnings of names. */
class NameList {
  readonly #whole = new Map<string, string>()
  readonly #beginnings: (readonly [string, string])[] = []

  constructor(entries: readonly string[]) {
    for (const entry of entries) {
      const word = entry.toLowerCase()
      if (word.endsWith('*')) this.#beginnings.push([word.slice(0, -1), entry])
      else this.#whole.set(word, entry)
    }
  }

  /** The entry that fits a name. */
  find(name: string): string | undefined {
    const word = name.toLowerCase()
    return this.#whole.get(word) ?? this.#beginnings.find(([beginning]) => word.startsWith(beginning))?.[1]
  }
}

/** One list of acts, compiled. */
class ActList {
  readonly #actions: NameList
  readonly #targets: NameList
  readonly #names: NameList
  readonly #hosts = new HostList<string>()
  /** As people wrote them. */
  readonly entries: Readonly<Record<ActPart, readonly string[]>>

  constructor({ actions = [], targets = [], peers = [] }: Acts) {
    this.#actions = new NameList(actions)
    this.#targets = new NameList(targets)
    this.#names = new NameList(peers)
    for (const peer of peers) this.#hosts.add(peer, peer)
    this.entries = { action: actions, target: targets, peer: peers }
  }

  /** Whether the list says anything of such a part. */
  says(part: ActPart): boolean {
    return this.entries[part].length > 0
  }

  find(part: ActPart, value: string): string | undefined {
    if (part === 'action') return this.#actions.find(value)
    return part === 'target' ? this.#targets.find(value) : (this.#hosts.find(value) ?? this.#names.find(value))
  }
}

/** The parts of an act as they are compared; empty ones are left out. */
function partsOf(event: EventView): readonly (readonly [ActPart, string])[] {
  const peers = event.peer === '' ? event.peer_domains : [event.peer, ...event.peer_domains]
  const parts = [
    ['action', event.action] as const,
    ['target', event.target] as const,
    ...peers.map((peer) => ['peer', peer] as const),
  ]
  return parts.filter(([, value]) => value !== '')
}

/** What the registry says of one identity, all entries that fit it together. */
export class Bounds {
  /** Whom the first entry with an owner names; '' where none does. */
  readonly owner: string
  readonly #lists: Readonly<Record<ListName, readonly ActList[]>>

  constructor(entries: readonly RegisteredAgent[]) {
    this.owner = entries.find(({ owner }) => owner !== undefined)?.owner ?? ''
    const listsOf = (name: ListName): readonly ActList[] =>
      entries.flatMap(({ [name]: acts }) => (acts === undefined ? [] : [new ActList(acts)]))
    this.#lists = { never: listsOf('never'), allowed: listsOf('allowed') }
  }

  /** What its lists of this name say of a part of acts, without repeats. */
  entries(name: ListName, part: ActPart): readonly string[] {
    return [...new Set(this.#lists[name].flatMap(({ entries }) => entries[part]))]
  }

  /** The entries that a value falls under: of each list the one that counts. */
  fitting(name: ListName, part: ActPart, value: string): readonly string[] {
    return [...new Set(this.#lists[name].flatMap((list) => list.find(part, value) ?? []))]
  }

  /** Whom to ask, as the last sentence of an explanation. */
  get advice(): string {
    return this.owner === '' ? '' : ` Ask ${this.owner}.`
  }

  /** The entry that forbids the act. */
  forbids(event: EventView): Match | undefined {
    if (this.#lists.never.length === 0) return undefined
    for (const [part, value] of partsOf(event)) {
      for (const list of this.#lists.never) {
        const entry = list.find(part, value)
        if (entry !== undefined) return { part, entry, value }
      }
    }
    return undefined
  }

  /** The first part of the act that lists name others for and none names. */
  leavesOut(event: EventView): Omit<Match, 'entry'> | undefined {
    if (this.#lists.allowed.length === 0) return undefined
    for (const [part, value] of partsOf(event)) {
      // Whoever is allowed one host is not allowed its whole domain, and acts on that host alone.
      if (part === 'peer' && event.peer.toLowerCase().endsWith(`.${value}`)) continue
      const saying = this.#lists.allowed.filter((list) => list.says(part))
      if (saying.length > 0 && !saying.some((list) => list.find(part, value) !== undefined)) return { part, value }
    }
    return undefined
  }
}

/** Bounds by identity; those of a `*` are looked up for each identity anew, so that no sender fills a memory. */
export class AgentRules {
  /** An agent that is not listed is a finding. */
  readonly isStrict: boolean
  readonly #entries: readonly RegisteredAgent[]
  readonly #byName: ReadonlyMap<string, Bounds>
  readonly #beginnings: readonly RegisteredAgent[]
  /** Bounds of those who fit the same entries by their beginning alone. */
  readonly #shared = new Map<string, Bounds>()

  /** The tenant's registry and that of all; the tenant's mode goes before that of all. */
  constructor(registries: readonly AgentRegistry[]) {
    this.isStrict = registries.find(({ mode }) => mode !== undefined)?.mode === 'strict'
    this.#entries = registries.flatMap(({ agents = [] }) => agents)
    this.#beginnings = this.#entries.filter(({ agent }) => agent.endsWith('*'))
    const named = Map.groupBy(
      this.#entries.filter(({ agent }) => !agent.endsWith('*')),
      ({ agent }) => agent.toLowerCase(),
    )
    this.#byName = new Map([...named].map(([name, own]) => [name, new Bounds([...own, ...this.#fitting(name)])]))
  }

  #fitting(name: string): readonly RegisteredAgent[] {
    return this.#beginnings.filter(({ agent }) => name.startsWith(agent.slice(0, -1).toLowerCase()))
  }

  /** Whether no agent is listed at all. */
  get isEmpty(): boolean {
    return this.#entries.length === 0
  }

  /** What is written down about an identity; undefined where nothing is. */
  boundsOf(identity: string): Bounds | undefined {
    if (this.isEmpty) return undefined
    const name = identity.toLowerCase()
    const own = this.#byName.get(name)
    if (own !== undefined || this.#beginnings.length === 0) return own
    const fitting = this.#fitting(name)
    if (fitting.length === 0) return undefined
    const key = fitting.map(({ agent }) => agent).join('\u0000')
    const shared = this.#shared.get(key) ?? new Bounds(fitting)
    this.#shared.set(key, shared)
    return shared
  }
}
