/**
 * Uploads that stall: two of them once held all the room that bodies have, and every other sender was refused until they
 * went away. What one tenant holds is a share, and what no longer comes is given up.
 */
import { constants, createGzip } from 'node:zlib'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { LIMITS } from '../../schemas/limits.ts'
import { createBudget } from '../../services/collector/budget.ts'
import { type CollectorRoom, openCollector } from '../support/collector.ts'

let room: CollectorRoom
const sockets: Socket[] = []
beforeAll(async () => {
  room = await openCollector()
})
afterAll(async () => {
  for (const socket of sockets) socket.destroy()
  await room.close()
})

/** The beginning of a gzip stream that unfolds to so many bytes, flushed and not ended. */
async function unfinished(bytes: number): Promise<Buffer> {
  const gzip = createGzip()
  const chunks: Buffer[] = []
  gzip.on('data', (chunk: Buffer) => chunks.push(chunk))
  gzip.write(Buffer.alloc(bytes, ' '))
  await new Promise<void>((resolve) => {
    gzip.flush(constants.Z_SYNC_FLUSH, () => resolve())
  })
  gzip.destroy()
  return Buffer.concat(chunks)
}

/** A connection whose request has begun and does not go on. Answers what it hears. */
async function stall(body: Buffer, headers: string): Promise<{ heard: () => string }> {
  const { hostname, port } = new URL(room.url)
  const socket = connect(Number(port), hostname)
  sockets.push(socket)
  let heard = ''
  socket.on('data', (chunk: Buffer) => {
    heard += chunk.toString()
  })
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  socket.write(
    `POST /v1/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer live-token\r\ncontent-type: application/json\r\n${headers}\r\n`,
  )
  socket.write(body)
  return { heard: () => heard }
}

const EVENT = JSON.stringify({ identity: 'honest', action: 'list' })

it('leaves room for others while they stall, and gives them up', async () => {
  const large = await unfinished(60 * 1024 * 1024)
  const gzipped = 'content-encoding: gzip\r\ncontent-length: 9999999\r\n'
  const stalled = await Promise.all([
    stall(large, gzipped),
    stall(large, gzipped),
    stall(Buffer.from('['), 'content-length: 100\r\n'),
  ])
  const other = () => room.post('/v1/events', EVENT, { authorization: 'Bearer other-token' })
  for (let n = 0; n < 20; n++) expect((await other()).status).toBe(200)
  // Nothing of them is inflated before it has come whole: their own tenant has room as well.
  const own = () => room.post('/v1/events', `[${EVENT}${' '.repeat(40 * 1024 * 1024)}]`)
  expect((await own()).status).toBe(200)
  await expect.poll(() => stalled.every(({ heard }) => heard().includes(' 503 '))).toBe(true)
  for (const { heard } of stalled) expect(heard()).toMatch(/too_slow|busy/)
  // What they held is free again for their own tenant.
  expect((await own()).status).toBe(200)
})

it('holds no more of one tenant than its share', () => {
  const budget = createBudget(1_000)
  const [one, two, other] = [budget.hold('a'), budget.hold('a'), budget.hold('b')]
  const share = 1_000 * LIMITS.request_bytes_tenant_share
  expect(one.take(share)).toBe(true)
  expect(two.take(1)).toBe(false)
  expect(other.take(1_000 - share)).toBe(true)
  one.release()
  one.release()
  expect(two.take(share)).toBe(true)
  two.release()
  other.release()
  expect(budget.used()).toBe(0)
})
