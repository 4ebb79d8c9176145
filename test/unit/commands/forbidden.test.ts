/** Whoever asks for the time or for chance inside gets an exception; outside nothing has changed. */
import { randomBytes, randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { withoutClockAndRandom } from '../../../services/commands/prove/forbidden.ts'

const ASKING: Record<string, () => unknown> = {
  'Date.now': () => Date.now(),
  'new Date': () => new Date(),
  Date: () => Date(),
  'Math.random': () => Math.random(),
  'performance.now': () => performance.now(),
  'process.hrtime': () => process.hrtime.bigint(),
  'crypto.randomUUID': () => crypto.randomUUID(),
  'crypto.getRandomValues': () => crypto.getRandomValues(new Uint8Array(4)),
  'randomBytes of node:crypto': () => randomBytes(4),
  'randomUUID of node:crypto': () => randomUUID(),
  fetch: () => fetch('http://localhost'),
}

describe('without clock and random', () => {
  it.each(Object.keys(ASKING))('refuses %s', (name) => {
    expect(() => withoutClockAndRandom(() => ASKING[name]?.())).toThrow(/the core asked for/)
    if (name !== 'fetch') expect(() => ASKING[name]?.()).not.toThrow()
  })

  it('leaves dates that were given as they are', () => {
    const read = withoutClockAndRandom(() => [
      new Date(0).toISOString(),
      Date.parse('2026-01-01T00:00:00Z'),
      Date.UTC(2026, 0),
      new Date(5) instanceof Date,
    ])
    expect(read).toEqual(['1970-01-01T00:00:00.000Z', 1_767_225_600_000, 1_767_225_600_000, true])
  })

  it('gives everything back when the work throws', () => {
    const [now, random] = [Date.now, Math.random]
    expect(() =>
      withoutClockAndRandom(() => {
        throw new Error('inside')
      }),
    ).toThrow('inside')
    expect([Date.now, Math.random]).toEqual([now, random])
    expect(Object.keys(Math)).toEqual([])
  })
})
