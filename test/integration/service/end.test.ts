/**
 * How the process ends while the warehouse has work: the engine's queries run in threads of their own, and taking its memory
 * apart beneath them is a crash, which a supervisor takes for a fault of the service.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { planService, type RunningService, startService, until } from '../../support/service.ts'

const MINUTES_3 = 180_000
const ROUNDS = 4

const body = (round: number, batch: number): string =>
  Array.from({ length: 2_000 }, (_, n) =>
    JSON.stringify({
      id: `${round}-${batch}-${n}`,
      identity: `worker-${n % 50}`,
      action: 'read_file',
      target: `file-${n}`,
    }),
  ).join('\n')

/** Sends and asks without end; refusals and broken connections are what it is to see. */
async function load(service: RunningService, round: number, hasEnded: () => boolean): Promise<void> {
  const repeat = async (act: (n: number) => Promise<unknown>): Promise<void> => {
    for (let n = 0; !hasEnded(); n++) await act(n).catch(() => undefined)
  }
  await Promise.all([
    repeat((n) => service.post('/v1/events', body(round, n), 'application/x-ndjson')),
    ...Array.from({ length: 6 }, () => repeat(() => service.get('/v1/events?q=file-1'))),
  ])
}

describe('a process that is told to end at once while the warehouse works', () => {
  let data: string
  beforeEach(async () => {
    data = await mkdtemp(join(tmpdir(), 'moltwatch-end-'))
  })
  afterEach(() => rm(data, { recursive: true, force: true }))

  it('ends with the exit code of a fault, not by a crash, and begins again', { timeout: MINUTES_3 }, async () => {
    const plan = await planService(data)
    for (let round = 0; round < ROUNDS; round++) {
      const service = await startService(plan)
      const stored = (): Promise<{ count: number }> => service.get('/v1/events/count') as Promise<{ count: number }>
      const before = await until(stored, () => true)
      let hasEnded = false
      const loading = load(service, round, () => hasEnded)
      await until(stored, ({ count }) => count > before.count)
      process.kill(service.pid, 'SIGTERM')
      process.kill(service.pid, 'SIGINT')
      const code = await service.ended
      hasEnded = true
      await loading
      expect({ round, code }).toEqual({ round, code: 70 })
    }
    expect(await (await startService(plan)).stop()).toBe(0)
  })
})
