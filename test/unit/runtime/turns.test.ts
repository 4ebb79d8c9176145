/** Work from many sides shares one slice of each turn of the event loop, in the order in which it asked. */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { createTurns } from '../../../services/lib/turns.ts'

it('lets the event loop turn between those who wait, in their order', async () => {
  const turns = createTurns(0)
  const done: number[] = []
  let loops = 0
  let isRunning = true
  const count = (): void => {
    loops++
    if (isRunning) setImmediate(count)
  }
  setImmediate(count)
  const work = async (n: number): Promise<void> => {
    if (turns.isOver()) await turns.next()
    // More than the slice, whatever the machine.
    const end = performance.now() + 0.1
    while (performance.now() < end);
    done.push(n)
  }
  await Promise.all(Array.from({ length: 60 }, (_, n) => work(n)))
  isRunning = false
  expect(done).toEqual(Array.from({ length: 60 }, (_, n) => n))
  expect(loops).toBeGreaterThan(50)
})

it('lets many go in one turn where they take little, and everybody in the end', async () => {
  const turns = createTurns(60_000)
  let loops = 0
  const waiting = Promise.all(Array.from({ length: 1_000 }, () => turns.next()))
  const count = (): void => {
    loops++
    setImmediate(count).unref()
  }
  setImmediate(count).unref()
  await waiting
  expect(loops).toBeLessThan(10)
})

it('lets end what has begun before others begin', async () => {
  const turns = createTurns(0)
  const done: string[] = []
  const ask = (name: string, begun: boolean) => turns.next(begun).then(() => done.push(name))
  await Promise.all([ask('new 1', false), ask('new 2', false), ask('begun 1', true), ask('begun 2', true)])
  expect(done).toEqual(['begun 1', 'begun 2', 'new 1', 'new 2'])
})

const loops = async (count: number): Promise<void> => {
  for (let n = 0; n < count; n++) await new Promise((resolve) => setImmediate(resolve))
}

it('gives way for as long as a request is under way, and no longer', async () => {
  const turns = createTurns(60_000)
  const done = [turns.giveWay(), turns.giveWay()] as const
  let isGone = false
  const waiting = turns.next().then(() => {
    isGone = true
  })
  expect(turns.isOver()).toBe(true)
  done[0]()
  await loops(20)
  expect(isGone).toBe(false)
  done[1]()
  await waiting
  expect(turns.isOver()).toBe(false)
})

it('does not give way again at once, so that requests without end do not stop the work', async () => {
  const turns = createTurns(60_000)
  const done = turns.giveWay()
  await sleep(20)
  done()
  turns.giveWay()
  expect(turns.isOver()).toBe(false)
  await turns.next()
})

it('works on beside a request that does not end', async () => {
  const turns = createTurns(60_000)
  turns.giveWay()
  await turns.next()
  expect(turns.isOver()).toBe(false)
})
