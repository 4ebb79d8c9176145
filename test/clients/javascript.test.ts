/**
 * A newcomer's agent in JavaScript that uses OpenTelemetry's own SDK. It is given the lines that moltwatch prints at start and
 * nothing else, and the injection that it reads is found.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { printedLines, withoutTelemetry } from '../support/printed-lines.ts'
import { planService, type RunningService, startService, TOKEN, until } from '../support/service.ts'

const MINUTES_3 = 180_000
const AGENT = join(import.meta.dirname, 'javascript/sdk_agent.ts')
let directory = ''
let service: RunningService

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'moltwatch-javascript-'))
  service = await startService(await planService(join(directory, 'data')))
}, MINUTES_3)
afterAll(async () => {
  await service?.stop()
  await rm(directory, { recursive: true, force: true })
})

it('an agent in JavaScript is watched with the printed lines alone', { timeout: MINUTES_3 }, async () => {
  const lines = await printedLines(service)
  const { stderr } = await promisify(execFile)('sh', ['-ec', [...lines, '"$NODE" "$AGENT"'].join('\n')], {
    env: { ...withoutTelemetry(), MOLTWATCH_TOKEN: TOKEN, NODE: process.execPath, AGENT },
  })
  // A newcomer who sees complaints believes that it does not work.
  expect(stderr).toBe('')
  const path = '/v1/findings?detector=intent/influenced-action&agent=name-of-the-agent'
  const [found] = await until(
    async () => ((await service.get(path)) as { items: object[] }).items,
    (items) => items.length > 0,
  )
  expect(found).toMatchObject({ severity: 'high', session: 'javascript-conversation' })
})
