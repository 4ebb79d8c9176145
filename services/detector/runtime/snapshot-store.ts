/**
 * Snapshots in the topic `snapshots`: chunks below the size of a record under `stage/partition/offset/n`, then a manifest
 * under `stage/partition/offset/manifest`. Partition p holds those of `events`/p and `signals`/p. A snapshot whose
 * manifest is missing, damaged, or names a chunk that is, does not count: the one before it does. All but the newest two
 * get tombstones.
 */
import { LIMITS } from '../../../schemas/limits.ts'
import type { Log, RecordInput } from '../../lib/log/port.ts'
import type { StageSnapshot } from '../engine/index.ts'
import type { StageTopic } from './stage-topics.ts'
import { assemble, decodeManifest, encodeManifest, encodeSnapshot, type Manifest } from './snapshot-codec.ts'

export interface Newest {
  /** The newest whole snapshot; undefined if there is none. */
  readonly snapshot: StageSnapshot | undefined
  /** Snapshots newer than it that are torn or damaged, by offset. */
  readonly damaged: readonly number[]
}

export interface SnapshotStore {
  newest(stage: StageTopic, partition: number): Promise<Newest>
  /** Resolves when the snapshot is durable, with its compressed size. One of the same offset is not written again. */
  write(snapshot: StageSnapshot): Promise<number>
}

/** What the topic holds of one snapshot. */
interface Held {
  readonly keys: Set<string>
  /** Offset in the log of its first record. */
  readonly from: number
  manifest: Manifest | undefined
}

/** By offset. */
type Shelf = Map<number, Held>
type Index = Record<StageTopic, Shelf>

const TOPIC = 'snapshots'
const MANIFEST = 'manifest'
const keyOf = (stage: StageTopic, partition: number, offset: number, part: number | string): string =>
  `${stage}/${partition}/${offset}/${part}`

function readKey(key: string): { stage: StageTopic; offset: number; part: string } | undefined {
  const [stage, , offset, part] = key.split('/')
  if ((stage !== 'events' && stage !== 'signals') || part === undefined) return undefined
  return { stage, offset: Number(offset), part }
}

function heldAt(shelf: Shelf, offset: number, from: number): Held {
  let held = shelf.get(offset)
  if (held === undefined) shelf.set(offset, (held = { keys: new Set(), from, manifest: undefined }))
  return held
}

/** One pass over the partition: which snapshots there are. Chunks are not kept. */
async function readIndex(log: Log, partition: number): Promise<Index> {
  const index: Index = { events: new Map(), signals: new Map() }
  const { start, end } = await log.bounds(TOPIC, partition)
  if (start === end) return index
  for await (const { offset, key, value } of log.read(TOPIC, partition)) {
    const at = readKey(key ?? '')
    if (at === undefined || key === null) continue
    const held = heldAt(index[at.stage], at.offset, offset)
    if (value === null) held.keys.delete(key)
    else held.keys.add(key)
    if (at.part === MANIFEST) held.manifest = value === null ? undefined : decodeManifest(value)
    if (held.keys.size === 0) index[at.stage].delete(at.offset)
  }
  return index
}

/** Starts at the snapshot's first record: what is before it, which may be much, belongs to others. */
async function readSnapshot(
  log: Log,
  partition: number,
  manifest: Manifest,
  from: number,
): Promise<StageSnapshot | undefined> {
  const assembly = assemble(manifest)
  if (manifest.chunks.length > 0) {
    const { start } = await log.bounds(TOPIC, partition)
    for await (const { key, value } of log.read(TOPIC, partition, Math.max(start, from))) {
      const at = readKey(key ?? '')
      if (at?.stage !== manifest.stage || at.offset !== manifest.offset || value === null) continue
      if (at.part !== MANIFEST) assembly.add(Number(at.part), value)
    }
  }
  return assembly.done()
}

const newestFirst = (shelf: Shelf): number[] => [...shelf.keys()].sort((a, b) => b - a)

