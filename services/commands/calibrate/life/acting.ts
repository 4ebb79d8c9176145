/** Turns a step of somebody's work into a canonical event: its name in the service's style, its target, texts and sizes. */
import type { Chance } from './chance.ts'
import { STRANGERS, type StepKind, type Verb } from './jobs.ts'
import { houseAddress, type Identity, type Service, serviceOf, type World, worldAddress } from './world.ts'
import { strangerHost, strangerText, topic, word } from './words.ts'

const WORDS: Readonly<Record<Verb, readonly string[]>> = {
  get: ['get', 'read', 'fetch'],
  list: ['list', 'search', 'find'],
  create: ['create', 'add', 'new'],
  update: ['update', 'set', 'edit'],
  delete: ['delete', 'remove', 'drop'],
  send: ['send', 'post', 'publish'],
  run: ['run', 'execute', 'run'],
}
const ACTIVITY: Readonly<Record<Verb, string>> = {
  get: 'read',
  list: 'list',
  create: 'create',
  update: 'update',
  delete: 'delete',
  send: 'create',
  run: 'other',
}
const COMMANDS = [
  'make test',
  'git status',
  'git diff',
  'npm ci',
  'npm test',
  'cargo build',
  'pytest -q',
  'ls -la',
  'go vet ./...',
  'make lint',
]

const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1)

/** The same step has one name in one service: its synonym is chosen by the service's own name. */
function actionOf(service: Service, { verb, noun }: StepKind): string {
  const said = WORDS[verb][service.name.length % 3] as string
  if (service.style === 'camel') return `${service.name}:${capital(said)}${capital(noun)}`
  return service.style === 'dotted' ? `${service.name}.${noun}.${said}` : `${said}_${noun}`
}

const KINDS = new Map([
  ['iam', 'admin'],
  ['auth', 'auth'],
  ['memory', 'memory'],
  ['agents', 'a2a'],
  ['shell', 'exec'],
])

function kindOf(identity: Identity, service: Service): string {
  const own = KINDS.get(service.name)
  if (own !== undefined) return own
  return identity.kind === 'agent' ? (service.mcp ? 'mcp' : 'tool') : 'api'
}

/** A name for something that did not exist before, or for one more of what a company has. */
function inventTarget(chance: Chance, world: World, { service, noun }: StepKind): string {
  if (noun === 'command') return chance.is(0.7) ? chance.pick(COMMANDS) : `make ${word(chance)}`
  if (noun === 'page' || noun === 'webhook') return `https://${strangerHost(chance)}/${word(chance)}`
  if (noun === 'endpoint') return `https://${word(chance)}${chance.below(30)}.${world.domain}/health`
  if (noun === 'address') return `${word(chance)}@${strangerHost(chance)}`
  if (noun === 'query') return topic(chance)
  if (noun === 'file') return `src/${word(chance)}/${word(chance)}.ts`
  return `${noun}/${service === 'db' || service === 'warehouse' ? '' : chance.hex(3)}${word(chance)}-${chance.below(400)}`
}

/** Whom or what the step is about: most often what it was about before. */
export function targetOf(world: World, identity: Identity, step: StepKind): string {
  const { chance } = world
  if (step.pool === 'none') return ''
  if (step.pool === 'fresh') return inventTarget(chance, world, step)
  const service = serviceOf(world, step.service)
  const pools = step.pool === 'own' ? identity.own : service.shared
  const key = step.pool === 'own' ? `${step.service}/${step.noun}` : step.noun
  const pool = pools.get(key) ?? []
  if (pool.length === 0) {
    const size = step.pool === 'own' ? 2 + chance.below(12) : 10 + chance.below(80)
    for (let n = 0; n < size; n++) pool.push(inventTarget(chance, world, step))
    pools.set(key, pool)
  }
  // Work moves on: now and then a new target replaces one that is no longer needed.
  if (chance.is(0.01)) pool[chance.below(pool.length)] = inventTarget(chance, world, step)
  return pool[chance.zipf(pool.length)] as string
}

/**
 * The identity's current address: pods and functions land where there is room, people are at home, in the office or
 * between.
 */
function addressOf(world: World, identity: Identity): string {
  const { chance } = world
  switch (identity.place) {
    case 'function':
      if (chance.is(0.3)) identity.address = houseAddress(chance, identity.region)
      return identity.address
    case 'pod':
      if (chance.is(0.004)) {
        identity.address = houseAddress(chance, identity.region)
        identity.instance = chance.hex(8)
      }
      return identity.address
    case 'dual':
      return chance.is(0.3) ? `2001:db8:${(identity.phase + 256).toString(16)}:1::${chance.hex(2)}` : identity.address
    case 'laptop':
    case 'fixed':
      return identity.address
  }
}

