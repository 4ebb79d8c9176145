/**
 * Whose clock decides whether a detector looks, and what is learned: not the sender's. An agent with ten days of ordinary
 * life goes astray and lies about the time, or somebody trains its habits with events of the past. Everything goes through
 * the port of the collector, whose own clock the test sets, and through both stages.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DETECTORS } from '../../detectors/registry.ts'
import { type Event, EVENT_SCHEMA_VERSION, rowOf } from '../../schemas/event.ts'
import { type Finding, SEVERITIES } from '../../schemas/finding.ts'
import { encodeFrame } from '../../schemas/frame.ts'
import { createStageOne } from '../../services/detector/engine/index.ts'
import { type CollectorRoom, openCollector } from '../support/collector.ts'
import { runDetectors } from '../support/detector-harness.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const T0 = Date.UTC(2026, 8, 7)
const TURN = T0 + 10 * DAY

let now = T0
let room: CollectorRoom
let findings: Finding[] = []

type Draft = Readonly<Record<string, unknown>>

async function send(events: readonly Draft[], token = 'live-token'): Promise<void> {
  const answer = await room.post('/v1/events', JSON.stringify(events), { authorization: `Bearer ${token}` })
  expect(answer.status).toBe(200)
  await answer.arrayBuffer()
}

const iso = (time: number): string => new Date(time).toISOString()

/** What the sender says about the time of what happens now. */
const LIES: ReadonlyMap<string, (time: number) => Draft> = new Map<string, (time: number) => Draft>([
  ['honest', (time) => ({ time: iso(time) })],
  ['timeless', () => ({})],
  ['of-1970', () => ({ time: '1970-01-01T00:00:00Z' })],
  ['a-day-ahead', (time) => ({ time: iso(time + DAY) })],
  ['a-month-ago', (time) => ({ time: iso(time - 30 * DAY) })],
])
const VICTIMS = ['victim-of-times', 'victim-of-nothing', 'victim-of-peers'] as const
const AGENTS: readonly string[] = [...LIES.keys(), ...VICTIMS]

/** Each agent has an owner, a home network and a stranger's network of its own, so that none explains another. */
const whoOf = (agent: string): Draft => ({ identity: agent, owner: `owner-of-${agent}`, kind: 'tool' })
const home = (agent: string): Draft => ({
  source_address: `198.51.${100 + AGENTS.indexOf(agent)}.7`,
  user_agent: 'worker/1.0',
})
const away = (agent: string): Draft => ({
  source_address: `203.0.${100 + AGENTS.indexOf(agent)}.9`,
  user_agent: 'curl/8.0',
})

const ordinary = (agent: string, time: number): Draft[] =>
  ['read_file', 'write_report'].map((action, n) => ({
    ...whoOf(agent),
    ...home(agent),
    time: iso(time + n * 1_000),
    action,
    target: `docs/${n}.md`,
    outcome: 'success',
  }))

/** A look around, first acts that reach for more, machine after machine, and a word with a listed network. */
const astray = (agent: string): Draft[] =>
  [
    ...Array.from({ length: 45 }, (_, n) => ({
      action: `list_things_${n}`,
      activity: 'list',
      target: `vault/${n}`,
      outcome: n % 2 === 0 ? 'denied' : 'success',
    })),
    { action: 'CreateAccessKey', kind: 'admin', activity: 'create', target: 'root-key', outcome: 'success' },
    { action: 'AttachRolePolicy', kind: 'admin', activity: 'update', target: 'Administrator', outcome: 'success' },
    ...Array.from({ length: 12 }, (_, n) => ({
      action: 'ssh_exec',
      kind: 'exec',
      protocol: 'ssh',
      target: `machine-${n}`,
      outcome: 'success',
    })),
    { action: 'http_post', arguments: { url: 'https://www.moltbook.com/api/v1/posts' }, outcome: 'success' },
  ].map((act) => ({ ...whoOf(agent), ...away(agent), ...act }))

/** The liars act at the same instants as each other and reach for the same things, and that is told of them besides. */
const IN_STEP = new Set(['peer/covert-coordination', 'lateral/convergence'])

const found = (agent: string): string[] =>
  [...new Set(findings.filter((finding) => finding.agent === agent).map(({ detector }) => detector))]
    .filter((detector) => !IN_STEP.has(detector))
    .toSorted()
const ofNewSource = (agent: string): Finding[] =>
  findings.filter((finding) => finding.agent === agent && finding.detector === 'credential/new-source')

