/**
 * Ordinary life of a simulated company, as a stream of canonical events: agents, services and people at their work, and what
 * changes and happens to them. Nothing in it is an attack. It is a pure function of its plan and shares no name, number or
 * code with any data that detectors are judged by. Thresholds are set on it (`npm run calibrate`).
 */
import { act } from './acting.ts'
import { type Chance, createChance } from './chance.ts'
import { CHANGES, type Part, present } from './changes.ts'
import { HAPPENINGS, MONTH_END } from './happenings.ts'
import { step } from './jobs.ts'
import { createWorld, DAY_MS, HOUR_MS, type Identity, type LivedEvent, MINUTE_MS, type World } from './world.ts'
import { userTask } from './words.ts'

export type { LivedEvent } from './world.ts'

export interface LifePlan {
  readonly seed: number
  readonly days: number
  readonly identities: number
  /** First day, ms since 1970; a Monday looks most natural. */
  readonly start: number
}

/** How often the parts are meant to come is said for a company of this size. */
const USUAL_SIZE = 200
const USUAL_DAYS = 30
const STEPS_MAX = 80

/** How much of a working day's work is done on that day. */
function busyness(identity: Identity, day: number): number {
  const weekday = new Date(day).getUTCDay()
  const weekend = weekday === 0 || weekday === 6
  const share = { cron: 1, demand: 0.6, rare: 1, office: identity.kind === 'person' ? 0.04 : 0.1 }[identity.job.rhythm]
  return (weekend ? share : 1) * identity.weight * identity.growth
}

/** Times of day at which an identity begins a piece of work. */
function beginnings(chance: Chance, identity: Identity, day: number): number[] {
  const { rhythm, sessions } = identity.job
  if (rhythm === 'cron') {
    const period = (DAY_MS / Math.max(1, Math.round(sessions * Math.min(1, identity.weight)))) | 0
    const first = (identity.phase * MINUTE_MS) % period
    const jitter = identity.phase % 2 === 0 ? 0 : 20_000
    return Array.from(
      { length: Math.floor(DAY_MS / period) },
      (_, n) => day + first + n * period + jitter * chance.unit(),
    )
  }
  const mean = sessions * busyness(identity, day)
  const count = chance.poisson(mean * chance.logNormal(1, 0.3))
  const hourOf = (): number => {
    if (rhythm === 'rare') return 24 * chance.unit()
    // Customers come all day long, most of them when the office is open, too.
    if (rhythm === 'demand' && chance.is(0.35)) return 24 * chance.unit()
    return 13 + 2.6 * chance.normal() - identity.region.hours
  }
  return Array.from({ length: Math.min(count, 200) }, () => day + (((hourOf() % 24) + 24) % 24) * HOUR_MS)
}

/** One piece of work: what the user wants, then step after step, the same one often again. */
function work(world: World, identity: Identity, start: number): void {
  const { chance } = world
  const session = { id: `s-${chance.hex(8)}`, task: `t-${chance.below(1e6)}` }
  let time = start
  const exact = identity.job.rhythm === 'cron'
  const count = exact
    ? identity.job.steps
    : Math.min(STEPS_MAX, Math.max(1, Math.round(chance.logNormal(identity.job.steps, 0.8))))
  if (identity.kind === 'agent' && identity.reports.texts > 0 && chance.is(0.7)) {
    const message = userTask(chance, identity.job.name, session.task)
    const said = { action: 'user.message', kind: 'message', content_origin: 'user', message }
    act(world, identity, time, step('chat.get message none'), said, session)
  }
  let doing = chance.weighted(identity.doing)
  for (let n = 0; n < count; n++) {
    if (exact) doing = identity.doing[n % identity.doing.length] ?? doing
    else if (!chance.is(0.3)) doing = chance.weighted(identity.doing)
    time += exact ? 400 : Math.min(10 * MINUTE_MS, chance.logNormal(identity.kind === 'person' ? 25_000 : 5_000, 1))
    act(world, identity, time, doing, {}, session)
  }
}

/** Where people sit today: in the office, at home, or wherever there is coffee. */
function roam(world: World, identity: Identity): void {
  if (identity.place !== 'laptop') return
  const { chance } = world
  const place = chance.unit()
  if (place < 0.5) identity.address = identity.region.egress
  else if (place < 0.93) identity.address = identity.home
  else identity.address = `100.${64 + chance.below(64)}.${chance.below(256)}.${1 + chance.below(254)}`
}

function live(world: World, identity: Identity, day: number): void {
  roam(world, identity)
  const end = day + DAY_MS
  const items = identity.agenda.filter(({ time }) => time < end)
  identity.agenda = identity.agenda.filter(({ time }) => time >= end)
  for (const start of beginnings(world.chance, identity, day)) {
    items.push({ time: start, run: (time) => work(world, identity, time) })
  }
  items.sort((a, b) => a.time - b.time)
  for (const item of items) item.run(item.time)
}

function plan(world: World, day: number, parts: readonly Part[]): void {
  const share = world.inhabitants.length / USUAL_SIZE / USUAL_DAYS
  for (const { kind, perMonth, run } of parts) {
    for (let n = world.chance.poisson(perMonth * share); n > 0; n--) run(world, day, kind)
  }
  const tomorrow = new Date(day + DAY_MS).getUTCDate()
  if (tomorrow === 1 || tomorrow === 2) MONTH_END.run(world, day, MONTH_END.kind)
}

/** Events as they arrive: most within seconds, a few some minutes late. */
function* arrivals(world: World, day: number, waiting: { readonly at: number; readonly lived: LivedEvent }[]) {
  for (const lived of world.out) {
    const delay = world.chance.is(0.01) ? world.chance.exponential(4 * MINUTE_MS) : world.chance.exponential(900)
    waiting.push({ at: lived.time + delay, lived })
  }
  world.out = []
  waiting.sort((a, b) => a.at - b.at)
  const due = waiting.findIndex(({ at }) => at >= day + DAY_MS)
  for (const { lived } of waiting.splice(0, due < 0 ? waiting.length : due)) yield lived
}

/** The events of the whole plan in the order of their arrival. Memory holds about one day of them. */
export function* life({ seed, days, identities, start }: LifePlan): Generator<LivedEvent> {
  const world = createWorld(createChance(seed), start, days, identities)
  const waiting: { at: number; lived: LivedEvent }[] = []
  const parts = [...CHANGES, ...HAPPENINGS]
  for (let day = start; day < start + days * DAY_MS; day += DAY_MS) {
    plan(world, day, parts)
    for (const identity of present(world, day)) live(world, identity, day)
    yield* arrivals(world, day, waiting)
  }
  // Events still in transit arrive, too.
  yield* arrivals(world, Number.POSITIVE_INFINITY, waiting)
}
