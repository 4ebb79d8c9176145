/**
 * A stage's snapshot as bytes and back: the columns one after another, cut into blocks that are compressed one by one,
 * and a manifest that names the columns and holds the checksum of each block and of itself. Bytes that were torn or
 * flipped are found out before any of them becomes state.
 */
import { hash } from 'node:crypto'
import { promisify } from 'node:util'
import { constants, zstdCompress, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import Type, { type Static } from 'typebox'
import { validator } from '../../../schemas/columns.ts'
import { LIMITS } from '../../../schemas/limits.ts'
import type { StageSnapshot } from '../engine/index.ts'

const FORMAT = 1
/** Bytes of a block before compression; zstd adds less than 1 % to what does not compress. */
export const BLOCK_BYTES = Math.floor(LIMITS.snapshot_chunk_bytes_max * 0.97)
const ZSTD = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }
const compressAside = promisify(zstdCompress)

const Body = Type.Object({
  format: Type.Literal(FORMAT),
  stage: Type.Union([Type.Literal('events'), Type.Literal('signals')]),
  partition: Type.Integer({ minimum: 0 }),
  offset: Type.Integer({ minimum: 0 }),
  epoch: Type.String(),
  columns: Type.Array(Type.Object({ name: Type.String(), bytes: Type.Integer({ minimum: 0 }) })),
  chunks: Type.Array(Type.Object({ sha256: Type.String(), bytes: Type.Integer({ minimum: 1, maximum: BLOCK_BYTES }) })),
})
/** What a snapshot consists of. `bytes` of a chunk are counted before compression. */
export type Manifest = Static<typeof Body>
const bodyValidator = validator(Body)

const checksum = (bytes: Uint8Array): string => hash('sha256', bytes, 'hex')

/** The blocks of the columns, without copying more than one block at a time. */
function* blocksOf(columns: StageSnapshot['columns']): Generator<Buffer> {
  let parts: Uint8Array[] = []
  let room = BLOCK_BYTES
  for (const { bytes } of columns) {
    for (let from = 0; from < bytes.length; ) {
      const part = bytes.subarray(from, from + room)
      parts.push(part)
      from += part.length
      room -= part.length
      if (room > 0) continue
      yield Buffer.concat(parts)
      parts = []
      room = BLOCK_BYTES
    }
  }
  if (parts.length > 0) yield Buffer.concat(parts)
}

function manifestOf(snapshot: StageSnapshot, chunks: Manifest['chunks']): Manifest {
  const { stage, partition, offset, epoch } = snapshot
  const columns = snapshot.columns.map(({ name, bytes }) => ({ name, bytes: bytes.length }))
  return { format: FORMAT, stage, partition, offset, epoch, columns, chunks }
}

/**
 * Compresses block after block off the event loop and passes each to `write`, which may wait. Returns the manifest, to be
 * written when all blocks are durable.
 */
export async function encodeSnapshot(
  snapshot: StageSnapshot,
  write: (chunk: number, bytes: Buffer) => Promise<void>,
): Promise<Manifest> {
  const chunks: Manifest['chunks'] = []
  for (const block of blocksOf(snapshot.columns)) {
    const bytes = await compressAside(block, ZSTD)
    await write(chunks.length, bytes)
    chunks.push({ sha256: checksum(bytes), bytes: block.length })
  }
  return manifestOf(snapshot, chunks)
}

export function encodeManifest(manifest: Manifest): Buffer {
  const body = JSON.stringify(manifest)
  return Buffer.from(JSON.stringify({ sha256: hash('sha256', body, 'hex'), body }))
}

/** undefined where the bytes are not a manifest of ours, or are damaged. */
export function decodeManifest(bytes: Buffer): Manifest | undefined {
  try {
    const { sha256, body } = JSON.parse(bytes.toString('utf8')) as { sha256: unknown; body: unknown }
    if (typeof body !== 'string' || hash('sha256', body, 'hex') !== sha256) return undefined
    const manifest: unknown = JSON.parse(body)
    return bodyValidator.check(manifest) ? manifest : undefined
  } catch {
    return undefined
  }
}

/** Puts a snapshot together from its chunks in any order. */
export interface Assembly {
  /** Takes a chunk; false where its bytes are not those that the manifest names. The first good one counts. */
  add(chunk: number, bytes: Buffer): boolean
  /** The snapshot, or undefined while a chunk is missing. */
  done(): StageSnapshot | undefined
}

export function assemble(manifest: Manifest): Assembly {
  const total = manifest.columns.reduce((sum, column) => sum + column.bytes, 0)
  const starts: number[] = []
  let end = 0
  for (const { bytes } of manifest.chunks) {
    starts.push(end)
    end += bytes
  }
  // One buffer for all columns: at its size, so that a torn manifest cannot ask for more than its chunks hold.
  const whole = end === total ? Buffer.allocUnsafe(total) : undefined
  const missing = new Set(manifest.chunks.keys())
  return {
    add(chunk, bytes) {
      const expected = manifest.chunks[chunk]
      if (whole === undefined || expected === undefined || checksum(bytes) !== expected.sha256) return false
      if (!missing.has(chunk)) return true
      const block = zstdDecompressSync(bytes, { maxOutputLength: BLOCK_BYTES })
      if (block.length !== expected.bytes) return false
      block.copy(whole, starts[chunk])
      missing.delete(chunk)
      return true
    },
    done() {
      if (whole === undefined || missing.size > 0) return undefined
      const { stage, partition, offset, epoch } = manifest
      let from = 0
      const columns = manifest.columns.map(({ name, bytes }) => {
        const column = { name, bytes: whole.subarray(from, from + bytes) }
        from += bytes
        return column
      })
      return { stage, partition, offset, epoch, columns }
    },
  }
}

/** Through bytes and back in one go, for those that restart a stage without a log. */
export function throughBytes(snapshot: StageSnapshot): StageSnapshot {
  const blocks = [...blocksOf(snapshot.columns)].map((block) => ({
    length: block.length,
    bytes: zstdCompressSync(block, ZSTD),
  }))
  const chunks = blocks.map(({ length, bytes }) => ({ sha256: checksum(bytes), bytes: length }))
  const manifest = decodeManifest(encodeManifest(manifestOf(snapshot, chunks)))
  if (manifest === undefined) throw new Error('a manifest that was just written cannot be read')
  const assembly = assemble(manifest)
  blocks.forEach(({ bytes }, chunk) => assembly.add(chunk, bytes))
  const back = assembly.done()
  if (back === undefined) throw new Error('a snapshot that was just written is not whole')
  return back
}
