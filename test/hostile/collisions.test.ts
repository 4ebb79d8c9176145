/**
 * Rows of state that two names share, and names that crowd one place of a table: both could be made while rows were found
 * by 64 bits of a hash without a key. The names below were made for that hash; the engine must keep them apart.
 */
import { describe, expect, it } from 'vitest'
import { DETECTORS } from '../../detectors/registry.ts'
import { blankEvent, type Event, EVENT_SCHEMA_VERSION, rowOf } from '../../schemas/event.ts'
import type { Finding } from '../../schemas/finding.ts'
import { encodeFrame } from '../../schemas/frame.ts'
import { eventId } from '../../schemas/ids.ts'
import { KeyedHash, type Words } from '../../schemas/keyed-hash.ts'
import { createStageOne, type Stage, type StageSnapshot } from '../../services/detector/engine/index.ts'
import { key64, type Key64, PLAIN_KEY } from '../../services/detector/engine/keys.ts'

const T0 = Date.UTC(2026, 8, 7)
const HOUR = 3_600_000
const VICTIM = { tenant: 'acme', identity: 'billing-agent' }
/** Another tenant's identity with the same 64 bits, made by meeting in the middle: 2^25 steps. */
const TWIN = { tenant: 'globex', identity: '\u8ccf\u51f8\u46b3\u8841\u51d9' }

const before = ({ tenant, identity }: { tenant: string; identity: string }): Key64 => {
  const key = { hi: 0, lo: 0 }
  key64(key, tenant, identity, '')
  return key
}

let numbered = 0
const event = (who: typeof VICTIM, time: number, over: Partial<Event> = {}): Event => ({
  ...blankEvent(),
  ...who,
  event_id: eventId(who.tenant, 'events', `e${numbered}`),
  source_id: `e${numbered++}`,
  sender: 'live',
  owner: `owner-of-${who.tenant}`,
  time,
  receipt_time: time,
  action: 'read_file',
  activity: 'read',
  target: 'docs/1.md',
  outcome: 'success',
  ...over,
})

const stageOf = (snapshot?: StageSnapshot, rowKey: Words = [1, 2, 3, 4]): Stage =>
  createStageOne({ detectors: DETECTORS, codeVersion: 'test', partition: 0, rowKey }, snapshot)
const apply = (stage: Stage, events: readonly Event[]): Finding[] =>
  events.flatMap((one) => {
    const value = encodeFrame([rowOf(one)], { schema: EVENT_SCHEMA_VERSION, receiptTime: one.receipt_time })
    return [...stage.apply({ offset: stage.offset, value }).findings]
  })

/** A week of the victim, then a burst of looking around; and what the twin does meanwhile to be taken for it. */
const week = Array.from({ length: 168 }, (_, n) => event(VICTIM, T0 + n * HOUR))
const burst = Array.from({ length: 60 }, (_, n) =>
  event(VICTIM, T0 + 169 * HOUR + n * 1_000, {
    action: `list_${n}`,
    activity: 'list',
    target: `vault/${n}`,
    outcome: 'denied',
  }),
)
const poison = Array.from({ length: 160 }, (_, hour) =>
  Array.from({ length: 60 }, (_, n) =>
    event(TWIN, T0 + hour * HOUR + 60_000 + n * 1_000, { action: `list_${n}`, activity: 'list', target: `vault/${n}` }),
  ),
).flat()
const ofVictim = (findings: readonly Finding[]): string[] =>
  findings.filter(({ tenant }) => tenant === VICTIM.tenant).map((finding) => JSON.stringify(finding))
const inTime = (events: readonly Event[]): Event[] => events.toSorted((a, b) => a.time - b.time)

describe('two names with one hash of 64 bits', () => {
  it('are really such names', () => {
    expect(before(TWIN)).toEqual(before(VICTIM))
  })

  it('have baselines of their own: the victim is judged as if the twin were not there', () => {
    const alone = ofVictim(apply(stageOf(), [...week, ...burst]))
    expect(alone.length).toBeGreaterThan(0)
    const stage = stageOf()
    expect(ofVictim(apply(stage, inTime([...week, ...poison, ...burst])))).toEqual(alone)
    expect([stage.identities().get('acme'), stage.identities().get('globex')]).toEqual([1, 1])
  })
})