/** Tombstones for all snapshots that are older than the newest whole ones that are kept. */
function outdated(shelf: Shelf): RecordInput[] {
  const kept = newestFirst(shelf).filter((offset) => shelf.get(offset)?.manifest !== undefined)
  const oldest = kept[LIMITS.snapshots_kept - 1]
  if (oldest === undefined) return []
  return newestFirst(shelf)
    .filter((offset) => offset < oldest || (offset < (kept[0] ?? 0) && shelf.get(offset)?.manifest === undefined))
    .flatMap((offset) => [...(shelf.get(offset)?.keys ?? [])].map((key) => ({ key, value: null })))
}

async function removeOutdated(log: Log, partition: number, shelf: Shelf): Promise<void> {
  const tombstones = outdated(shelf)
  if (tombstones.length === 0) return
  await log.append(TOPIC, partition, tombstones)
  for (const { key } of tombstones) {
    const at = readKey(key ?? '')
    if (at !== undefined) shelf.delete(at.offset)
  }
}

async function writeSnapshot(log: Log, snapshot: StageSnapshot, shelf: Shelf): Promise<number> {
  const { stage, partition, offset } = snapshot
  const keys = new Set<string>()
  let size = 0
  let from: number | undefined
  const append = async (records: readonly RecordInput[]): Promise<void> => {
    const first = await log.append(TOPIC, partition, records)
    from ??= first
  }
  // The last chunk waits for the manifest: a small snapshot is one append.
  let last: RecordInput[] = []
  const manifest = await encodeSnapshot(snapshot, async (chunk, value) => {
    if (last.length > 0) await append(last)
    const key = keyOf(stage, partition, offset, chunk)
    keys.add(key)
    last = [{ key, value }]
    size += value.length
  })
  const key = keyOf(stage, partition, offset, MANIFEST)
  const value = encodeManifest(manifest)
  const together = (last[0]?.value?.length ?? 0) + value.length < LIMITS.snapshot_chunk_bytes_max
  if (!together) await append(last)
  await append(together ? [...last, { key, value }] : [{ key, value }])
  keys.add(key)
  shelf.set(offset, { keys, from: from ?? 0, manifest })
  return size + value.length
}

/**
 * A store reads a partition of the topic once, for both stages, to learn what is there. A second request for the newest
 * means that this process was without the partition for a while and others have written to it: then it is read again.
 */
export function createSnapshotStore(log: Log): SnapshotStore {
  const indexes = new Map<number, Promise<Index>>()
  const asked = new Set<string>()
  const indexOf = (partition: number): Promise<Index> => {
    let index = indexes.get(partition)
    if (index === undefined) {
      index = readIndex(log, partition)
      // A failed read is tried again.
      index.catch(() => indexes.delete(partition))
      indexes.set(partition, index)
    }
    return index
  }
  async function freshShelf(stage: StageTopic, partition: number): Promise<Shelf> {
    const index = await indexOf(partition)
    const name = `${stage}/${partition}`
    if (asked.has(name)) index[stage] = (await readIndex(log, partition))[stage]
    asked.add(name)
    return index[stage]
  }
  return {
    async newest(stage, partition) {
      const shelf = await freshShelf(stage, partition)
      const damaged: number[] = []
      for (const offset of newestFirst(shelf)) {
        const held = shelf.get(offset)
        const manifest = held?.manifest
        const snapshot = manifest && (await readSnapshot(log, partition, manifest, held?.from ?? 0))
        if (snapshot !== undefined) return { snapshot, damaged }
        damaged.push(offset)
        // It no longer counts as one of the two that are kept.
        if (held !== undefined) held.manifest = undefined
      }
      return { snapshot: undefined, damaged }
    },
    async write(snapshot) {
      const shelf = (await indexOf(snapshot.partition))[snapshot.stage]
      if (shelf.get(snapshot.offset)?.manifest !== undefined) return 0
      const bytes = await writeSnapshot(log, snapshot, shelf)
      await removeOutdated(log, snapshot.partition, shelf)
      return bytes
    },
  }
}
