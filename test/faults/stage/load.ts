/**
 * What the faults are met with: ten days of a made-up company in canonical events and OTLP requests, in the order of their
 * event times, with findings of every detector and of both stages spread over the second half. The times are fixed and
 * past, so that the same seed finds the same whenever it is sent. What must be found is told by a replay, which has
 * neither server nor log.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRandom, type Random } from '../../../services/commands/demo/random.ts'
import { otlpRequest } from '../../../services/commands/demo/records.ts'
import {
  hijackedSession,
  moltbookSession,
  ordinarySession,
  type Session,
} from '../../../services/commands/demo/sessions.ts'
import { readLines } from '../../support/lines.ts'
import { replay, replayBoth } from '../../support/replay.ts'

export interface Request {
  readonly door: '/v1/events' | '/v1/logs'
  readonly body: string
  /** Sent as history: what crosses identities counts by its own time there, and its findings are told to nobody. */
  readonly history?: true
}

export interface Load {
  /** In the order of their event times. */
  readonly requests: readonly Request[]
  /** Events in all of them. */
  readonly events: number
  /** Ids of the findings of an undisturbed run, sorted. */
  readonly findings: readonly string[]
  /** Those of them that sinks hear of, sorted. */
  readonly told: readonly string[]
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const START = Date.UTC(2026, 5, 1)
/** Habits are learned until here; then strange things happen. */
const AFTER = START + 8 * DAY_MS
const WORKERS = 24
const OWNERS = 8
const EVENTS_PER_REQUEST = 6

interface CanonicalEvent {
  readonly id: string
  readonly time: number
  readonly identity: string
  readonly [field: string]: unknown
}

interface Timed {
  readonly time: number
  readonly request: Request
  readonly events: number
}

const homeOf = (owner: number): string => `192.0.${owner}.10`

/** A role of a service: what it always does, from where it always does it. */
function workerCall(worker: number, time: number, random: Random, fields: object = {}): CanonicalEvent {
  const owner = worker % OWNERS
  return {
    id: random.hex(24),
    time,
    identity: `role/worker-${worker}`,
    owner: `team-${owner}`,
    principal_kind: 'service',
    role: 'worker',
    kind: 'api',
    activity: 'read',
    action: random.pick(['s3:GetObject', 's3:ListBucket', 'sqs:ReceiveMessage']),
    target: `bucket/report-${random.below(3)}`,
    source_address: homeOf(owner),
    user_agent: 'Boto3/1.40.2',
    ...fields,
  }
}

const habits = (random: Random): CanonicalEvent[] =>
  Array.from({ length: WORKERS }, (_, worker) =>
    Array.from({ length: 32 }, (_call, n) =>
      workerCall(worker, START + n * 6 * HOUR_MS + random.below(HOUR_MS), random),
    ),
  ).flat()

/** Stolen keys: some from a thief's network, some from a network that other owners have used for hours. */
function stolenKeys(random: Random): CanonicalEvent[] {
  const egress = { source_address: '203.0.113.9' }
  const shared = [0, 1, 2, 3].map((worker) => workerCall(worker, AFTER + worker * 60_000, random, egress))
  return Array.from({ length: WORKERS }, (_, worker): CanonicalEvent[] => {
    const time = AFTER + 5 * HOUR_MS + worker * 9 * 60_000
    if (worker % 3 === 0) return [workerCall(worker, time, random)]
    if (worker % 3 === 1) return [workerCall(worker, time, random, egress)]
    const thief = { source_address: `198.51.${100 + worker}.7`, user_agent: 'aws-cli/2.31.0', action: 'iam:ListUsers' }
    return [workerCall(worker, time, random, thief)]
  })
    .flat()
    .concat(shared)
}

/** Agents that touch a network of agents, each for the first time. */
const contacts = (random: Random): CanonicalEvent[] =>
  Array.from({ length: 16 }, (_, n) => ({
    id: random.hex(24),
    time: AFTER + n * 31 * 60_000,
    identity: `agent-${n}`,
    owner: `team-${n % OWNERS}`,
    kind: 'tool',
    action: 'http_get',
    peer: 'www.moltbook.com',
  }))

/** One owner mints identities by the dozen. */
const mintings = (random: Random): CanonicalEvent[] =>
  Array.from({ length: 40 }, (_, n) => ({
    id: random.hex(24),
    time: AFTER + 12 * HOUR_MS + n * 20_000,
    identity: `role/provisioner-${n % 5}`,
    owner: 'team-0',
    kind: 'admin',
    activity: 'create',
    outcome: 'success',
    action: 'iam:CreateUser',
    target: `user/minted-${n}`,
  }))

/**
 * Workers that look around, mostly in vain, each at things of its own: what two do is new of the first one alone, and who that
 * was is told by the time of receipt here and by the events' own in a replay.
 */
const lookingAround = (random: Random): CanonicalEvent[] =>
  [0, 6].flatMap((worker) =>
    Array.from({ length: 60 }, (_, n) =>
      workerCall(worker, AFTER + 16 * HOUR_MS + n * 2_000, random, {
        activity: 'list',
        action: `service-${worker}-${n % 20}:List${n}`,
        target: `thing/${n}`,
        outcome: n % 2 === 0 ? 'denied' : 'success',
      }),
    ),
  )

function inRequests(events: CanonicalEvent[], as: Pick<Request, 'history'> = {}): Timed[] {
  events.sort((a, b) => a.time - b.time)
  return Array.from({ length: Math.ceil(events.length / EVENTS_PER_REQUEST) }, (_, i) => {
    const some = events.slice(i * EVENTS_PER_REQUEST, (i + 1) * EVENTS_PER_REQUEST)
    const body = some.map((event) => JSON.stringify(event)).join('\n')
    return { time: some[0]!.time, request: { door: '/v1/events', body, ...as }, events: some.length }
  })
}

function sessions(random: Random): Timed[] {
  const at = (session: Session, time: number): Timed => ({
    time,
    request: { door: '/v1/logs', body: JSON.stringify(otlpRequest(session, time, random)) },
    events: session.calls.length + 1,
  })
  const usual = Array.from({ length: 30 }, () =>
    at(ordinarySession(random), START + Math.floor(random.unit() * 9 * DAY_MS)),
  )
  const odd = Array.from({ length: 4 }, (_, n) => [
    at({ ...hijackedSession(), agent: `clerk-${n}` }, AFTER + n * 5 * HOUR_MS),
    at({ ...moltbookSession(), agent: `scout-${n}` }, AFTER + 2 * HOUR_MS + n * 5 * HOUR_MS),
  ])
  return [...usual, ...odd.flat()]
}

/** What a replay makes of requests. */
async function replayOf(requests: readonly Request[]): Promise<Pick<Load, 'findings' | 'told'>> {
  const directory = await mkdtemp(join(tmpdir(), 'moltwatch-load-'))
  try {
    const files = { history: [] as string[], live: [] as string[] }
    const kindOf = ({ door, history }: Request) => `${history === true ? 'history' : 'live'}-${door.slice(4)}`
    for (const [kind, mine] of Map.groupBy(requests, kindOf)) {
      const file = join(directory, `${kind}.ndjson`)
      await writeFile(file, mine.map(({ body }) => `${body}\n`).join(''))
      files[kind.startsWith('history') ? 'history' : 'live'].push(file)
    }
    return await replayBoth(files)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** The load of a seed. */
export async function makeLoad(seed: number): Promise<Load> {
  const random = createRandom(seed)
  const past = [habits, stolenKeys, mintings].flatMap((part) => part(random))
  const live = [contacts, lookingAround].flatMap((part) => part(random))
  const all = [...inRequests(past, { history: true }), ...inRequests(live), ...sessions(random)].sort(
    (a, b) => a.time - b.time,
  )
  const requests = all.map(({ request }) => request)
  // Counted where it was made: what replay counts is compared with it by every run.
  const events = all.reduce((sum, one) => sum + one.events, 0)
  const { findings, told } = await replayOf(requests)
  return { requests, events, findings, told }
}

/** A load from a file of OTLP requests, one a line, plain or gzip. */
export async function readLoad(file: string): Promise<Load> {
  const lines = await readLines(file)
  const replayed = await replay([file])
  return { requests: lines.map((body) => ({ door: '/v1/logs', body })), ...replayed, told: replayed.findings }
}
