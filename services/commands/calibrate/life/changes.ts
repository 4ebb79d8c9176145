/**
 * What changes in a healthy company: releases, keys, networks, tools, people. A change alters how its inhabitants look
 * from then on and adds no work. They carry its name for a while, so that what it misleads can be identified.
 */
import type { Chance } from './chance.ts'
import { JOBS, type Job, step } from './jobs.ts'
import {
  createIdentity,
  DAY_MS,
  HOUR_MS,
  houseAddress,
  type Identity,
  MINUTE_MS,
  serviceOf,
  type World,
  worldAddress,
} from './world.ts'
import { word } from './words.ts'

/** A change or a happening: how often it comes to a company of 200 in 30 days, and what it does on its day. */
export interface Part {
  readonly kind: string
  readonly perMonth: number
  /** `day` is the day's beginning in ms. */
  readonly run: (world: World, day: number, kind: string) => void
}

/** The identities at work on that day. */
export const present = (world: World, day: number): Identity[] => {
  const n = (day - world.start) / DAY_MS
  return world.inhabitants.filter((one) => one.born <= n && one.gone > n && one.away < n)
}
export const ofKind = (world: World, day: number, ...kinds: Job['kind'][]): Identity[] =>
  present(world, day).filter((one) => kinds.includes(one.kind))
export const ofJob = (world: World, day: number, ...jobs: string[]): Identity[] =>
  present(world, day).filter((one) => jobs.includes(one.job.name))

/** Hours of the working day of an identity, as a time of that day. */
export const atWork = (chance: Chance, identity: Identity, day: number): number =>
  day + (9 + 8 * chance.unit() - identity.region.hours) * HOUR_MS

/** Lets something happen to an identity at a time, in order with its own work. */
export const schedule = (identity: Identity, time: number, run: (time: number) => void): void => {
  identity.agenda.push({ time, run })
}
export const mark = (world: World, identity: Identity, part: string, until: number): void => {
  world.parts.set(identity.name, { part, until })
}

const bump = (client: string, chance: Chance): string =>
  client.replace(/\d+(?!.*\d)/, (digits) => String(Number(digits) + 1 + chance.below(3)))

function release(world: World, identity: Identity, kind: string, time: number): void {
  mark(world, identity, kind, time + DAY_MS)
  const [major, minor, patch] = identity.version
  identity.version = world.chance.is(0.3) ? [major, minor + 1, 0] : [major, minor, patch + 1]
  if (world.chance.is(0.4)) identity.client = bump(identity.client, world.chance)
  identity.instance = world.chance.hex(8)
  if (identity.place === 'pod') identity.address = houseAddress(world.chance, identity.region)
}

const upgrade = (world: World, day: number, kind: string): void => {
  const one = world.chance.pick(ofKind(world, day, 'agent', 'service'))
  schedule(one, atWork(world.chance, one, day), (time) => release(world, one, kind, time))
}

/** All of one job get a release within an hour; often it brings something new to do. */
function deployment(world: World, day: number, kind: string): void {
  const { chance } = world
  const leader = chance.pick(ofKind(world, day, 'agent', 'service'))
  const group = present(world, day).filter(
    (one) => one.job === leader.job && (one.owner === leader.owner || chance.is(0.5)),
  )
  const other = chance.pick(chance.pick(JOBS).doing)
  const start = atWork(chance, leader, day)
  for (const one of group) {
    schedule(one, start + chance.unit() * HOUR_MS, (time) => {
      release(world, one, kind, time)
      if (leader.phase % 3 === 0) one.doing.push({ ...other, weight: 0.5 + chance.unit() })
    })
  }
}

function rotate(world: World, identity: Identity, kind: string, time: number): void {
  mark(world, identity, kind, time + 2 * HOUR_MS)
  identity.credential = `k-${world.chance.hex(10)}`
}
const rotation = (world: World, day: number, kind: string): void => {
  const one = world.chance.pick(present(world, day))
  schedule(one, day + world.chance.unit() * DAY_MS, (time) => rotate(world, one, kind, time))
}
/** A team renews all its keys on one evening. */
function greatRotation(world: World, day: number, kind: string): void {
  const { owner } = world.chance.pick(present(world, day))
  for (const one of present(world, day).filter((any) => any.owner === owner)) {
    schedule(one, day + (19 + world.chance.unit()) * HOUR_MS, (time) => rotate(world, one, kind, time))
  }
}

