/**
 * Whether the detectors' state is what the log says: for each partition and stage the newest snapshot is compared, column by
 * column and byte by byte, with a stage that reads the log from its beginning to the snapshot's offset without a break. That
 * is the promise everything else rests on, and restarts, repeats and other owners must not show in it.
 */
import { DETECTORS } from '../../../detectors/registry.ts'
import { decodeControl, decodeHeader, FrameError } from '../../../schemas/frame.ts'
import type { Stage, StageSnapshot, Words } from '../../../services/detector/engine/index.ts'
import { createStageOne, createStageTwo } from '../../../services/detector/engine/index.ts'
import { createSectionReader } from '../../../services/detector/runtime/sections.ts'
import { createSnapshotStore } from '../../../services/detector/runtime/snapshot-store.ts'
import { codeVersion } from '../../../services/lib/code-version.ts'
import type { Log } from '../../../services/lib/log/port.ts'

const FACTORIES = { events: createStageOne, signals: createStageTwo } as const

/** The key of the rows, which is chance: where a partition begins anew it takes another one. */
function rowKeyOf({ columns }: StageSnapshot): Words {
  for (const { name, bytes } of columns) {
    if (!name.endsWith('//meta')) continue
    const { key } = JSON.parse(Buffer.from(bytes).toString()) as { readonly key?: Words }
    if (key !== undefined) return key
  }
  throw new Error('the snapshot holds no key of its rows')
}

/** A stage that has read the partition from its beginning up to the snapshot's offset. */
async function stageAt(log: Log, topic: Stage['stage'], partition: number, snapshot: StageSnapshot): Promise<Stage> {
  const { offset: end } = snapshot
  const rowKey = rowKeyOf(snapshot)
  const stage = FACTORIES[topic]({ detectors: DETECTORS, codeVersion: codeVersion(), partition, rowKey })
  const section = createSectionReader(log)
  for await (const { offset, value } of log.read(topic, partition)) {
    if (offset >= end) break
    if (value === null) continue
    try {
      const isControl = decodeHeader(value).kind === 'control'
      const control = isControl ? decodeControl(value) : undefined
      const content = control?.type === 'config' ? await section(control.name, control.hash) : undefined
      if (content === undefined) stage.apply({ offset, value })
      else stage.apply({ offset, value }, content)
    } catch (error) {
      if (!(error instanceof FrameError)) throw error
    }
  }
  return stage
}

const SHOWN_CHARS = 600

/** Both sides, where they are text. */
function inWords(held: Buffer | undefined, expected: Uint8Array): string {
  const texts = [held ?? Buffer.alloc(0), Buffer.from(expected)].map((bytes) => bytes.toString())
  if (!texts.every((text) => text.startsWith('{'))) return ''
  const [is, should] = texts.map((text) => text.slice(0, SHOWN_CHARS))
  return `: ${is} instead of ${should}`
}

/** Compares all newest snapshots; how many there were. Throws with the first column that differs. */
export async function expectState(log: Log): Promise<number> {
  const store = createSnapshotStore(log)
  let compared = 0
  for (const topic of ['events', 'signals'] as const) {
    for (let partition = 0; partition < log.partitions(topic); partition++) {
      const { snapshot } = await store.newest(topic, partition)
      if (snapshot === undefined) continue
      const { columns } = (await stageAt(log, topic, partition, snapshot)).snapshot()
      const held = new Map(snapshot.columns.map(({ name, bytes }) => [name, Buffer.from(bytes)]))
      const wrong = columns.find(({ name, bytes }) => held.get(name)?.equals(bytes) !== true)
      if (wrong !== undefined || held.size !== columns.length) {
        const what = wrong === undefined ? 'its columns' : `${wrong.name}${inWords(held.get(wrong.name), wrong.bytes)}`
        throw new Error(`the snapshot of ${topic}/${partition} differs from its log in ${what}`)
      }
      compared++
    }
  }
  return compared
}
