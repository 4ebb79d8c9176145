/**
 * The service whose warehouse is deleted, between two starts and while it runs: it refuses to answer with empty lists, fills
 * the warehouse again from its log by itself, and then lists what it listed before.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { demoLoad } from '../../support/demo-load.ts'
import { findingIds, planService, type RunningService, settled, startService, TOKEN } from '../../support/service.ts'

const MINUTES_3 = 180_000
let directory: string
let service: RunningService

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'moltwatch-lost-'))
  service = await startService(await planService(join(directory, 'data')))
}, MINUTES_3)

afterAll(async () => {
  await service?.stop()
  await rm(directory, { recursive: true, force: true })
})

const load = demoLoad(60)
let before: readonly string[] = []
const removeWarehouse = (): Promise<void> => rm(join(directory, 'data', 'warehouse'), { recursive: true, force: true })

/** Asks for all findings until they come: each answer before that is 503, and none lacks one. The codes of those answers. */
async function refusalsUntilWhole(): Promise<ReadonlySet<string>> {
  const url = `http://127.0.0.1:${service.plan.port}/v1/findings?limit=1000`
  const seen = new Set<string>()
  for (;;) {
    const answer = await fetch(url, { headers: { authorization: `Bearer ${TOKEN}` } })
    const body = (await answer.json()) as { error?: { code: string; message: string }; items?: unknown[] }
    if (answer.status === 200) {
      expect(body.items).toHaveLength(before.length)
      return seen
    }
    expect([answer.status, body]).toEqual([503, expect.anything()])
    seen.add(body.error?.code ?? '')
    // A token that asks without a pause is told 429.
    await sleep(20)
  }
}

it('answers 503 with the reason until its warehouse is whole again', { timeout: MINUTES_3 }, async () => {
  for (const line of load.lines) expect((await service.post('/v1/logs', line)).status).toBe(200)
  before = await settled(service, load.events)
  expect(before.length).toBeGreaterThan(1)
  await service.stop()
  await removeWarehouse()
  service = await startService(service.plan)
  expect(await refusalsUntilWhole()).toContain('warehouse_incomplete')
  expect(await findingIds(service)).toEqual(before)
  expect(await service.get('/v1/events/count')).toEqual({ count: load.events })
  expect(service.log()).toContain('the warehouse is empty: it is filled again from the log')
})

it('does so, too, where the warehouse is removed while it runs', { timeout: MINUTES_3 }, async () => {
  await removeWarehouse()
  expect(await refusalsUntilWhole()).toContain('warehouse_incomplete')
  expect(await findingIds(service)).toEqual(before)
  expect(await service.get('/v1/events/count')).toEqual({ count: load.events })
  expect(service.log()).toContain('the files of the warehouse were removed: it begins anew')
  expect(service.log()).toContain('the warehouse was emptied or replaced: it is filled again from the log')
})