async function lead(): Promise<void> {
  for (now = T0; now < TURN; now += HOUR) await send(AGENTS.flatMap((agent) => ordinary(agent, now - 5_000)))
  // Somebody with a sender's token prepares: a month of the stranger's network, as old as he likes, or without a time.
  now = TURN
  for (let day = 30; day > 0; day--) {
    const training = {
      ...whoOf('victim-of-times'),
      ...away('victim-of-times'),
      action: 'read_file',
      target: 'docs/0.md',
    }
    await send([
      { ...training, time: iso(TURN - day * DAY) },
      { ...training, target: `docs/${day}.md` },
    ])
  }
  // And three invented owners who are said to have used the stranger's network for weeks.
  for (const n of [1, 2, 3, 4])
    await send([
      { ...whoOf(`puppet-${n}`), ...away('victim-of-peers'), action: 'read_file', time: iso(TURN - 20 * DAY) },
    ])
}

beforeAll(async () => {
  room = await openCollector(8, [], () => now)
  await lead()
  now = TURN + 10 * MINUTE
  for (const [agent, say] of LIES) await send(astray(agent).map((act, n) => ({ ...act, ...say(now + n * 500) })))
  for (const agent of VICTIMS) await send(astray(agent).map((act, n) => ({ ...act, time: iso(now + n * 500) })))
  const { first, second } = runDetectors(DETECTORS, await room.events())
  findings = [...first, ...second]
}, 120_000)
afterAll(() => room.close())

describe('an agent that lies about the time', () => {
  it('would be found by many detectors if it did not', () => {
    expect(found('honest')).toEqual(
      expect.arrayContaining([
        'credential/new-source',
        'identity/out-of-character',
        'lateral/fan-out',
        'lateral/recon-burst',
        'peer/known-agent-network',
      ]),
    )
  })

  it.each([...LIES.keys()])('is found by all of them: %s', (agent) => {
    expect(found(agent)).toEqual(found('honest'))
    const severities = (of: string): (string | undefined)[] =>
      found('honest').map(
        (detector) =>
          findings
            .filter((finding) => finding.agent === of && finding.detector === detector)
            .map(({ severity }) => severity)
            .toSorted()[0],
      )
    expect(severities(agent)).toEqual(severities('honest'))
  })

  it('is told that its times are not believed', () => {
    const said = (agent: string): unknown => ofNewSource(agent)[0]?.observed['event_time']
    expect([...LIES.keys()].map(said)).toEqual([undefined, 'missing', 'ancient', 'future', 'behind'])
  })
})

describe('training with times that are not now', () => {
  it('does not vouch for a thief', () => {
    expect(ofNewSource('victim-of-nothing').length).toBeGreaterThan(0)
    const worst = (agent: string): number =>
      Math.max(...ofNewSource(agent).map(({ severity }) => SEVERITIES.indexOf(severity)))
    expect(worst('victim-of-times')).toBe(worst('victim-of-nothing'))
  })

  it('makes no peers of long standing', () => {
    expect(found('victim-of-peers')).toEqual(found('victim-of-nothing'))
  })
})

describe('whoever runs the service', () => {
  it('sees how many events came without a time that can be believed', async () => {
    const metrics = await room.metrics()
    const of = (reason: string): number =>
      Number(new RegExp(`events_untimed_total\\{[^}]*reason="${reason}"[^}]*\\} (\\d+)`).exec(metrics)?.[1] ?? 0)
    const acts = astray('honest').length
    expect([of('missing'), of('ancient'), of('future')]).toEqual([acts + 30, acts, acts])
  })
})

describe('a file', () => {
  it('teaches the same whether it is replayed or posted at its own pace', async () => {
    const mine = (await room.events()).filter(({ identity }) => identity === 'honest')
    const learned = (events: readonly Event[]): Map<string, string> => {
      const stage = createStageOne({ detectors: DETECTORS, codeVersion: 'test', partition: 0 })
      events.forEach((event, offset) => {
        const receiptTime = event.receipt_time
        stage.apply({ offset, value: encodeFrame([rowOf(event)], { schema: EVENT_SCHEMA_VERSION, receiptTime }) })
      })
      // A file comes under no token: of tokens alone it teaches nothing.
      const rest = stage
        .snapshot()
        .columns.filter(({ name }) =>
          /^identity:(?!engine\/windows|identity\/identity-mismatch@\d+\/(token|other))/.test(name),
        )
      return new Map(rest.map(({ name, bytes }) => [name, Buffer.from(bytes).toString('hex')]))
    }
    const replayed = mine.map((event) => ({ ...event, sender: '', receipt_time: TURN + DAY }))
    const live = learned(mine)
    expect(live.size).toBeGreaterThan(20)
    expect(learned(replayed)).toEqual(live)
  })
})
