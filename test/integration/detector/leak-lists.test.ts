/** Leak lists in the detectors of a process: taken up from their record, and held by a snapshot through a restart. */
import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { leakedCredential } from '../../../detectors/credential/leaked-credential.ts'
import { encodeControl } from '../../../schemas/frame.ts'
import { LEAK_LIST, leakListHash } from '../../../schemas/leak-list.ts'
import { chunkKey, contentPartition, WHOLE } from '../../../schemas/state.ts'
import { keyList } from '../../../services/lib/lists/key.ts'
import type { Log } from '../../../services/lib/log/port.ts'
import {
  createRuntimeRoom,
  PARTITIONS,
  readFindings,
  type RuntimeRoom,
  send,
  settled,
  testEvent,
  until,
} from '../../support/runtime-room.ts'

let home: RuntimeRoom
beforeEach(() => {
  home = createRuntimeRoom()
})
afterEach(() => home.room.clear())

const LIST = keyList(randomBytes(32 * 500), Buffer.alloc(32, 1))
const HASH = leakListHash(LIST)
const LEAKED = Buffer.from(LIST.subarray(16 * 77, 16 * 78)).toString('hex')

/** As the responder gives a list: its content first, then a record in every partition. */
async function give(log: Log): Promise<void> {
  const whole = Buffer.from(JSON.stringify({ chunks: 1 }))
  await log.append('state', contentPartition(log.partitions('state')), [
    { key: chunkKey(HASH, 0), value: Buffer.from(LIST) },
    { key: chunkKey(HASH, WHOLE), value: whole },
  ])
  const value = encodeControl({ type: 'config', name: LEAK_LIST, tenant: 't', hash: HASH }, home.clock.now())
  for (const topic of ['events', 'signals']) {
    for (let partition = 0; partition < PARTITIONS; partition++)
      await log.append(topic, partition, [{ key: null, value }])
  }
}

describe('a leak list', () => {
  it('is taken up from its record, for its tenant alone, and held by the snapshot of a restart', async () => {
    const log = await home.open()
    const detectors = [leakedCredential]
    const act = (n: number, fields: object) => testEvent(n, { identity: `who-${n}`, credential: LEAKED, ...fields })
    const agents = async (): Promise<string[]> => (await readFindings(log)).map(({ agent }) => agent).toSorted()
    const service = home.service(log, { detectors })
    await service.start()
    await send(log, [act(1, {})], home.clock.now())
    await until(() => settled(service))
    await give(log)
    await send(
      log,
      [act(2, {}), act(3, { tenant: 'another' }), act(4, { credential: 'f'.repeat(32) })],
      home.clock.now(),
    )
    await until(() => settled(service))
    expect(await agents()).toEqual(['who-2'])
    await service.stop()

    // The record lies before the snapshots: nothing but they names the list now.
    const again = home.service(log, { detectors })
    await again.start()
    await until(() => settled(again))
    await send(
      log,
      [5, 6, 7, 8, 9].map((n) => act(n, {})),
      home.clock.now(),
    )
    await until(() => settled(again))
    expect(await agents()).toEqual(['who-2', 'who-5', 'who-6', 'who-7', 'who-8', 'who-9'])
    await again.stop()
  })
})
