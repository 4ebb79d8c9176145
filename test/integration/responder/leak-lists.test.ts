/** Leak lists on their way into the log: content in chunks first, then one control record in every partition. */
import { randomBytes } from 'node:crypto'
import { pino } from 'pino'
import { afterEach, describe, expect, it } from 'vitest'
import { LEAK_LIST, leakListHash } from '../../../schemas/leak-list.ts'
import type { ConfigControl } from '../../../schemas/control.ts'
import { decodeControl, decodeHeader } from '../../../schemas/frame.ts'
import { CHUNK_BYTES, contentPartition, parseChunkKey } from '../../../schemas/state.ts'
import { keyList } from '../../../services/lib/lists/key.ts'
import { readSection } from '../../../services/lib/section-store.ts'
import { type Log, LogError } from '../../../services/lib/log/port.ts'
import { createSections, type Rollout, type Sections } from '../../../services/responder/sections.ts'
import { createStateStore } from '../../../services/responder/store.ts'
import { systemTimers } from '../../../services/responder/timers.ts'
import { type TestBench, testBench } from '../../support/responder.ts'

let bench: TestBench | undefined
afterEach(async () => {
  await bench?.close()
  bench = undefined
})

const content = (entries: number): Uint8Array => keyList(randomBytes(32 * entries), Buffer.alloc(32, 1))
const SMALL = content(3)
/** Of the settings of all tenants, which lie beside them. */
const SETTINGS_PARTS = 2
/** Three chunks. */
const LARGE = content(120_000)

/** What a partition was given of leak lists, in order, as 'tenant:hash'. */
async function given(log: Log, topic: string, partition: number): Promise<string[]> {
  const found: ConfigControl[] = []
  for await (const { value } of log.read(topic, partition)) {
    if (value === null || decodeHeader(value).kind !== 'control') continue
    const control = decodeControl(value)
    if (control.type === 'config' && control.name === LEAK_LIST) found.push(control)
  }
  return found.map(({ tenant, hash }) => `${tenant}:${hash}`)
}
async function everywhere(log: Log): Promise<string[]> {
  const lists: string[][] = []
  for (const topic of ['events', 'signals']) {
    for (let p = 0; p < log.partitions(topic); p++) lists.push(await given(log, topic, p))
  }
  expect(new Set(lists.map(String)).size).toBe(1)
  return lists[0] ?? []
}

/** Parts of leak lists that `state` holds. */
async function partsIn(log: Log): Promise<string[]> {
  const live = new Set<string>()
  for await (const { key, value } of log.read('state', contentPartition(log.partitions('state')))) {
    if (parseChunkKey(key ?? '') === undefined) continue
    if (value === null) live.delete(key as string)
    else live.add(key as string)
  }
  return [...live]
}

/** The rollouts alone on a log, as after a start of the responder. */
async function rollouts(log: Log) {
  const tools = { log, logger: pino({ level: 'silent' }), timers: systemTimers, clock: { now: () => Date.now() } }
  const failures: Error[] = []
  const store = createStateStore({ ...tools, onFatal: (error) => failures.push(error) })
  const { records, contents } = await store.load()
  const made = createSections({ ...tools, store, isClosed: () => false })
  for (const { address, body } of records) {
    if (address.kind === 'rollout') made.restore(address.kind, address.id, body as Rollout)
  }
  await made.complete(contents)
  return made
}

async function use(sections: Sections, list: Uint8Array): Promise<void> {
  await sections.hold(leakListHash(list), list)
  await sections.roll(LEAK_LIST, 'default', leakListHash(list))
}

describe('leak lists in the log', () => {
  it('are in every partition, their content in the state, once, however often they are handed in', async () => {
    bench = await testBench()
    const { log, responder } = bench
    const lists = new Map([
      ['default', LARGE],
      ['globex', SMALL],
    ])
    await responder.useLeakLists(lists)
    await responder.useLeakLists(lists)
    const again = await bench.restart()
    await again.useLeakLists(lists)
    expect(await everywhere(log)).toEqual([`default:${leakListHash(LARGE)}`, `globex:${leakListHash(SMALL)}`])
    expect((await partsIn(log)).length).toBe(Math.ceil(LARGE.length / CHUNK_BYTES) + 1 + 2 + SETTINGS_PARTS)
    const read = await readSection(log, leakListHash(LARGE))
    expect(read === undefined ? 'nothing' : Buffer.compare(read, LARGE)).toBe(0)
    expect(await readSection(log, '0'.repeat(32))).toBeUndefined()
  })

  it('become empty where the files are gone', async () => {
    bench = await testBench()
    await bench.responder.useLeakLists(new Map([['default', SMALL]]))
    await bench.responder.useLeakLists(new Map())
    const nothing = leakListHash(new Uint8Array(0))
    expect(await everywhere(bench.log)).toEqual([`default:${leakListHash(SMALL)}`, `default:${nothing}`])
    expect((await readSection(bench.log, nothing))?.length).toBe(0)
  })

  it('are completed where a kill cut them short, be it in their content or in their records', async () => {
    for (const [topics, cut] of [
      [['state'], 2],
      [['events', 'signals'], 3],
    ] as const) {
      const fresh = await testBench({ start: false })
      bench = fresh
      let taken = 0
      const cutting: Log = {
        ...fresh.log,
        append(topic, partition, records) {
          if ((topics as readonly string[]).includes(topic)) taken += 1
          if (taken > cut) return Promise.reject(new LogError('record_too_large', 'cut off'))
          return fresh.log.append(topic, partition, records)
        },
      }
      const doomed = await rollouts(cutting)
      await expect(use(doomed, LARGE)).rejects.toThrow('cut off')
      expect(taken).toBeGreaterThan(cut)
      const next = await rollouts(fresh.log)
      await use(next, LARGE)
      expect(await everywhere(fresh.log)).toEqual([`default:${leakListHash(LARGE)}`])
      expect((await readSection(fresh.log, leakListHash(LARGE)))?.length).toBe(LARGE.length)
      await fresh.close()
      bench = undefined
    }
  })

  it('are kept until retention has taken the record of their successor from every partition, and then removed', async () => {
    bench = await testBench({ start: false })
    const { log } = bench
    /** As if retention had taken all records before these offsets, but for one partition. */
    let gone = (_topic: string, _partition: number): number => 0
    const aging: Log = {
      ...log,
      async bounds(topic, partition) {
        const bounds = await log.bounds(topic, partition)
        return topic === 'state' ? bounds : { ...bounds, start: gone(topic, partition) }
      },
    }
    const made = await rollouts(aging)
    for (const list of [LARGE, SMALL]) await use(made, list)
    const hashes = async (): Promise<string[]> => [
      ...new Set((await partsIn(log)).map((key) => parseChunkKey(key)?.hash ?? '')),
    ]
    await made.maintain()
    expect((await hashes()).sort()).toEqual([leakListHash(LARGE), leakListHash(SMALL)].sort())
    gone = (topic, partition) => (topic === 'signals' && partition === 1 ? 1 : 2)
    await made.maintain()
    expect(await hashes()).toContain(leakListHash(LARGE))
    gone = () => 2
    await made.maintain()
    expect(await hashes()).toEqual([leakListHash(SMALL)])
    // What is in force was given again where it had gone, and is kept.
    expect((await everywhere(log)).at(-1)).toBe(`default:${leakListHash(SMALL)}`)
  })
})
