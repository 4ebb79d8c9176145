/** Trust registries on their way into the log and into the detectors: a section of all tenants, and one of each. */
import { afterEach, describe, expect, it } from 'vitest'
import { DETECTORS } from '../../../detectors/registry.ts'
import { Agents } from '../../../detectors/lib/agent-registry.ts'
import { AGENTS, type AgentRegistry, agentRegistryHash } from '../../../schemas/agents.ts'
import type { ConfigControl } from '../../../schemas/control.ts'
import { blankEvent, EVENT_SCHEMA_VERSION, rowOf } from '../../../schemas/event.ts'
import { H } from '../../../schemas/ids.ts'
import { decodeControl, decodeHeader, encodeControl, encodeFrame } from '../../../schemas/frame.ts'
import { createStageOne, sectionsIn } from '../../../services/detector/engine/index.ts'
import { createSectionReader } from '../../../services/detector/runtime/sections.ts'
import type { Log } from '../../../services/lib/log/port.ts'
import { type TestBench, testBench } from '../../support/responder.ts'

let bench: TestBench | undefined
afterEach(async () => {
  await bench?.close()
  bench = undefined
})

async function given(log: Log, topic: string, partition: number): Promise<ConfigControl[]> {
  const found: ConfigControl[] = []
  for await (const { value } of log.read(topic, partition)) {
    if (value === null || decodeHeader(value).kind !== 'control') continue
    const control = decodeControl(value)
    if (control.type === 'config' && control.name === AGENTS) found.push(control)
  }
  return found
}
/** What every partition was given, when they agree: tenant and hash. */
async function everywhere(log: Log): Promise<readonly (readonly [string, string])[]> {
  const lists: (readonly [string, string])[][] = []
  for (const topic of ['events', 'signals']) {
    for (let p = 0; p < log.partitions(topic); p++)
      lists.push((await given(log, topic, p)).map(({ tenant, hash }) => [tenant, hash] as const))
  }
  expect(new Set(lists.map((list) => JSON.stringify(list))).size).toBe(1)
  return lists[0] ?? []
}

const base: AgentRegistry = { agents: [{ agent: '*', never: { actions: ['wire_money'] } }] }
const acme: AgentRegistry = { agents: [{ agent: 'clerk', owner: 'finance', never: { actions: ['open_account'] } }] }
const hashes = { base: agentRegistryHash(base), acme: agentRegistryHash(acme), none: agentRegistryHash({}) }

describe('trust registries in the log', () => {
  it('are given once, change while the service runs, and become empty where the file is gone', async () => {
    bench = await testBench()
    const { log } = bench
    const config = { ...bench.config, agents: { '': base, acme } }
    await bench.responder.reconfigure(config)
    await (await bench.restart({ config })).reconfigure(config)
    expect(bench.responder.configurationReady()).toBe(true)
    await bench.responder.reconfigure({ ...bench.config, agents: { '': base } })
    await expect
      .poll(() => everywhere(log))
      .toEqual([
        ['', hashes.base],
        ['acme', hashes.acme],
        ['acme', hashes.none],
      ])
    expect(await createSectionReader(log)(AGENTS, hashes.base)).toEqual(new Agents(base))
  })

  it('apply to what follows their records, by tenant, and a snapshot names them', () => {
    const options = { detectors: DETECTORS, codeVersion: 'x', partition: 0 }
    const stage = createStageOne(options)
    let offset = 0
    const told = (action: string): string[] => {
      const events = ['acme', 'globex'].map((tenant, i) => ({
        ...blankEvent(),
        tenant,
        event_id: H('event of this test', `${offset} ${i}`),
        time: 1_780_000_000_000 + offset,
        receipt_time: 1_780_000_000_000 + offset,
        identity: 'clerk',
        action,
        outcome: 'success' as const,
      }))
      const frame = { schema: EVENT_SCHEMA_VERSION, receiptTime: 1_780_000_000_000 + offset }
      const { findings } = stage.apply({ offset: offset++, value: encodeFrame(events.map(rowOf), frame) })
      return findings.filter(({ detector }) => detector === 'bounds/never').map(({ tenant }) => tenant)
    }
    const take = (tenant: string, content: Agents): void => {
      const value = encodeControl({ type: 'config', name: AGENTS, tenant, hash: content.hash }, 1_780_000_000_000)
      stage.apply({ offset: offset++, value }, content)
    }
    expect(told('wire_money')).toEqual([])
    const { epoch } = stage
    take('', new Agents(base))
    take('acme', new Agents(acme))
    expect(stage.epoch).not.toBe(epoch)
    expect(told('wire_money')).toEqual(['acme', 'globex'])
    expect(told('open_account')).toEqual(['acme'])
    const snapshot = stage.snapshot()
    expect(new Map(sectionsIn(snapshot))).toEqual(
      new Map([
        [hashes.base, AGENTS],
        [hashes.acme, AGENTS],
      ]),
    )
    const held = new Map([base, acme].map((registry) => [agentRegistryHash(registry), new Agents(registry)]))
    expect(createStageOne({ ...options, held }, snapshot).epoch).toBe(stage.epoch)
    expect(() => createStageOne(options, snapshot)).toThrow('was not handed in')
  })
})
