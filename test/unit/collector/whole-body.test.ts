/** PackedBody bodies come out whole or are refused, whatever they unfold to, and hold no more than they are. */
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LIMITS } from '../../../schemas/limits.ts'
import { createBudget } from '../../../services/collector/budget.ts'
import { inflate, type PackedBody } from '../../../services/collector/preparing/inflate.ts'
import { wholeBody } from '../../../services/collector/whole-body.ts'

const ENCODINGS: readonly (readonly [string, (body: Buffer) => Buffer])[] = [
  ['gzip', gzipSync],
  ['x-gzip', gzipSync],
  ['deflate', deflateSync],
  ['zlib', deflateSync],
  ['br', brotliCompressSync],
  ['zstd', zstdCompressSync],
]

interface Opened {
  readonly whole: Awaited<ReturnType<typeof wholeBody>>
  readonly used: number
  readonly bounds: readonly number[]
}

async function open(encoding: string, body: Buffer, bytesMax = LIMITS.request_bytes_in_flight_max): Promise<Opened> {
  const budget = createBudget(bytesMax)
  const bounds: number[] = []
  const noted = async (packed: PackedBody) => {
    bounds.push(packed.bytesMax)
    return inflate(packed)
  }
  const whole = await wholeBody({ body, encoding }, 'acme', budget.hold('acme'), noted)
  return { whole, used: budget.used(), bounds }
}

const bytesOf = ({ whole }: Opened): Buffer => (whole.ok ? whole.body : Buffer.from('refused'))

describe.each(ENCODINGS)('%s', (encoding, pack) => {
  it('comes out as it went in, and holds what it is', async () => {
    const random = fc.uint8Array({ maxLength: 5_000 })
    const repeated = fc
      .tuple(random, fc.integer({ min: 0, max: 200 }))
      .map(([bytes, times]) => Buffer.concat(Array<Uint8Array>(times).fill(bytes)))
    const property = fc.asyncProperty(fc.oneof(random, repeated), async (bytes) => {
      const opened = await open(encoding, pack(Buffer.from(bytes)))
      expect(Buffer.compare(bytesOf(opened), bytes)).toBe(0)
      expect(opened.used).toBe(bytes.length)
    })
    await fc.assert(property, { numRuns: 40 })
  })

  it('comes out where it is exactly as large as the bound', async () => {
    const opened = await open(encoding, pack(Buffer.alloc(LIMITS.inflate_bytes_min, 'a')))
    expect(bytesOf(opened)).toHaveLength(LIMITS.inflate_bytes_min)
    expect(opened.bounds).toEqual([LIMITS.inflate_bytes_min])
  })

  it('is refused where it breaks off, and holds nothing', async () => {
    const packed = pack(Buffer.from('some words that are cut in the middle'))
    const { whole, used } = await open(encoding, packed.subarray(0, packed.length - 6))
    expect(whole).toMatchObject({ ok: false, status: 400, detail: expect.stringContaining(`is not ${encoding}`) })
    expect(used).toBe(0)
  })

  it('takes as much as a body may have, and not a byte more', async () => {
    const most = Buffer.alloc(LIMITS.body_inflated_bytes_max, ' ')
    expect(bytesOf(await open(encoding, pack(most)))).toHaveLength(most.length)
    const { whole, used } = await open(encoding, pack(Buffer.concat([most, Buffer.from(' ')])))
    expect(whole).toMatchObject({ ok: false, status: 413, message: expect.stringContaining('after decompression') })
    expect(used).toBe(0)
  })
})

it('tries a small bound first, and larger ones while it does not fit', async () => {
  const { bounds } = await open('deflate', deflateSync(Buffer.alloc(20 * 1024 * 1024, 'a')))
  expect(bounds[0]).toBeLessThan(1024 * 1024)
  expect(bounds.at(-1)).toBeLessThanOrEqual(LIMITS.body_inflated_bytes_max)
  for (const [n, bound] of bounds.slice(1).entries()) expect(bound).toBeLessThanOrEqual(4 * (bounds[n] ?? 0))
})

it('reserves what a gzip body says that it unfolds to, whether it is true or not', async () => {
  const body = Buffer.alloc(20 * 1024 * 1024, 'a')
  const packed = gzipSync(body)
  expect((await open('gzip', packed)).bounds).toEqual([body.length])
  // The second of two members says less than both are, and a lie breaks the body.
  const two = await open('gzip', Buffer.concat([packed, gzipSync('b')]))
  expect(two.bounds[0]).toBe(LIMITS.inflate_bytes_min)
  expect(bytesOf(two)).toHaveLength(body.length + 1)
  packed.writeUInt32LE(LIMITS.body_inflated_bytes_max, packed.length - 4)
  expect((await open('gzip', packed)).whole).toMatchObject({ ok: false, status: 400 })
})

it('takes two bodies of one tenant at once that fit into its share', async () => {
  const budget = createBudget(LIMITS.request_bytes_in_flight_max)
  const body = gzipSync(Buffer.alloc(30 * 1024 * 1024, 'a'))
  const both = ['one', 'two'].map(() =>
    wholeBody({ body, encoding: 'gzip' }, 'acme', budget.hold('acme'), async (packed) => inflate(packed)),
  )
  for (const whole of await Promise.all(both)) expect(whole.ok).toBe(true)
})

it('asks the sender to come again where there is no room', async () => {
  const { whole, used } = await open('gzip', gzipSync(Buffer.alloc(200_000, 'a')), 160_000)
  expect(whole).toMatchObject({ ok: false, status: 503, code: 'busy' })
  expect(used).toBe(0)
})
