/** What stage one need not send again: against a map, through dumps, and beyond what it remembers. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Sent } from '../../../detectors/detector.ts'
import type { StageSnapshot } from '../../../services/detector/engine/index.ts'
import { SentOnce } from '../../../services/detector/engine/sent-once.ts'
import { readColumns, SnapshotWriter } from '../../../services/detector/engine/snapshot.ts'

const DAY_MS = 86_400_000
const WEEK_MS = 7 * DAY_MS
const START = 3_000 * WEEK_MS

const sentOf = (n: number): Sent => ({ keyKind: 'credential', key: `key-${n % 5}`, fingerprint: n % 3, value: n % 2 })

const step = fc.record({
  tenant: fc.constantFrom('one', 'two'),
  owner: fc.constantFrom('a/b@1', 'a/b@2'),
  what: fc.nat(40),
  time: fc.nat(3 * 7).map((days) => START + days * DAY_MS),
  restart: fc.boolean(),
})

function snapshotOf(sent: SentOnce): StageSnapshot {
  const writer = new SnapshotWriter()
  sent.write(writer)
  return { stage: 'events', partition: 0, offset: 0, epoch: '', columns: writer.columns }
}

function restarted(sent: SentOnce): SentOnce {
  const back = new SentOnce()
  back.read(readColumns(snapshotOf(sent)))
  return back
}

const bytesOf = (sent: SentOnce): string =>
  JSON.stringify(snapshotOf(sent).columns.map(({ name, bytes }) => [name, ...bytes]))

describe('what was sent once', () => {
  it('is left out only where the same was sent earlier in the week, in whatever order it comes', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        let sent = new SentOnce([1, 2, 3, 4])
        const model = new Map<string, number>()
        for (const { tenant, owner, what, time, restart } of steps) {
          const { key, fingerprint, value } = sentOf(what)
          const nameIn = (week: number): string => [tenant, owner, key, fingerprint, value, week].join(' ')
          const week = Math.floor(time / WEEK_MS)
          const earliestIn = (at: number): number => model.get(nameIn(at)) ?? Number.POSITIVE_INFINITY
          expect(sent.has(tenant, owner, sentOf(what), time)).toBe(
            earliestIn(week) < time || earliestIn(week - 1) < time,
          )
          expect(sent.add(tenant, owner, sentOf(what), time)).toBe(earliestIn(week) >= time)
          model.set(nameIn(week), Math.min(earliestIn(week), time))
          if (restart) sent = restarted(sent)
        }
      }),
      { numRuns: 200 },
    )
  })

  it('has the same bytes in a snapshot wherever it was restarted', () => {
    for (let key = 0; key < 50; key++) {
      const steady = new SentOnce([key, 2, 3, 4])
      let broken = new SentOnce([key, 2, 3, 4])
      for (let n = 0; n < 500; n++) {
        const sent: Sent = { keyKind: 'peer', key: `host-${n}`, fingerprint: 1 }
        for (const one of [steady, broken]) one.add('tenant', 'a/b@1', sent, START + n)
        if (n % 9 === 0) broken = restarted(broken)
      }
      expect(bytesOf(broken)).toBe(bytesOf(steady))
    }
  })

  it('is bounded, and what is forgotten is sent again', () => {
    const sent = new SentOnce()
    const nth = (n: number): Sent => ({ keyKind: 'peer', key: `host-${n}`, fingerprint: 1 })
    for (let n = 0; n < 100_000; n++) expect(sent.add('tenant', 'a/b@1', nth(n), START)).toBe(true)
    expect(sent.bytes).toBeLessThan(600_000)
    expect(sent.add('tenant', 'a/b@1', nth(99_999), START + 1)).toBe(false)
    expect(sent.add('tenant', 'a/b@1', nth(0), START + 1)).toBe(true)
    sent.clear()
    expect(sent.has('tenant', 'a/b@1', nth(99_999), START + 1)).toBe(false)
  })
})
