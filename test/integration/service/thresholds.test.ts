/**
 * `thresholds` against the service as people run it: incidents come, a person judges them through the API, and the command
 * counts what was said and writes the tenant's file.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { DETECTORS } from '../../../detectors/registry.ts'
import { addThresholds } from '../../../services/commands/thresholds/thresholds.ts'
import { createCommandRoom } from '../../support/command-room.ts'
import { planService, type RunningService, startService, TOKEN, until } from '../../support/service.ts'

const AGENTS = ['a', 'b', 'c'].map((name) => `agent-${name}`)
interface Incidents {
  readonly items: readonly { readonly id: string; readonly agent: string; readonly verdict: string | null }[]
}

const room = createCommandRoom()
let directory: string
let service: RunningService

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'moltwatch-thresholds-'))
  await writeFile(join(directory, 'moltwatch.yaml'), 'detection:\n  false_per_1000: { medium: 10 }\n')
  service = await startService(await planService(join(directory, 'data'), join(directory, 'moltwatch.yaml')))
  // Where a service that made its own token leaves it.
  await writeFile(join(directory, 'data', 'admin-token'), TOKEN)
}, 180_000)
afterAll(async () => {
  await service?.stop()
  room.clear()
  await rm(directory, { recursive: true, force: true })
})

const incidents = async (): Promise<Incidents['items']> =>
  ((await service.get('/v1/incidents?limit=100')) as Incidents).items

it('counts what people said of incidents, and writes it once', { timeout: 300_000 }, async () => {
  const events = AGENTS.map((agent) => ({ agent, action: 'fetch', peer: 'www.moltbook.com', id: `of ${agent}` }))
  const answer = await service.post('/v1/events', JSON.stringify(events))
  expect(answer.status, await answer.text()).toBeLessThan(300)
  const found = await until(incidents, (all) => all.length === AGENTS.length)
  const verdict = { incident_ids: found.map(({ id }) => id), verdict: 'false_positive', reason: 'It is our own.' }
  expect((await service.post('/v1/incidents/triage', JSON.stringify(verdict))).status).toBe(202)
  await until(incidents, (all) => all.every((one) => one.verdict === 'false_positive'))

  const url = `http://127.0.0.1:${service.plan.port}`
  const config = join(directory, 'moltwatch.yaml')
  const args = ['thresholds', '--config', config, '--url', url, '--data', join(directory, 'data')]
  const told = await room.run(addThresholds, [...args, '--json'], DETECTORS)
  expect(JSON.parse(told.out)).toMatchObject([
    { detector: 'peer/known-agent-network', false_positive: 3, true_positive: 0, benign: 0, factor: 1 },
  ])

  const written = await room.run(addThresholds, [...args, '--write'], DETECTORS)
  expect(written.out).toContain('no joint score')
  const file = join(directory, 'tenants', 'default', 'zz-thresholds.yaml')
  expect(await readFile(file, 'utf8')).toContain('detectors: {}')
  expect((await room.run(addThresholds, [...args, '--write'], DETECTORS)).err).toContain('says so already')
})
