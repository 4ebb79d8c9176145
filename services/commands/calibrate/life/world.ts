/**
 * A simulated company: its houses in several regions, the services that it runs or buys, and its inhabitants with their
 * habits. Everything is drawn from one seed; changes.ts and happenings.ts then act on it.
 */
import type { Chance } from './chance.ts'
import { JOBS, type Job, OUTSIDE, type StepKind } from './jobs.ts'
import { company, person, strangerHost, teams, word } from './words.ts'

export const MINUTE_MS = 60_000
export const HOUR_MS = 3_600_000
export const DAY_MS = 86_400_000

export interface Region {
  readonly name: string
  /** Offset of its working day from UTC, in hours. */
  readonly hours: number
  /** Second octet of its own networks. */
  readonly net: number
  /** Where the office meets the internet; a move of the egress changes it. */
  egress: string
}

export interface Service {
  readonly name: string
  readonly style: 'camel' | 'dotted' | 'snake'
  readonly host: string
  readonly mcp: boolean
  card: string
  readonly shared: Map<string, string[]>
}

/** Where an identity acts from. */
export type Housing = 'pod' | 'fixed' | 'function' | 'laptop' | 'dual'

/** Which columns the log source of an identity fills. */
export interface Reports {
  readonly address: boolean
  readonly client: boolean
  readonly session: boolean
  readonly behalf: boolean
  readonly bytes: boolean
  readonly texts: number
  readonly cost: boolean
}

export interface Item {
  readonly time: number
  readonly run: (time: number) => void
}

export interface Identity {
  readonly name: string
  readonly kind: Job['kind']
  readonly job: Job
  readonly owner: string
  readonly region: Region
  readonly reports: Reports
  readonly place: Housing
  readonly environment: string
  /** How busy it is compared with others of its job. */
  readonly weight: number
  /** Minute of the day at which its clock strikes first, for exact jobs. */
  readonly phase: number
  readonly failing: number
  readonly principals: readonly string[]
  readonly born: number
  gone: number
  away: number
  growth: number
  doing: StepKind[]
  version: [number, number, number]
  client: string
  model: string
  credential: string
  instance: string
  address: string
  home: string
  readonly own: Map<string, string[]>
  agenda: Item[]
}

export interface LivedEvent {
  /** As `POST /v1/events` takes it. */
  readonly event: Readonly<Record<string, unknown>>
  readonly time: number
  /** What of ordinary life it belongs to: `ordinary`, or the name of a change or happening. */
  readonly part: string
}

export interface World {
  readonly chance: Chance
  readonly domain: string
  readonly start: number
  readonly days: number
  readonly regions: readonly Region[]
  readonly services: Map<string, Service>
  readonly people: Identity[]
  readonly inhabitants: Identity[]
  readonly clients: readonly string[]
  readonly models: readonly string[]
  /** Which change or happening is under way for an identity until when, so that later effects bear its name. */
  readonly parts: Map<string, { readonly part: string; readonly until: number }>
  out: LivedEvent[]
  events: number
}

/** An address in one of a region's networks; each /24 of it is a node or a rack. */
export const houseAddress = (chance: Chance, region: Region): string =>
  `10.${region.net}.${64 + chance.below(40)}.${2 + chance.below(250)}`

/** An address out in the world. */
export const worldAddress = (chance: Chance): string =>
  `100.${64 + chance.below(64)}.${chance.below(256)}.${1 + chance.below(254)}`

const placeOf = (chance: Chance, kind: Job['kind']): Housing => {
  if (kind === 'person') return chance.is(0.2) ? 'dual' : 'laptop'
  return chance.weighted([
    { place: 'pod' as const, weight: 5 },
    { place: 'fixed' as const, weight: 3 },
    { place: 'function' as const, weight: 2 },
  ]).place
}

const reportsOf = (chance: Chance, kind: Job['kind']): Reports => ({
  address: chance.is(0.85),
  client: chance.is(kind === 'service' ? 0.6 : 0.8),
  session: kind !== 'service' && chance.is(0.9),
  behalf: kind === 'agent' && chance.is(0.6),
  bytes: chance.is(0.6),
  texts: chance.is(0.5) ? 0.5 * chance.unit() : 0,
  cost: kind === 'agent' && chance.is(0.5),
})

const PERSON_CLIENTS = ['Mozilla/5.0 (X11; Linux) Firefox/147', 'Mozilla/5.0 (Macintosh) Safari/619', 'terminal/2.4']

