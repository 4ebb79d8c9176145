/** Who sends much waits while the event loop is busy; nobody else does, and nobody for long. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { LIMITS } from '../../../schemas/limits.ts'
import { createPace } from '../../../services/collector/pace.ts'

const MUCH = 10_000

const loopThatIs = (busy: number) => {
  const loop = { share: busy, begun: 0, beginAnew: () => void loop.begun++, busy: () => loop.share }
  return loop
}

/** Whether it resolves without any time passing. */
const isAtOnce = (turn: Promise<boolean>): Promise<boolean> =>
  Promise.race([turn.then(() => true), new Promise<boolean>((resolve) => setImmediate(() => resolve(false)))])

it('lets a tenant that is alone go on, however busy the loop is', async () => {
  const pace = createPace(loopThatIs(1))
  pace.count('alone', MUCH, 0)
  expect(await isAtOnce(pace.turn('alone'))).toBe(true)
})

it('lets tenants of like size go on, however busy the loop is', async () => {
  const pace = createPace(loopThatIs(1))
  pace.count('one', MUCH, 0)
  pace.count('other', MUCH / 2, 0)
  expect(await isAtOnce(pace.turn('one'))).toBe(true)
})

it('lets the one that sends most wait until the loop has rested, and nobody else', async () => {
  const loop = loopThatIs(1)
  const pace = createPace(loop)
  pace.count('heavy', MUCH, 0)
  pace.count('light', 1, 0)
  let isGone = false
  const waiting = pace.turn('heavy').then(() => {
    isGone = true
  })
  expect(await isAtOnce(pace.turn('light'))).toBe(true)
  expect(await isAtOnce(pace.turn('new'))).toBe(true)
  expect(isGone).toBe(false)
  loop.share = 0
  await waiting
  expect(loop.begun).toBe(1)
})

it('lets everybody go on while the loop has time', async () => {
  const pace = createPace(loopThatIs(0))
  pace.count('heavy', MUCH, 0)
  pace.count('light', 1, 0)
  expect(await isAtOnce(pace.turn('heavy'))).toBe(true)
})

it(
  'lets all go on in the end, each tenant in its order, if the loop never rests',
  async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('heavy', 'heavier'), { minLength: 1, maxLength: 20 }),
        async (asked) => {
          const pace = createPace(loopThatIs(1))
          pace.count('heavy', MUCH, 0)
          pace.count('heavier', MUCH, 0)
          for (const light of ['a', 'b', 'c', 'd']) pace.count(light, 1, 0)
          const gone: string[] = []
          await Promise.all(asked.map((tenant, n) => pace.turn(tenant).then(() => gone.push(`${tenant} ${n}`))))
          expect(gone).toHaveLength(asked.length)
          for (const tenant of ['heavy', 'heavier']) {
            const order = gone.filter((one) => one.startsWith(`${tenant} `)).map((one) => Number(one.split(' ')[1]))
            expect(order).toEqual(order.toSorted((a, b) => a - b))
          }
        },
      ),
      { numRuns: 3 },
    )
  },
  LIMITS.pace_wait_ms_max * 20,
)

it('counts a body without events by its bytes, because unpacking it takes time as well', async () => {
  const loop = loopThatIs(1)
  const pace = createPace(loop)
  pace.count('light', 1, 100)
  pace.count('heavy', 0, 32 * 1024 * 1024)
  const waiting = pace.turn('heavy')
  expect(await isAtOnce(waiting)).toBe(false)
  loop.share = 0
  await waiting
})

it('calls a tenant modest that sends clearly less than others, and none that is alone or like the others', async () => {
  const pace = createPace(loopThatIs(0))
  expect(await pace.turn('first')).toBe(false)
  pace.count('first', 10, 0)
  expect(await pace.turn('first')).toBe(false)
  pace.count('second', 10, 0)
  const areModest = (...tenants: readonly string[]) => Promise.all(tenants.map((tenant) => pace.turn(tenant)))
  expect(await areModest('first', 'second')).toEqual([false, false])
  pace.count('heavy', MUCH, 0)
  expect(await areModest('first', 'second', 'new', 'heavy')).toEqual([true, true, true, false])
})
