/** How far the watermark stays behind: as far as appends take, with the trouble of a broker remembered for a while. */
import { describe, expect, it } from 'vitest'
import { LIMITS } from '../../../schemas/limits.ts'
import type { Log } from '../../../services/lib/log/port.ts'
import { createAppendTimes } from '../../../services/detector/runtime/append-times.ts'

/** A log whose appends end when the test says so, and a clock that it moves. */
function createRoom() {
  let now = 1_000_000
  const waiting: PromiseWithResolvers<number>[] = []
  const append: Log['append'] = () => {
    const one = Promise.withResolvers<number>()
    waiting.push(one)
    return one.promise
  }
  const times = createAppendTimes({ append } as Log, () => now)
  return {
    times,
    advance: (ms: number) => void (now += ms),
    begin: (): Promise<number> => times.log.append('signals', 0, []),
    end: (error?: Error) => (error === undefined ? waiting.shift()?.resolve(7) : waiting.shift()?.reject(error)),
  }
}

describe('the margin of the watermark', () => {
  it('is the least one while appends are quick', async () => {
    const { times, advance, begin, end } = createRoom()
    const appending = begin()
    advance(20)
    end()
    expect(await appending).toBe(7)
    expect(times.marginMs()).toBe(LIMITS.tick_margin_ms)
  })

  it('grows while an append hangs, before it ends, and whichever way it ends', async () => {
    const { times, advance, begin, end } = createRoom()
    const hanging = begin()
    advance(4_000)
    expect(times.marginMs()).toBe(8_000)
    advance(1_000)
    end(new Error('too few replicas'))
    await expect(hanging).rejects.toThrow('too few replicas')
    expect(times.marginMs()).toBe(10_000)
  })

  it('remembers the trouble for at least half of the time it has for it, and then forgets', async () => {
    const { times, advance, begin, end } = createRoom()
    const hanging = begin()
    advance(3_000)
    end()
    await hanging
    advance(LIMITS.tick_margin_memory_ms / 2)
    expect(times.marginMs()).toBe(6_000)
    advance(LIMITS.tick_margin_memory_ms)
    expect(times.marginMs()).toBe(LIMITS.tick_margin_ms)
  })

  it('is a whole number of milliseconds, as the times are from which it is taken', () => {
    const { times, advance, begin } = createRoom()
    void begin()
    advance(4_000.123)
    expect(times.marginMs()).toBe(8_001)
  })

  it('has an end, so that candidates are decided at last', () => {
    const { times, advance, begin } = createRoom()
    void begin()
    advance(86_400_000)
    expect(times.marginMs()).toBe(LIMITS.tick_margin_ms_max)
  })
})