const nameOf = (chance: Chance, job: Job, owner: string, nth: number): string =>
  chance.pick([`${owner}-${job.name}-${nth}`, `${job.name}.${owner}.${nth}`, `${job.name}_${nth}@${owner}`])

/** Makes one inhabitant; `born` is the day from which it acts. */
export function createIdentity(world: World, job: Job, owner: string, region: Region, born: number): Identity {
  const chance = world.chance
  const nth = world.inhabitants.length
  const identity: Identity = {
    name: job.kind === 'person' ? `${person(chance)}${nth}@${world.domain}` : nameOf(chance, job, owner, nth),
    kind: job.kind,
    job,
    owner,
    region,
    reports: reportsOf(chance, job.kind),
    place: placeOf(chance, job.kind),
    environment: chance.weighted([
      { name: 'live', weight: 6 },
      { name: 'stage', weight: 2 },
      { name: 'lab', weight: 2 },
    ]).name,
    weight: Math.min(6, chance.logNormal(1, 0.7)),
    phase: chance.below(1_440),
    failing: Math.min(0.2, chance.logNormal(0.008, 1)),
    principals: chance.some(world.people, 1 + chance.below(4)).map((one) => one.name),
    born,
    gone: Number.POSITIVE_INFINITY,
    away: -1,
    growth: 1,
    // Nobody does everything of a job: each inhabitant has its own share of it.
    doing: job.doing
      .filter(() => chance.is(0.9))
      .map((one) => ({ ...one, weight: one.weight * chance.logNormal(1, 0.5) })),
    version: [1 + chance.below(3), chance.below(9), chance.below(9)],
    client: job.kind === 'person' ? chance.pick(PERSON_CLIENTS) : chance.pick(world.clients),
    model: chance.pick(world.models),
    credential: `k-${chance.hex(10)}`,
    instance: chance.hex(8),
    address: job.kind === 'person' ? region.egress : houseAddress(chance, region),
    home: worldAddress(chance),
    own: new Map(),
    agenda: [],
  }
  if (identity.doing.length === 0) identity.doing = [...job.doing]
  world.inhabitants.push(identity)
  if (job.kind === 'person') world.people.push(identity)
  return identity
}

/** The service of that name; made at first use, as the company would buy or build it. */
export function serviceOf(world: World, name: string): Service {
  const known = world.services.get(name)
  if (known !== undefined) return known
  const { chance } = world
  const service: Service = {
    name,
    style: chance.pick(['camel', 'dotted', 'snake']),
    host: OUTSIDE.has(name) ? strangerHost(chance) : `${name}.${world.domain}`,
    mcp: chance.is(0.4),
    card: chance.hex(32),
    shared: new Map(),
  }
  world.services.set(name, service)
  return service
}

const createRegion = (chance: Chance, name: string, net: number): Region => ({
  name,
  hours: chance.pick([-8, -5, 0, 1, 2, 5, 8]),
  net,
  egress: worldAddress(chance),
})

/** A company with about so many inhabitants, the persons among them first. */
export function createWorld(chance: Chance, start: number, days: number, inhabitants: number): World {
  const regions = Array.from({ length: 2 + chance.below(3) }, (_, n) =>
    createRegion(chance, `${word(chance)}-${n + 1}`, 16 + 20 * n + chance.below(20)),
  )
  const world: World = {
    chance,
    domain: `${company(chance)}.example`,
    start,
    days,
    regions,
    services: new Map(),
    people: [],
    inhabitants: [],
    clients: Array.from(
      { length: 5 },
      () => `${word(chance)}-${chance.pick(['sdk', 'cli', 'runtime'])}/1.${chance.below(20)}.0`,
    ),
    models: [`${word(chance)}-large-2`, `${word(chance)}-small-4`, `${word(chance)}-mid-1`],
    parts: new Map(),
    out: [],
    events: 0,
  }
  const owners = teams(chance, Math.max(4, Math.round(inhabitants / 12)))
  const persons = JOBS.filter((job) => job.kind === 'person')
  const others = JOBS.filter((job) => job.kind !== 'person')
  for (let n = 0; n < inhabitants; n++) {
    const job = chance.weighted(n < inhabitants * 0.12 ? persons : others)
    createIdentity(world, job, owners[chance.zipf(owners.length)] as string, chance.pick(regions), 0)
  }
  return world
}
