/** A few seeded kills on a small load; `npm run faults:kills` runs as many as you like on any file. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { demoLoad, writeLoad } from '../support/demo-load.ts'
import { replayedIds, runUnderKills } from './kills.ts'

it('finds under kill -9 what an undisturbed run finds, and counts every event once', { timeout: 300_000 }, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'moltwatch-kill-load-'))
  const file = join(directory, 'load.otlp.ndjson')
  const load = demoLoad(120)
  await writeLoad(file, load)
  const oracle = await replayedIds(file)
  const outcome = await runUnderKills({ lines: load.lines, kills: 4, seed: 3 }, load.events)
  expect(oracle.length).toBeGreaterThan(1)
  expect(outcome.events).toBe(load.events)
  expect(outcome.findings).toEqual(oracle)
  await rm(directory, { recursive: true, force: true })
})
