/** The audit log: every act has its entry, over restarts; tampering in the log itself is found by the command. */
import { hash } from 'node:crypto'
import { afterEach, expect, it } from 'vitest'
import { type AuditEntry, checkChain } from '../../../schemas/audit.ts'
import { statePartition } from '../../../schemas/state.ts'
import { eventually, type TestBench, testBench } from '../../support/responder.ts'

let bench: TestBench | undefined
afterEach(async () => {
  await bench?.close()
  bench = undefined
})

async function entries(tenant = 'default'): Promise<AuditEntry[]> {
  const answer = await bench!.responder.views.audit(tenant, { limit: 1_000, cursor: null })
  if (!answer.ok) throw new Error(answer.reason)
  return answer.items.toReversed()
}
const have = (count: number, tenant = 'default') =>
  eventually(`${count} entries`, async () => (await entries(tenant)).length === count)

/** The newest record in `state` that a key begins with, and its key. */
async function recordOf(start: string): Promise<{ key: string; body: AuditEntry }> {
  const partition = statePartition('default', bench!.log.partitions('state'))
  let found: { key: string; body: AuditEntry } | undefined
  for await (const { key, value } of bench!.log.read('state', partition)) {
    if (key?.startsWith(start) === true && value !== null)
      found = { key, body: JSON.parse(String(value)) as AuditEntry }
  }
  return found!
}
const write = (key: string, body: AuditEntry | null) =>
  bench!.log.append('state', statePartition('default', bench!.log.partitions('state')), [
    { key, value: body === null ? null : Buffer.from(JSON.stringify(body)) },
  ])

async function orders(): Promise<void> {
  await bench!.sendCommand('stop', { reason: 'a drill' })
  await bench!.sendCommand('stop', { reason: 'once more' })
  await bench!.sendCommand('quarantine', { identities: ['agent-1', 'agent-2'], reason: 'stolen key' })
  await bench!.sendCommand('create-token', {
    name: 'laptop',
    role: 'ingest',
    scopes: ['live'],
    sha256: hash('sha256', 'a secret text'),
  })
  await bench!.sendCommand('record', { act: 'export', subject: ['findings', 'severity:high'] })
  await have(5)
}

it('tells who did what, to what, why, and what came of it', async () => {
  bench = await testBench()
  await orders()
  const told = await entries()
  expect(told.map(({ by, act, status, content }) => [by, act, status, content?.subject, content?.reason])).toEqual([
    ['ada', 'stop', 'applied', [], 'a drill'],
    ['ada', 'stop', 'nothing', [], 'once more'],
    ['ada', 'quarantine', 'applied', ['agent-1', 'agent-2'], 'stolen key'],
    ['ada', 'create-token', 'applied', ['laptop', 'ingest', 'live'], ''],
    ['ada', 'export', 'applied', ['findings', 'severity:high'], ''],
  ])
  expect(JSON.stringify(told)).not.toContain(hash('sha256', 'a secret text'))
  expect(checkChain(told)).toMatchObject({ ok: true, entries: 5 })
})

it('goes on where it stopped, writes nothing twice, and keeps tenants apart', async () => {
  bench = await testBench()
  await orders()
  const before = await entries()
  await bench.restart()
  expect(await entries()).toEqual(before)
  await bench.sendCommand('stop', { reason: 'theirs' }, 'globex')
  await bench.sendCommand('resume', { reason: 'over' })
  await have(6)
  await have(1, 'globex')
  expect(checkChain(await entries(), before.at(-1)?.hash)).toMatchObject({ ok: true, entries: 6 })
  expect(checkChain(await entries('globex'))).toMatchObject({ ok: true, entries: 1 })
})

it.each([
  ['changed', (key: string, body: AuditEntry) => write(key, { ...body, by: 'nobody' }), 3],
  ['taken out', (key: string) => write(key, null), 3],
  ['put in another’s place', (key: string, body: AuditEntry) => write(key, { ...body, sequence: 2 }), 2],
] as const)('is found broken where an entry was %s in the log', async (_how, tamper, first) => {
  bench = await testBench()
  await orders()
  const { key, body } = await recordOf('audit/default/000000000003/')
  await tamper(key, body)
  await bench.restart()
  expect(checkChain(await entries())).toMatchObject({ ok: false, sequence: first })
})