/** The office meets the internet elsewhere; everybody behind it appears from there. */
function egressMoves(world: World, day: number, kind: string): void {
  const region = world.chance.pick(world.regions)
  const [before, after] = [region.egress, worldAddress(world.chance)]
  region.egress = after
  for (const one of present(world, day).filter((any) => any.region === region)) {
    schedule(one, day + 5 * HOUR_MS, (time) => {
      if (one.address !== before && one.place !== 'fixed') return
      mark(world, one, kind, time + 2 * DAY_MS)
      one.address = one.kind === 'person' ? after : houseAddress(world.chance, region)
    })
  }
}

/** A node is emptied; what ran on it runs elsewhere. */
function drain(world: World, day: number, kind: string): void {
  const region = world.chance.pick(world.regions)
  const at = day + world.chance.unit() * DAY_MS
  for (const one of present(world, day).filter((any) => any.region === region && any.place === 'pod')) {
    if (!world.chance.is(0.3)) continue
    schedule(one, at + world.chance.unit() * 10 * MINUTE_MS, (time) => {
      mark(world, one, kind, time + HOUR_MS)
      one.address = houseAddress(world.chance, region)
      one.instance = world.chance.hex(8)
    })
  }
}

/** A service that nobody used is bought or built, and spreads from one to many over two weeks. */
function newService(world: World, day: number, kind: string): void {
  const { chance } = world
  const name = `${word(chance)}${chance.pick(['hub', 'desk', 'flow', 'base', 'drive'])}`
  const noun = chance.pick(['board', 'card', 'space', 'form', 'sheet'])
  serviceOf(world, name)
  const lines = [`${name}.get ${noun} shared`, `${name}.list ${noun} own`, `${name}.update ${noun} own`]
  const kinds = chance.is(0.5) ? (['agent', 'person'] as const) : (['agent', 'service'] as const)
  const adopters = chance.some(ofKind(world, day, ...kinds), 5 + chance.below(25))
  for (const one of adopters) {
    schedule(one, day + chance.exponential(5) * DAY_MS, (time) => {
      mark(world, one, kind, time + 2 * DAY_MS)
      for (const line of chance.some(lines, 1 + chance.below(3))) {
        one.doing.push({ ...step(line), weight: 0.5 + 2 * chance.unit() })
      }
    })
  }
}

/** A tool server is republished: its card has a new hash for everyone who uses it. */
function newCard(world: World, day: number, kind: string): void {
  const served = [...world.services.values()].filter((service) => service.mcp)
  if (served.length === 0) return
  const service = world.chance.pick(served)
  const users = present(world, day).filter((one) => one.doing.some((any) => any.service === service.name))
  const first = users[0]
  if (first === undefined) return
  schedule(first, day + world.chance.unit() * DAY_MS, (time) => {
    service.card = world.chance.hex(32)
    for (const one of users) mark(world, one, kind, time + DAY_MS)
  })
}

function newModel(world: World, day: number, kind: string): void {
  const { owner } = world.chance.pick(ofKind(world, day, 'agent'))
  const model = world.chance.pick(world.models)
  for (const one of ofKind(world, day, 'agent').filter((any) => any.owner === owner)) {
    schedule(one, day + 6 * HOUR_MS, (time) => {
      mark(world, one, kind, time + DAY_MS)
      one.model = model
    })
  }
}

