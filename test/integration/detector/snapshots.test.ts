/** The snapshot store and the watermark on the embedded log. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { LIMITS } from '../../../schemas/limits.ts'
import type { Stage, StageSnapshot } from '../../../services/detector/engine/index.ts'
import { createSnapshotStore } from '../../../services/detector/runtime/snapshot-store.ts'
import { createWatermark } from '../../../services/detector/runtime/watermark.ts'
import type { Log, RecordInput } from '../../../services/lib/log/port.ts'
import {
  createRuntimeRoom,
  idsOf,
  PARTITIONS,
  type RuntimeRoom,
  readFindings,
  send,
  settled,
  until,
  wandering,
} from '../../support/runtime-room.ts'

let home: RuntimeRoom
let log: Log
beforeEach(async () => {
  home = createRuntimeRoom()
  log = await home.open()
})
afterEach(() => home.room.clear())

const snapshot = (offset: number, bytes = 100, stage: Stage['stage'] = 'events'): StageSnapshot => ({
  stage,
  partition: 1,
  offset,
  epoch: 'e',
  columns: [{ name: 'c', bytes: Uint8Array.from({ length: bytes }, (_, i) => (i * offset * 7_919) >>> 5) }],
})
const newestOffset = async (stage: Stage['stage'] = 'events'): Promise<number | undefined> =>
  (await createSnapshotStore(log).newest(stage, 1)).snapshot?.offset

/** The newest record of every key that is left. */
async function heldKeys(): Promise<string[]> {
  const held = new Map<string, Buffer | null>()
  for await (const { key, value } of log.read('snapshots', 1)) held.set(key ?? '', value)
  return [...held].filter(([, value]) => value !== null).map(([key]) => key)
}

describe('the snapshot store', () => {
  it('gives the newest whole snapshot of each stage, and keeps the newest two', async () => {
    const store = createSnapshotStore(log)
    expect((await store.newest('events', 1)).snapshot).toBeUndefined()
    for (const offset of [5, 9, 12, 40]) await store.write(snapshot(offset))
    await store.write(snapshot(7, 100, 'signals'))
    expect((await store.newest('events', 1)).snapshot?.columns).toEqual(
      snapshot(40).columns.map(({ name, bytes }) => ({ name, bytes: Buffer.from(bytes) })),
    )
    expect([await newestOffset(), await newestOffset('signals')]).toEqual([40, 7])
    expect((await heldKeys()).sort()).toEqual(
      [
        'events/1/12/0',
        'events/1/12/manifest',
        'events/1/40/0',
        'events/1/40/manifest',
        'signals/1/7/0',
        'signals/1/7/manifest',
      ].sort(),
    )
    await log.maintain()
    expect(await newestOffset()).toBe(40)
  })

  it('gives what others have written while a partition was theirs', async () => {
    const store = createSnapshotStore(log)
    expect((await store.newest('events', 1)).snapshot).toBeUndefined()
    await store.write(snapshot(5))
    const theirs = createSnapshotStore(log)
    for (const offset of [9, 12, 40]) await theirs.write(snapshot(offset))
    await log.maintain()
    const { snapshot: newest, damaged } = await store.newest('events', 1)
    expect([newest?.offset, damaged]).toEqual([40, []])
    await store.write(snapshot(50))
    expect(await newestOffset()).toBe(50)
    expect((await heldKeys()).sort().map((key) => key.split('/')[2])).toEqual(['40', '40', '50', '50'])
  })

  it('takes the one before when the newest is torn, and writes over it', async () => {
    const store = createSnapshotStore(log)
    await store.write(snapshot(5, 3_000_000))
    // The process dies at some append of the next one.
    for (const lives of [0, 1, 2]) {
      let appends = 0
      const dying: Log = {
        ...log,
        append: (...args) => (appends++ < lives ? log.append(...args) : Promise.reject(new Error('killed'))),
      }
      await expect(createSnapshotStore(dying).write(snapshot(8, 3_000_000))).rejects.toThrow('killed')
      expect(await newestOffset()).toBe(5)
    }
    const next = createSnapshotStore(log)
    expect((await next.newest('events', 1)).snapshot?.offset).toBe(5)
    await next.write(snapshot(8, 3_000_000))
    expect(await newestOffset()).toBe(8)
  })

  it('takes the one before when bytes of the newest were flipped or are missing, whichever', async () => {
    const store = createSnapshotStore(log)
    await store.write(snapshot(5, 3_000_000))
    await store.write(snapshot(8, 3_000_000))
    const records: RecordInput[] = []
    for await (const { key, value } of log.read('snapshots', 1)) if (key?.includes('/8/')) records.push({ key, value })
    expect(records.length).toBeGreaterThan(2)
    for (const { key, value } of records) {
      const flipped = Buffer.from(value as Buffer)
      flipped[flipped.length >> 1] = (flipped[flipped.length >> 1] as number) ^ 1
      await log.append('snapshots', 1, [{ key, value: flipped }])
      // A damaged chunk behind a good one of the same key changes nothing; alone it counts as missing.
      await log.append('snapshots', 1, [{ key, value: null }])
      await log.maintain()
      expect(await newestOffset()).toBe(5)
      await log.append('snapshots', 1, [{ key, value }])
      expect(await newestOffset()).toBe(8)
    }
  })
})

