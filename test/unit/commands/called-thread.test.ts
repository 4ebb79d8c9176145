/** Whoever asks a thread of a command hears its answer, what it threw, or why it ended. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type CalledThread, createCalledThread } from '../../../services/commands/lib/called-thread.ts'
import type { EndingProcedures } from '../../support/ending-thread.ts'

let thread: CalledThread<EndingProcedures>
beforeEach(() => {
  thread = createCalledThread(new URL('../../support/ending-thread.ts', import.meta.url), 'test', {})
})
afterEach(() => thread.end())

it('answers, and throws what its procedures throw', async () => {
  expect(await thread.ask('double', 21)).toBe(42)
  await expect(thread.ask('double', -1)).rejects.toThrow('no number is less than nothing')
})

it('says why it ended to all who wait for it, and to those who ask later that it has ended', async () => {
  const [ending, waiting] = [thread.ask('end', null), thread.ask('end', null)]
  await expect(ending).rejects.toThrow(/has ended: Error: the thread is tired/)
  await expect(waiting).rejects.toThrow(/the thread is tired/)
  await expect(thread.ask('double', 1)).rejects.toThrow(/has ended/)
})