const outcomeOf = (chance: Chance, failing: number): Readonly<Record<string, unknown>> => {
  if (!chance.is(failing)) return { outcome: 'success' }
  return chance.is(0.3) ? { outcome: 'denied', error: 'not_allowed' } : { outcome: 'failure', error: 'timeout' }
}

function texts(world: World, identity: Identity, step: StepKind, target: string): Record<string, unknown> {
  const { chance } = world
  if (identity.kind !== 'agent' || !chance.is(identity.reports.texts)) return {}
  const args =
    step.noun === 'command'
      ? { command: target }
      : step.noun === 'page'
        ? { url: target }
        : { id: target, note: topic(chance) }
  if (step.verb !== 'get' && step.verb !== 'list') return { arguments: args }
  const strange = STRANGERS.has(step.service)
  return {
    arguments: args,
    result: strange ? strangerText(chance, step.service) : `${target}: ${topic(chance)}`,
    content_origin: strange ? 'untrusted' : 'trusted',
  }
}

function transport(world: World, identity: Identity, step: StepKind, service: Service): Record<string, unknown> {
  const { chance } = world
  const { reports } = identity
  const far = service.mcp || service.host.indexOf(world.domain) < 0
  const out = step.verb === 'send' || step.verb === 'create' || step.verb === 'update'
  return {
    ...(reports.address ? { source_address: addressOf(world, identity) } : {}),
    ...(reports.client ? { user_agent: identity.client } : {}),
    ...(identity.kind === 'agent' && far ? { peer: service.host, protocol: service.mcp ? 'mcp' : 'https' } : {}),
    ...(identity.kind === 'agent' && service.mcp ? { peer_hash: service.card } : {}),
    ...(reports.bytes
      ? { [out ? 'bytes_out' : 'bytes_in']: Math.round(chance.logNormal(out ? 2_000 : 12_000, 1.6)) }
      : {}),
    ...(reports.cost ? { cost: Number(chance.logNormal(0.01, 1).toFixed(5)) } : {}),
  }
}

export interface Session {
  readonly id: string
  readonly task: string
}

/** Emits one act. `said` replaces or adds fields; `part` names what of life it belongs to. */
export function act(
  world: World,
  identity: Identity,
  time: number,
  step: StepKind,
  said: Readonly<Record<string, unknown>> = {},
  session?: Session,
): void {
  const { chance } = world
  const service = serviceOf(world, step.service)
  const target = typeof said['target'] === 'string' ? said['target'] : targetOf(world, identity, step)
  const running = world.parts.get(identity.name)
  const { part = running !== undefined && running.until > time ? running.part : 'ordinary', ...fields } = said
  world.events++
  const event = {
    id: `e${world.events.toString(36)}-${chance.hex(6)}`,
    time: new Date(time).toISOString(),
    identity: identity.name,
    principal_kind: identity.kind,
    owner: identity.owner,
    role: identity.job.name,
    environment: identity.environment,
    credential: identity.credential,
    instance: identity.instance,
    action: actionOf(service, step),
    kind: kindOf(identity, service),
    activity: ACTIVITY[step.verb],
    ...(target === '' ? {} : { target, target_kind: step.noun }),
    ...(identity.kind === 'person' ? {} : { agent_version: identity.version.join('.') }),
    ...(identity.kind === 'agent' ? { model: identity.model } : {}),
    ...(session !== undefined && identity.reports.session ? { session: session.id } : {}),
    ...(session !== undefined && identity.kind === 'agent' ? { task: session.task } : {}),
    ...(identity.reports.behalf && identity.principals.length > 0
      ? { on_behalf_of: [identity.principals[chance.zipf(identity.principals.length)]] }
      : {}),
    ...outcomeOf(chance, identity.failing),
    ...(fields['action'] === 'user.message'
      ? {}
      : { ...transport(world, identity, step, service), ...texts(world, identity, step, target) }),
    ...fields,
  }
  world.out.push({ event, time, part: String(part) })
}

/** A stranger's call without a credential, as a public door sees it. */
export function anonymousCall(world: World, time: number, said: Readonly<Record<string, unknown>>): void {
  const { part = 'ordinary', ...fields } = said
  world.events++
  const event = {
    id: `e${world.events.toString(36)}-${world.chance.hex(6)}`,
    time: new Date(time).toISOString(),
    identity: 'anonymous',
    principal_kind: 'person',
    owner: world.domain,
    kind: 'api',
    source_address: worldAddress(world.chance),
    outcome: 'success',
    ...fields,
  }
  world.out.push({ event, time, part: String(part) })
}