describe('a service whose snapshots are damaged', () => {
  it('recovers from what is left to the same findings', async () => {
    const events = wandering(300)
    const whole = home.service(log)
    await whole.start()
    await send(log, events.slice(0, 150), home.clock.now())
    await until(() => settled(whole))
    await whole.stop()
    // The newest snapshots of all partitions: one byte of each manifest or chunk.
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const records: RecordInput[] = []
      for await (const { key, value } of log.read('snapshots', partition)) records.push({ key, value })
      for (const [i, { key, value }] of records.entries()) {
        if (value === null || i % 2 === partition % 2) continue
        const flipped = Buffer.from(value)
        flipped[20] = (flipped[20] as number) ^ 4
        await log.append('snapshots', partition, [{ key, value: flipped }])
      }
    }
    await log.maintain()
    const again = home.service(log)
    await again.start()
    await send(log, events.slice(150), home.clock.now())
    await until(() => settled(again))
    const found = idsOf(await readFindings(log))
    await again.stop()
    const clean = createRuntimeRoom()
    const cleanLog = await clean.open()
    const calm = clean.service(cleanLog)
    await calm.start()
    await send(cleanLog, events, clean.clock.now())
    await until(() => settled(calm))
    expect(found).toEqual(idsOf(await readFindings(cleanLog)))
    await calm.stop()
    await clean.room.clear()
  })
})

describe('the watermark', () => {
  const record = { key: null, value: Buffer.from('x') }

  it('never passes a record that is not processed, whoever processes it, and never goes back', async () => {
    let now = 1_000_000
    const positions = new Map<number, number>([
      [0, 0],
      [1, 0],
    ])
    const group = 'other-process'
    const watermark = createWatermark({
      log,
      clock: { now: () => now },
      group,
      processed: (partition) => positions.get(partition),
    })
    const margin = LIMITS.tick_margin_ms
    // Partitions that hold nothing hold nothing up.
    expect(await watermark.current()).toBe(now - margin)
    now += 10_000
    await log.append('events', 0, [record])
    expect(await watermark.current()).toBe(1_000_000 - margin)
    now += 5_000
    positions.set(0, 1)
    expect(await watermark.current()).toBe(now - margin)
    // Partition 3 is another process's: what it has committed counts.
    now += 1_000
    const at = now
    await log.append('events', 3, [record, record])
    expect(await watermark.current()).toBe(at - 1_000 - margin)
    const theirs = await log.consume({
      group,
      topics: ['events'],
      handler: () => ({ start: async () => 'earliest', process: async () => {}, stop: async () => {} }),
      onStopped: () => {},
    })
    await theirs.commit('events', 3, 1)
    now += 1_000
    expect(await watermark.current()).toBe(at - 1_000 - margin)
    await theirs.commit('events', 3, 2)
    expect(await watermark.current()).toBe(now - margin)
    // A worker that restores an older snapshot is behind again: the promise made stays made.
    positions.set(0, 0)
    const before = now - margin
    now += 60_000
    expect(await watermark.current()).toBe(before)
    await theirs.close()
  })

  it('lets a mark be reached while new records keep coming', async () => {
    let now = 1_000_000
    let position = 0
    const watermark = createWatermark({ log, clock: { now: () => now }, group: 'g', processed: () => position })
    await log.append('events', 0, [record])
    expect(await watermark.current()).toBe(0)
    for (let n = 1; n < 6; n++) {
      // Never caught up: one more has come whenever one is done.
      now += 1_000
      await log.append('events', 0, [record])
      position = n
      expect(await watermark.current()).toBe(now - 1_000 - LIMITS.tick_margin_ms)
    }
  })
})
