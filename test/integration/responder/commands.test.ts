/** No sequence of commands stops the responder, whatever they say: each has its outcome, or is a dead letter. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { COMMANDS, type CommandType } from '../../../schemas/command.ts'
import { H, partitionOf } from '../../../schemas/ids.ts'
import { eventually, type TestBench, testBench } from '../../support/responder.ts'

let bench: TestBench

beforeAll(async () => {
  bench = await testBench()
})
afterAll(async () => {
  await bench.close()
})

const outcomeOf = async (id: string, tenant: string) => {
  await eventually('the outcome', async () => (await bench.responder.views.command(tenant, id)) !== undefined)
  return bench.responder.views.command(tenant, id)
}

const text = fc.oneof(
  fc.string({ minLength: 1, maxLength: 40, unit: 'binary' }),
  fc.constantFrom('__proto__', 'constructor', '*', 'a\u0000b', '\ud800', 'lateral/recon-burst', '../..', '\u2028'),
)
const id = fc.constantFrom(H('a'), H('b'), H('c'))
const fields: { readonly [N in CommandType]: fc.Arbitrary<object> } = {
  quarantine: fc.record({ identities: fc.array(text, { minLength: 1, maxLength: 5 }), reason: text }),
  release: fc.record({ quarantine_ids: fc.array(id, { minLength: 1, maxLength: 3 }), reason: text }),
  approve: fc.record({ quarantine_ids: fc.array(id, { minLength: 1, maxLength: 3 }), reason: text }),
  triage: fc.record(
    {
      incident_ids: fc.array(id, { minLength: 1, maxLength: 3 }),
      status: fc.constantFrom('new', 'resolved', 'archived'),
      assignee: fc.option(text),
      verdict: fc.constant('benign'),
      reason: text,
    },
    { requiredKeys: ['incident_ids', 'reason'] },
  ),
  merge: fc.record({ incident_ids: fc.uniqueArray(id, { minLength: 2, maxLength: 3 }), reason: text }),
  split: fc.record({
    incident_id: id,
    finding_ids: fc.uniqueArray(id, { minLength: 1 }),
    findings: fc.constant([]),
    reason: text,
  }),
  comment: fc.record({ incident_id: id, text }),
  verdict: fc.record({ finding_id: id, detector: text, agent: text, verdict: fc.constant('benign'), reason: text }),
  suppress: fc.record(
    {
      detector: text,
      agent: text,
      target: text,
      peer: text,
      network: text,
      until: fc.constant('2026-12-31T00:00:00Z'),
      reason: text,
    },
    { requiredKeys: ['detector', 'until', 'reason'] },
  ),
  unsuppress: fc.record({ suppression_id: id, reason: text }),
  configuration: fc.record({ configuration: fc.anything() }),
  'create-token': fc.record(
    {
      name: text,
      role: fc.constantFrom('admin', 'responder', 'analyst', 'ingest'),
      scopes: fc.constant(['live']),
      sha256: fc.constantFrom('a'.repeat(64), 'b'.repeat(64)),
      expires_at: fc.constantFrom('2001-01-01T00:00:00Z', '2099-01-01T00:00:00Z'),
    },
    { requiredKeys: ['name', 'role', 'scopes', 'sha256'] },
  ),
  'revoke-token': fc.record({ token_id: id, reason: text }),
  record: fc.record({ act: fc.constant('export'), subject: fc.array(text, { maxLength: 3 }) }),
  stop: fc.record({ reason: text }),
  resume: fc.record({ reason: text }),
  replay: fc.record({ sink: text }),
  'enable-sink': fc.record({ sink: text, reason: text }),
  'test-sink': fc.record({ sink: text }),
  forget: fc.record({ identity: text, reason: text }),
}
const command = fc
  .constantFrom(...(Object.keys(COMMANDS) as CommandType[]))
  .chain((type) => fields[type].map((rest) => ({ type, rest })))
const raw = fc.oneof(
  fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes)),
  fc.json().map((json) => Buffer.from(json)),
)

describe('commands', () => {
  it('cannot stop the responder in any sequence', async () => {
    let runs = 0
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(command, raw), { minLength: 1, maxLength: 12 }), async (acts) => {
        runs += 1
        const tenant = `tenant-${runs}`
        for (const act of acts) {
          if (Buffer.isBuffer(act)) {
            const partition = partitionOf(tenant, bench.log.partitions('commands'))
            await bench.log.append('commands', partition, [{ key: tenant, value: act }])
          } else await bench.sendCommand(act.type, act.rest, tenant)
        }
        const last = await bench.sendCommand('quarantine', { identities: ['marker'], reason: 'x' }, tenant)
        expect(await outcomeOf(last, tenant)).toMatchObject({ status: 'applied', changed: 1 })
        expect(bench.responder.failure()).toBeUndefined()
        expect(bench.responder.configurationReady()).toBe(true)
      }),
      { numRuns: 40, interruptAfterTimeLimit: 60_000 },
    )
    // What came of them is the same to who starts anew.
    await bench.restart()
    expect(bench.responder.failure()).toBeUndefined()
  }, 180_000)

  it('say what came of them, and count nothing that changed nothing', async () => {
    const send = async (type: CommandType, rest: object) =>
      outcomeOf(await bench.sendCommand(type, rest, 'acme'), 'acme')
    expect(await send('release', { quarantine_ids: [H('none')], reason: 'x' })).toMatchObject({
      status: 'nothing',
      changed: 0,
      detail: '1 not: there is no such quarantine',
      by: 'ada',
      reason: 'x',
    })
    expect(await send('resume', { reason: 'x' })).toMatchObject({ status: 'nothing' })
    expect(await send('stop', { reason: 'too many' })).toMatchObject({ status: 'applied', changed: 1 })
    expect(await send('stop', { reason: 'too many' })).toMatchObject({ status: 'nothing' })
    expect(await send('unsuppress', { suppression_id: H('none'), reason: 'x' })).toMatchObject({ status: 'nothing' })
    expect(await send('replay', { sink: 'none' })).toMatchObject({ status: 'nothing' })
    expect(await send('enable-sink', { sink: 'none', reason: 'x' })).toMatchObject({ status: 'refused' })
    expect(await send('test-sink', { sink: 'none' })).toMatchObject({ status: 'refused' })
    expect(await send('quarantine', { identities: ['a', 'b', 'a'], reason: 'x' })).toMatchObject({
      status: 'applied',
      changed: 2,
    })
    expect(await send('quarantine', { identities: ['a', 'c'], reason: 'x' })).toMatchObject({
      status: 'applied',
      changed: 1,
      detail: '1 ordered; 1 not: the identity already has this order',
    })
  })
})
