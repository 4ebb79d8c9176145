/** The clock of a service while the system's clock is set: it never goes back, follows forward, and tells both. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createSteadyClock } from '../../../services/lib/steady-clock.ts'

const HOUR = 3_600_000
const START = Date.UTC(2026, 9, 25)

function createRoom() {
  const sources = { wall: START, elapsed: 0 }
  const told: number[] = []
  const clock = createSteadyClock({
    wall: () => sources.wall,
    elapsed: () => sources.elapsed,
    onSet: (byMs) => told.push(byMs),
  })
  return {
    clock,
    told,
    /** Time passes, second by second as a service asks. */
    pass(ms: number, asleep = false) {
      for (let left = ms; left > 0; left -= 1_000) {
        const step = Math.min(1_000, left)
        sources.wall += step
        if (!asleep) sources.elapsed += step
        if (!asleep) clock.now()
      }
    },
    set(ms: number) {
      sources.wall += ms
    },
  }
}

describe('a clock of a service', () => {
  it('is that of the system while nobody sets it', () => {
    const { clock, pass, told } = createRoom()
    pass(10 * HOUR)
    expect(clock.now()).toBe(START + 10 * HOUR)
    expect([clock.aheadMs(), told]).toEqual([0, []])
  })

  it('goes on when the system is set back by an hour, and is caught up with in ten', () => {
    const { clock, pass, set, told } = createRoom()
    pass(60_000)
    set(-HOUR)
    const before = clock.now()
    pass(60_000)
    expect(clock.now() - before).toBe(54_000)
    expect(clock.aheadMs()).toBe(HOUR - 6_000)
    pass(5 * HOUR)
    expect(clock.aheadMs()).toBeGreaterThan(0)
    pass(5 * HOUR)
    expect(clock.aheadMs()).toBe(0)
    expect(told).toEqual([-HOUR])
  })

  it('follows the system a day forward after some seconds, and a machine that slept', () => {
    const { clock, pass, set, told } = createRoom()
    set(24 * HOUR)
    expect(clock.now()).toBe(START)
    pass(6_000)
    expect(clock.now()).toBe(START + 24 * HOUR + 6_000)
    pass(8 * HOUR, true)
    pass(6_000)
    expect(clock.now()).toBe(START + 32 * HOUR + 12_000)
    expect(told).toHaveLength(2)
  })

  it('does not follow a step forward that is taken back at once', () => {
    const { clock, pass, set, told } = createRoom()
    set(24 * HOUR)
    pass(2_000)
    set(-24 * HOUR)
    pass(2_000)
    expect(clock.now()).toBe(START + 4_000)
    expect(told).toEqual([])
  })

  it('never goes back, whatever is done to the system', () => {
    const step = fc.record({
      set: fc.integer({ min: -2 * HOUR, max: 2 * HOUR }),
      pass: fc.integer({ min: 0, max: 20_000 }),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
        const { clock, pass, set } = createRoom()
        let last = clock.now()
        for (const one of steps) {
          set(one.set)
          pass(one.pass)
          const now = clock.now()
          expect(now).toBeGreaterThanOrEqual(last)
          last = now
        }
      }),
    )
  })
})
