/**
 * The trust registries: `agents.yaml` next to the configuration, for all tenants, and `tenants/<tenant>/agents.yaml`, for one.
 * Each becomes a section of the knowledge. It also refuses what has a place next to the configuration by its name and is not read:
 * a file that lies there is meant to have an effect, and one without any must not go unnoticed.
 */
import { dirname, join } from 'node:path'
import ipaddr from 'ipaddr.js'
import { Compile } from 'typebox/compile'
import { type Acts, AgentRegistry } from '../../../schemas/agents.ts'
import { namesIn } from '../directory.ts'
import { isOddPattern } from '../patterns.ts'
import type { YamlReader } from '../yaml/read.ts'
import { PROBLEMS_MAX, readBeside } from './beside.ts'
import { type ConfigPath, type ConfigProblem, explainAll, type Located } from './problems.ts'
import { withoutNulls } from './nulls.ts'

export const AGENTS_FILE = 'agents.yaml'
const compiled = Compile(AgentRegistry)
/** Entries that end with a * are compared one by one for each identity. */
const BEGINNINGS_MAX = 256
/** What a directory may hold in vain, and what to do about it. */
const UNREAD: ReadonlyMap<string, string> = new Map([
  ['sigma', 'is not read: Sigma rules are not supported yet; move the directory away'],
  ['agents.yml', `is not read: name it ${AGENTS_FILE}`],
])

export interface LoadedAgents {
  /** By tenant; '' is everybody's. */
  readonly agents: Readonly<Record<string, AgentRegistry>>
  readonly problems: readonly ConfigProblem[]
}

const DOMAIN = /^(?:\*\.)?[^\s/*:@]+$/
const isPeer = (entry: string): boolean =>
  ipaddr.isValid(entry) ||
  ipaddr.isValidCIDR(entry) ||
  (DOMAIN.test(entry) && !isOddPattern(entry.replace(/^\*\./, '')))

function* actProblems(acts: Acts, at: ConfigPath): Generator<Located> {
  for (const part of ['actions', 'targets'] as const) {
    for (const [i, entry] of (acts[part] ?? []).entries())
      if (isOddPattern(entry)) yield { path: [...at, part, i], message: 'may have a * at its end only' }
  }
  for (const [i, entry] of (acts.peers ?? []).entries()) {
    if (!isPeer(entry) && (isOddPattern(entry) || entry.includes('/')))
      yield {
        path: [...at, 'peers', i],
        message: 'must be a domain, host, address, CIDR range or the name of an agent',
      }
  }
}

/** What the shape of a registry cannot say. */
function* registryProblems({ agents = [], trusted_peers = [] }: AgentRegistry): Generator<Located> {
  const seen = new Set<string>()
  for (const [i, { agent, allowed, never }] of agents.entries()) {
    if (isOddPattern(agent)) yield { path: ['agents', i, 'agent'], message: 'may have a * at its end only' }
    if (seen.has(agent.toLowerCase()))
      yield { path: ['agents', i, 'agent'], message: 'is listed twice: put both into one entry' }
    seen.add(agent.toLowerCase())
    if (allowed !== undefined) yield* actProblems(allowed, ['agents', i, 'allowed'])
    if (never !== undefined) yield* actProblems(never, ['agents', i, 'never'])
  }
  if (agents.filter(({ agent }) => agent.endsWith('*')).length > BEGINNINGS_MAX)
    yield { path: ['agents'], message: `has more than ${BEGINNINGS_MAX} entries that end with a *` }
  for (const [i, entry] of trusted_peers.entries())
    if (!isPeer(entry)) yield { path: ['trusted_peers', i], message: 'must be a domain, host, address or CIDR range' }
}

function check(given: unknown): { readonly value: AgentRegistry } | { readonly found: readonly Located[] } {
  const value = withoutNulls(given ?? {})
  if (!compiled.Check(value))
    return { found: explainAll(compiled.Errors(value), AgentRegistry, value, 'is not a list of agents') }
  const found = [...registryProblems(value)]
  return found.length > 0 ? { found } : { value }
}

/** Directories by the tenant whose files they hold; '' for all. */
async function roomsOf(configuration: string): Promise<readonly (readonly [string, string])[]> {
  const room = dirname(configuration)
  const tenants = await namesIn(join(room, 'tenants'))
  return [['', room], ...tenants.map((tenant) => [tenant, join(room, 'tenants', tenant)] as const)]
}

/** Paths of the registries that exist. Throws if a directory cannot be read. */
export async function agentFiles(configuration: string): Promise<readonly string[]> {
  const found: string[] = []
  for (const [, room] of await roomsOf(configuration))
    if ((await namesIn(room)).includes(AGENTS_FILE)) found.push(join(room, AGENTS_FILE))
  return found
}

/** Throws if a directory cannot be read. */
export async function loadAgents(configuration: string, read: YamlReader): Promise<LoadedAgents> {
  const agents = new Map<string, AgentRegistry>()
  const problems: ConfigProblem[] = []
  for (const [tenant, room] of await roomsOf(configuration)) {
    const names = await namesIn(room)
    for (const [name, message] of UNREAD)
      if (names.includes(name)) problems.push({ file: join(room, name), line: 0, column: 0, path: '', message })
    if (!names.includes(AGENTS_FILE)) continue
    const loaded = await readBeside(join(room, AGENTS_FILE), read, check)
    if ('value' in loaded) agents.set(tenant, loaded.value)
    else problems.push(...loaded.problems)
  }
  return { agents: Object.fromEntries(agents), problems: problems.slice(0, PROBLEMS_MAX) }
}
