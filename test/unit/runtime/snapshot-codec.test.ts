/** Snapshots as bytes: whole ones come back equal, damaged ones not at all. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LIMITS } from '../../../schemas/limits.ts'
import type { StageSnapshot } from '../../../services/detector/engine/index.ts'
import {
  assemble,
  BLOCK_BYTES,
  decodeManifest,
  encodeManifest,
  encodeSnapshot,
  throughBytes,
} from '../../../services/detector/runtime/snapshot-codec.ts'

const snapshotOf = (columns: readonly Uint8Array[]): StageSnapshot => ({
  stage: 'signals',
  partition: 3,
  offset: 17,
  epoch: 'e',
  columns: columns.map((bytes, i) => ({ name: `c${i}`, bytes })),
})
const plain = (snapshot: StageSnapshot | undefined) =>
  snapshot && {
    ...snapshot,
    columns: snapshot.columns.map(({ name, bytes }) => [name, Buffer.from(bytes).toString('hex')]),
  }

async function encoded(snapshot: StageSnapshot) {
  const chunks: Buffer[] = []
  const manifest = await encodeSnapshot(snapshot, async (chunk, bytes) => {
    chunks[chunk] = bytes
  })
  return { chunks, manifest }
}

const noise = (length: number): Uint8Array => {
  const bytes = new Uint8Array(length)
  let x = 1
  for (let i = 0; i < length; i++) {
    x = (Math.imul(x, 1_664_525) + 1_013_904_223) >>> 0
    bytes[i] = x >>> 24
  }
  return bytes
}

describe('the snapshot codec', () => {
  it('brings any columns back, chunks in any order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 }), async (columns) => {
        const snapshot = snapshotOf(columns)
        const { chunks, manifest } = await encoded(snapshot)
        const read = decodeManifest(encodeManifest(manifest))
        expect(read).toEqual(manifest)
        const assembly = assemble(manifest)
        for (const [chunk, bytes] of [...chunks.entries()].reverse()) expect(assembly.add(chunk, bytes)).toBe(true)
        expect(plain(assembly.done())).toEqual(plain(snapshot))
        expect(plain(throughBytes(snapshot))).toEqual(plain(snapshot))
      }),
    )
  })

  it('cuts what does not compress into chunks that a record can hold', async () => {
    const snapshot = snapshotOf([noise(BLOCK_BYTES - 5), noise(11), noise(2 * BLOCK_BYTES), new Uint8Array(0)])
    const { chunks, manifest } = await encoded(snapshot)
    expect(chunks).toHaveLength(4)
    for (const chunk of chunks) expect(chunk.length).toBeLessThanOrEqual(LIMITS.snapshot_chunk_bytes_max)
    const assembly = assemble(manifest)
    chunks.forEach((bytes, chunk) => assembly.add(chunk, bytes))
    expect(plain(assembly.done())).toEqual(plain(snapshot))
  })

  it('never gives out a snapshot of which a byte was flipped, cut or left out', async () => {
    const { chunks, manifest } = await encoded(snapshotOf([noise(5_000), new Uint8Array(9_000).fill(7)]))
    const bytes = encodeManifest(manifest)
    fc.assert(
      fc.property(fc.nat(100_000), fc.integer({ min: 1, max: 255 }), fc.boolean(), (at, mask, cut) => {
        const damage = (whole: Buffer): Buffer => {
          if (cut) return whole.subarray(0, at % whole.length)
          const flipped = Buffer.from(whole)
          flipped[at % whole.length] = (flipped[at % whole.length] ?? 0) ^ mask
          return flipped
        }
        const assembly = assemble(manifest)
        expect(assembly.add(0, damage(chunks[0] as Buffer))).toBe(false)
        expect(assembly.done()).toBeUndefined()
        expect(decodeManifest(damage(bytes))).toBeUndefined()
      }),
    )
    expect(assemble({ ...manifest, columns: [{ name: 'c0', bytes: 1e12 }] }).done()).toBeUndefined()
  })
})
