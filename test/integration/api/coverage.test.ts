/**
 * Coverage against what the engine holds: the events of every detector's cases go through the real engine and lie in the
 * real warehouse, and what `GET /v1/coverage` says of each identity is compared with the engine's state of it. A detector
 * that is called blind has kept nothing, sent nothing and found nothing; one that found something is not called blind; and
 * what still learns is said to learn from the time at which the engine began to.
 */
import { beforeAll, describe, expect, it } from 'vitest'
import type { DetectorCase } from '../../../detectors/detector.ts'
import { DETECTORS } from '../../../detectors/registry.ts'
import { EVENT_SCHEMA_VERSION, type Event, rowOf } from '../../../schemas/event.ts'
import type { Finding } from '../../../schemas/finding.ts'
import { encodeFrame } from '../../../schemas/frame.ts'
import { eventId } from '../../../schemas/ids.ts'
import type { Signal } from '../../../schemas/signal.ts'
import { createStageOne, type Stage } from '../../../services/detector/engine/index.ts'
import { eventsOf } from '../../support/detector-harness.ts'
import { warehouse } from '../warehouse/support.ts'
import { api, fill } from './support.ts'

const DAY_MS = 86_400_000
const TENANT = 'acme'
const FRAME = 400

interface Sight {
  readonly detector: string
  readonly sees: 'yes' | 'learning' | 'blind'
  readonly until: string | null
}
interface Covered {
  readonly name: string
  readonly first_seen: string
  readonly detectors: readonly Sight[]
}

/** A case's events, its identities named after the case, moved by whole days so that they end within the last one. */
function moved(detector: string, n: number, testCase: DetectorCase): Event[] {
  const events = eventsOf(testCase.events)
  const shift = Math.floor((Date.now() - Math.max(...events.map(({ time }) => time))) / DAY_MS) * DAY_MS
  return events.map((event) => {
    const source_id = `${detector} ${n} ${event.source_id} ${event.event_id}`
    return {
      ...event,
      tenant: TENANT,
      identity: `${detector} ${n} ${event.identity}`,
      source_id,
      event_id: eventId(TENANT, 'events', source_id),
      time: event.time + shift,
      // A case that says when its events came means it: what comes under a token is as old as its receipt.
      receipt_time: Math.min(Date.now(), event.receipt_time + shift),
    }
  })
}

async function casesOf(id: string): Promise<readonly DetectorCase[]> {
  const { cases } = (await import(new URL(`../../../detectors/${id}.cases.ts`, import.meta.url).href)) as {
    cases: readonly DetectorCase[]
  }
  return cases
}

/** What the engine holds when all has been read. */
interface Engine {
  readonly stage: Stage
  readonly findings: readonly Finding[]
  readonly signals: readonly Signal[]
  /** Detectors that keep anything at rest for an identity, beside the habits, by identity. */
  readonly kept: ReadonlyMap<string, ReadonlySet<string>>
}

/** Rows are given in the order in which identities come first, and none is freed. */
function keptBy(stage: Stage, identities: readonly string[]): Map<string, Set<string>> {
  const kept = new Map(identities.map((identity) => [identity, new Set<string>()]))
  for (const { name, bytes } of stage.snapshot().columns) {
    const owner = /^identity:([a-z-]+\/[a-z-]+)@\d+\//.exec(name)?.[1]
    if (owner === undefined || !DETECTORS.some(({ id }) => id === owner)) continue
    const width = bytes.length / identities.length
    expect(Number.isInteger(width), `${name} has as many rows as there are identities`).toBe(true)
    for (const [row, identity] of identities.entries()) {
      const own = bytes.subarray(row * width, (row + 1) * width)
      if (own.some((byte) => byte !== 0)) kept.get(identity)?.add(owner)
    }
  }
  return kept
}

function run(events: readonly Event[]): Engine {
  const stage = createStageOne({ detectors: DETECTORS, codeVersion: 'test', partition: 0 })
  const findings: Finding[] = []
  const signals: Signal[] = []
  for (let at = 0; at < events.length; at += FRAME) {
    const rows = events.slice(at, at + FRAME).map(rowOf)
    const value = encodeFrame(rows, { schema: EVENT_SCHEMA_VERSION, receiptTime: Date.now() })
    const applied = stage.apply({ offset: at, value })
    findings.push(...applied.findings)
    signals.push(...applied.signals)
  }
  return { stage, findings, signals, kept: keptBy(stage, [...new Set(events.map(({ identity }) => identity))]) }
}

let engine: Engine
let covered: readonly Covered[]
/** Identities whose earliest event was not the first to come. */
const late = new Set<string>()

beforeAll(async () => {
  const events: Event[] = []
  for (const { id } of DETECTORS) {
    for (const [n, testCase] of (await casesOf(id)).entries()) events.push(...moved(id, n, testCase))
  }
  for (const [identity, own] of Map.groupBy(events, (event) => event.identity)) {
    if (own.some(({ time }) => time < (own[0] as Event).time)) late.add(identity)
  }
  engine = run(events)
  const store = await warehouse()
  await fill(store, { events })
  const asked = await api(store)
  const items: Covered[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const more: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`
    const { status, body } = await asked.get(`/v1/coverage?by=identity&limit=1000${more}`)
    expect(status).toBe(200)
    const page = body as { items: readonly Covered[]; next_cursor: string | null }
    items.push(...page.items)
    cursor = page.next_cursor
  }
  covered = items
}, 120_000)

const sights = (): { identity: string; sight: Sight }[] =>
  covered.flatMap(({ name, detectors }) => detectors.map((sight) => ({ identity: name, sight })))
const pair = (identity: string, detector: string): string => `${identity} / ${detector}`

describe('coverage and the state of the engine', () => {
  it('know the same identities', () => {
    expect(covered.length).toBeGreaterThan(500)
    expect(covered.map(({ name }) => name).toSorted()).toEqual([...engine.kept.keys()].toSorted())
  })

  it('agree on what is blind: nothing kept, nothing sent, nothing found', () => {
    const active = new Set([
      ...engine.findings.map(({ agent, detector }) => pair(agent, detector)),
      ...engine.signals.map(({ identity, detector }) => pair(identity, detector)),
      ...[...engine.kept].flatMap(([identity, owners]) => [...owners].map((owner) => pair(identity, owner))),
    ])
    const blind = sights().filter(({ sight }) => sight.sees === 'blind')
    expect(new Set(blind.map(({ sight }) => sight.detector)).size).toBeGreaterThan(10)
    expect(active.size).toBeGreaterThan(500)
    expect(blind.map(({ identity, sight }) => pair(identity, sight.detector)).filter((one) => active.has(one))).toEqual(
      [],
    )
  })

  // An event that comes later than one that is newer makes no identity older to the engine.
  it('agree on since when and until when is learned, but for identities whose first event came late', () => {
    const learning = sights().filter(({ sight }) => sight.sees === 'learning')
    const wrong = learning.filter(({ identity, sight: { detector, until } }) => {
      const since = engine.stage.knownSince(TENANT, identity) ?? 0
      const learns = DETECTORS.find(({ id }) => id === detector)?.needs?.learns_ms ?? 0
      // The engine keeps whole seconds.
      return Math.floor((Date.parse(until ?? '') - learns) / 1000) * 1000 !== since
    })
    expect(wrong.map(({ identity }) => identity).filter((identity) => !late.has(identity))).toEqual([])
    expect(learning.filter(({ identity }) => !late.has(identity)).length).toBeGreaterThan(100)
  })
})
