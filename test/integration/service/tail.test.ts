/**
 * `moltwatch tail` beside a real service: it tells every finding of a burst that no page of a list holds, waits while the
 * service is away, continues behind what it has told, and from a time on tells what was there before it.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { contactsOf } from '../../support/contacts.ts'
import { findingIds, planService, type RunningService, startService, TOKEN, until } from '../../support/service.ts'

const ROOT = join(import.meta.dirname, '../../..')
/** More than the 50 that lists give unless they are asked for more. */
const BURST = 120

let directory: string
let service: RunningService

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'moltwatch-tail-'))
  service = await startService(await planService(join(directory, 'data')))
})
afterAll(async () => {
  await service?.stop()
  await rm(directory, { recursive: true, force: true })
})

/** Each of so many agents contacts a listed network: a finding each. */
async function burst(name: string): Promise<void> {
  const answer = await service.post('/v1/events', contactsOf(name, BURST))
  expect(answer.status, await answer.text()).toBeLessThan(300)
}

interface Tail {
  readonly ids: string[]
  said: string
}

function tail(...more: readonly string[]): Tail {
  const url = `http://127.0.0.1:${service.plan.port}`
  const child: ChildProcess = spawn(
    process.execPath,
    [join(ROOT, 'services/main.ts'), 'tail', '--json', '--url', url, ...more],
    { env: { ...process.env, MOLTWATCH_TOKEN: TOKEN }, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  const heard: Tail = { ids: [], said: '' }
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) =>
    heard.ids.push((JSON.parse(line) as { id: string }).id),
  )
  child.stderr?.on('data', (chunk: Buffer) => {
    heard.said += chunk.toString()
  })
  onTestFinished(async () => {
    child.kill('SIGTERM')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  })
  return heard
}

const toldAll = async (heard: Tail, atLeast: number): Promise<void> => {
  const all = await until(
    () => findingIds(service),
    (ids) => ids.length >= atLeast,
  )
  await until(
    async () => heard.ids,
    (ids) => all.every((id) => ids.includes(id)),
  )
  expect(new Set(heard.ids).size).toBe(heard.ids.length)
}
const says = (heard: Tail, text: string): Promise<string> =>
  until(
    async () => heard.said,
    (said) => said.includes(text),
  )

it('tells every finding of a burst once, across a kill of the service, and what was before if asked', async () => {
  const live = tail()
  await says(live, 'following')
  await burst('first')
  await toldAll(live, BURST)
  await service.kill()
  await says(live, 'trying again')
  service = await startService(service.plan)
  await burst('second')
  await toldAll(live, 2 * BURST)

  const since = tail('--since', '-1h')
  await toldAll(since, 2 * BURST)
  await burst('third')
  await toldAll(since, 3 * BURST)
  await toldAll(live, 3 * BURST)
})