describe('names that crowd one place of the index', () => {
  /** Identities of one tenant whose old hashes have equal low halves: the last two units are solved for. */
  function crowd(size: number): string[] {
    const target = before(VICTIM).lo
    const names: string[] = []
    const key = { hi: 0, lo: 0 }
    const inverse = (a: number): number => {
      let x = a
      for (let round = 0; round < 5; round++) x = Math.imul(x, 2 - Math.imul(a, x))
      return x | 0
    }
    const back = inverse(0x01000193)
    // The state that the first lane must have before the word's end, by way of any name that has the target.
    const laneOf = (word: string): number => {
      let x = 0x811c9dc5
      for (let i = 0; i < word.length; i++) x = Math.imul(x ^ word.charCodeAt(i), 0x01000193)
      return x
    }
    const step = (x: number, code: number): number => Math.imul(x ^ code, 0x01000193)
    const wanted = Math.imul(
      VICTIM.identity.split('').reduce((x, unit) => step(x, unit.charCodeAt(0)), step(laneOf('acme'), 0x1ffff)),
      back,
    )
    for (let n = 0; names.length < size; n++) {
      const prefix = String.fromCharCode(0x4e00 + (n % 20_000), 0x4e00 + Math.floor(n / 20_000))
      const lane = prefix.split('').reduce((x, unit) => step(x, unit.charCodeAt(0)), step(laneOf('acme'), 0x1ffff))
      for (let unit = 0x4e00; unit < 0x9c00; unit++) {
        const state = step(lane, unit)
        if ((state ^ wanted) >>> 16 !== 0) continue
        const name = prefix + String.fromCharCode(unit, (state ^ wanted) & 0xffff)
        key64(key, 'acme', name, '')
        if (key.lo === target) names.push(name)
      }
    }
    return names
  }

  it('are spread by the keyed hash', () => {
    const names = crowd(500)
    expect(new Set(names).size).toBe(500)
    const key = new KeyedHash(PLAIN_KEY)
    const places = names.map((name) => {
      key.of('acme', name, '')
      return key.b % 4_096
    })
    // 500 balls in 4,096 places: 471 on average, and never so few by chance.
    expect(new Set(places).size).toBeGreaterThan(430)
  })
})

describe('the key of the rows', () => {
  it('changes no finding, and moves with the snapshot', () => {
    const run = (key: Words, restart?: Words): string[] => {
      const first = stageOf(undefined, key)
      const found = apply(first, week)
      const second = restart === undefined ? first : stageOf(first.snapshot(), restart)
      return [...found, ...apply(second, burst)].map((finding) => JSON.stringify(finding))
    }
    const plain = run([1, 2, 3, 4])
    expect(plain.length).toBeGreaterThan(0)
    expect(run([0xffff_ffff, 0, 7, 9])).toEqual(plain)
    // Another process, which would have begun with a key of its own.
    expect(run([1, 2, 3, 4], [5, 6, 7, 8])).toEqual(plain)
  })

  it('reaches the rows of a snapshot that had none, and loses no baseline', () => {
    const plain = stageOf()
    apply(plain, week)
    const after = apply(plain, burst).map((finding) => JSON.stringify(finding))
    const stage = stageOf()
    apply(stage, week)
    const old = asBefore(stage.snapshot())
    const restored = stageOf(old)
    expect(restored.identities().get('acme')).toBe(1)
    expect(apply(restored, burst).map((finding) => JSON.stringify(finding))).toEqual(after)
    expect(restored.identities().get('acme')).toBe(1)
    // The twin finds no row there, because it is another tenant's.
    const met = stageOf(old)
    apply(met, [event(TWIN, T0 + 169 * HOUR)])
    expect(met.identities().get('globex')).toBe(1)
    expect(apply(met, burst).map((finding) => JSON.stringify(finding))).toEqual(after)
  })

  it('keeps words apart that read alike together', () => {
    const key = new KeyedHash(PLAIN_KEY)
    const of = (...words: [string, string, string]): string => {
      key.of(...words)
      return [key.a, key.b, key.c, key.d].join(' ')
    }
    const lists: [string, string, string][] = [
      ['ab', 'c', ''],
      ['a', 'bc', ''],
      ['a', 'b', 'c'],
      ['', 'abc', ''],
      ['', '', 'abc'],
      ['abc', '', ''],
      ['abc', '\u0000', ''],
      ['abc', '', '\u0000'],
      ['abc\u0000', '', ''],
      ['12345678', '', ''],
      ['1234567', '8', ''],
      ['', '', ''],
    ]
    expect(new Set(lists.map((list) => of(...list))).size).toBe(lists.length)
  })
})

/** The snapshot as a version wrote it that found rows by 64 bits, and kept the newest time as one number. */
function asBefore(snapshot: StageSnapshot): StageSnapshot {
  const held = new Map(snapshot.columns.map(({ name, bytes }) => [name, Buffer.from(bytes)]))
  const columns = snapshot.columns.flatMap(({ name, bytes }) => {
    const table = name.slice(0, name.indexOf(':'))
    if (name.endsWith('engine/key-128')) {
      const { hi, lo } = before(VICTIM)
      const keys = Uint32Array.from(bytes.length === 0 ? [] : [hi, lo])
      return [{ name: `${table}:engine/key`, bytes: new Uint8Array(keys.buffer) }]
    }
    if (name.endsWith('engine/newest-s')) {
      const ms = held.get(`${table}:engine/newest-ms`)
      const newest = Float64Array.from(
        { length: bytes.length / 4 },
        (_, row) => Buffer.from(bytes).readUInt32LE(row * 4) * 1_000 + ((ms?.readUInt16LE(row * 2) ?? 0) & 0x3ff),
      )
      return [{ name: `${table}:engine/newest`, bytes: new Uint8Array(newest.buffer) }]
    }
    if (name.endsWith('engine/newest-ms')) return []
    if (!/^(identity|session)\/\/meta$/.test(name)) return [{ name, bytes }]
    const { key: _, senders: _senders, clocks: _clocks, ...meta } = JSON.parse(Buffer.from(bytes).toString())
    return [{ name, bytes: Buffer.from(JSON.stringify(meta)) }]
  })
  return { ...snapshot, columns }
}