function trip(world: World, day: number, kind: string): void {
  const people = ofKind(world, day, 'person')
  if (people.length === 0) return
  const { chance } = world
  const one = chance.pick(people)
  // A workshop takes the team along.
  const party = chance.is(0.3) ? people.filter((any) => any.owner === one.owner) : [one]
  const hotel = worldAddress(chance)
  for (const guest of party) {
    const home = guest.home
    schedule(guest, day, (time) => {
      mark(world, guest, kind, time + 4 * DAY_MS)
      guest.home = hotel
    })
    schedule(guest, day + 4 * DAY_MS, () => {
      guest.home = home
    })
  }
}

const leave = (world: World, day: number, kind: string): void => {
  const one = world.chance.pick(present(world, day))
  const days = 4 + world.chance.below(12)
  one.away = (day - world.start) / DAY_MS + days
  mark(world, one, kind, day + (days + 2) * DAY_MS)
}

const retire = (world: World, day: number): void => {
  world.chance.pick(ofKind(world, day, 'agent', 'service')).gone = (day - world.start) / DAY_MS + 1
}

/** Newcomers of one team; on the day of a launch there are many. */
const onboard =
  (many: number) =>
  (world: World, day: number, kind: string): void => {
    const { chance } = world
    const model = chance.pick(present(world, day))
    const job = many > 3 ? chance.pick(JOBS.filter(({ kind: who }) => who === 'agent')) : model.job
    for (let n = 0; n < many; n++) {
      const born = (day - world.start) / DAY_MS
      const one = createIdentity(world, job, model.owner, model.region, born)
      mark(world, one, kind, day + 3 * DAY_MS)
    }
  }

/** Somebody takes over duties of another job. */
function newDuty(world: World, day: number, kind: string): void {
  const { chance } = world
  const one = chance.pick(present(world, day))
  const other = chance.pick(JOBS.filter((job) => job.kind === one.kind))
  schedule(one, atWork(chance, one, day), (time) => {
    mark(world, one, kind, time + 3 * DAY_MS)
    for (const any of chance.some(other.doing, 2)) one.doing.push({ ...any, weight: 1 + chance.unit() })
  })
}

const grow = (world: World, day: number, kind: string): void => {
  const one = world.chance.pick(present(world, day))
  const days = 5 + world.chance.below(10)
  for (let n = 0; n < days; n++) {
    schedule(one, day + n * DAY_MS, (time) => {
      mark(world, one, kind, time + DAY_MS)
      one.growth *= 1.12
    })
  }
}

/** One gateway calls for several agents with its own key and from its own address. */
function sharedKey(world: World, day: number, kind: string): void {
  const { owner } = world.chance.pick(ofKind(world, day, 'agent'))
  const group = ofKind(world, day, 'agent').filter((one) => one.owner === owner)
  const [credential, address] = [`k-${world.chance.hex(10)}`, group[0]?.address ?? '']
  for (const one of group) {
    schedule(one, day + 8 * HOUR_MS, (time) => {
      mark(world, one, kind, time + DAY_MS)
      one.credential = credential
      one.address = address
    })
  }
}

export const CHANGES: readonly Part[] = [
  { kind: 'upgrade', perMonth: 90, run: upgrade },
  { kind: 'deployment', perMonth: 12, run: deployment },
  { kind: 'rotation', perMonth: 80, run: rotation },
  { kind: 'team-rotation', perMonth: 2, run: greatRotation },
  { kind: 'egress-move', perMonth: 1, run: egressMoves },
  { kind: 'node-drain', perMonth: 12, run: drain },
  { kind: 'new-service', perMonth: 2.5, run: newService },
  { kind: 'new-card', perMonth: 4, run: newCard },
  { kind: 'new-model', perMonth: 2, run: newModel },
  { kind: 'trip', perMonth: 6, run: trip },
  { kind: 'leave', perMonth: 8, run: leave },
  { kind: 'retired', perMonth: 4, run: retire },
  { kind: 'newcomer', perMonth: 8, run: onboard(1) },
  { kind: 'launch', perMonth: 0.5, run: onboard(18) },
  { kind: 'new-duty', perMonth: 6, run: newDuty },
  { kind: 'growth', perMonth: 4, run: grow },
  { kind: 'shared-key', perMonth: 0.7, run: sharedKey },
]
