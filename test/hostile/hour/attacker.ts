/**
 * Everything that a tenant's own sender, analyst and admin may try against the others at once, over and over: floods of
 * findings, lies about the time, records that cost more than they weigh, bodies that stop, odd headers, orders and
 * suppressions without end, and questions that take long.
 */
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { ATTACKS } from '../records.ts'
import type { Door } from './door.ts'
import { numbersOf } from './victim.ts'

const BODY_BYTES = 24_000
const FLOOD_EVENTS = 300
const STALLED = 4
const QUESTIONS = 12
const MONTH_MS = 30 * 86_400_000

/** Requests by status; 0 where the connection broke. */
export type Answers = ReadonlyMap<number, number>

/** 0 where the connection broke. */
const statusOf = (url: URL, token: string): Promise<number> =>
  fetch(url, { headers: { authorization: `Bearer ${token}` }, signal: AbortSignal.timeout(30_000) }).then(
    async (taken) => {
      await taken.arrayBuffer()
      return taken.status
    },
    () => 0,
  )

/** Bodies that begin and go on no more, as long as they are let. */
async function stallBodies(url: URL, token: string, until: number, count: (status: number) => void): Promise<void> {
  const body = gzipSync(Buffer.alloc(60 * 1024 * 1024, ' '))
  const sockets = Array.from({ length: STALLED }, () => {
    const socket = connect(Number(url.port), url.hostname)
    socket.on('error', () => count(0))
    socket.write(
      `POST /v1/events HTTP/1.1\r\nhost: ${url.host}\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\ncontent-length: ${body.length}\r\n\r\n`,
    )
    socket.write(body.subarray(0, body.length - 10))
    return socket
  })
  await sleep(Math.min(20_000, Math.max(0, until - Date.now())))
  for (const socket of sockets) socket.destroy()
}

/** Attacks until that time (ms since 1970). */
export async function attack(door: Door, url: URL, token: string, seed: number, until: number): Promise<Answers> {
  const below = numbersOf(seed ^ 0x5eed)
  const answers = new Map<number, number>()
  const count = (status: number): void => void answers.set(status, (answers.get(status) ?? 0) + 1)
  const repeat = async (what: () => Promise<unknown>, pauseMs: number): Promise<void> => {
    while (Date.now() < until) {
      await what()
      await sleep(pauseMs)
    }
  }

  const times = [
    (now: number) => ({ time: new Date(now).toISOString() }),
    () => ({}),
    () => ({ time: '1970-01-01T00:00:00Z' }),
    (now: number) => ({ time: new Date(now + MONTH_MS).toISOString() }),
    (now: number) => ({ time: new Date(now - below(MONTH_MS)).toISOString() }),
  ]
  const flood = async (): Promise<void> => {
    const now = Date.now()
    const events = Array.from({ length: FLOOD_EVENTS }, () => ({
      identity: `minted-${below(1_000_000)}`,
      action: 'http_post',
      arguments: { url: `https://www.moltbook.com/${below(1_000)}` },
      ...times[below(times.length)]?.(now),
    }))
    count(await door.send(JSON.stringify(events)))
  }
  const costly = async (): Promise<void> => {
    const one = ATTACKS[below(ATTACKS.length)]
    if (one !== undefined) count(await door.send(one.body(BODY_BYTES), {}, `/v1/events?format=${one.format}`))
  }
  const odd = async (): Promise<void> => {
    for (const name of ['constructor', '__proto__', 'toString'])
      count(await door.send('[]', { 'content-encoding': name, 'x-moltwatch-history': name }))
    count(await door.send(gzipSync(Buffer.alloc(32 * 1024 * 1024, 'a')), { 'content-encoding': 'gzip' }))
  }
  const stall = () => stallBodies(url, token, until, count)
  const order = async (): Promise<void> => {
    const identity = `worker-${below(20)}`
    count(await door.post('/v1/quarantines', { identity, reason: 'an attack', force: true }))
    const until_ = new Date(Date.now() + MONTH_MS).toISOString()
    count(await door.post('/v1/suppressions', { detector: '*', until: until_, reason: 'an attack' }))
  }
  const ask = async (): Promise<void> => {
    const paths = ['/v1/events?q=m', '/v1/findings?q=moltbook', '/v1/graph?since=2020-01-01', '/v1/events/facets?q=a']
    const one = async (n: number): Promise<void> =>
      count(await statusOf(new URL(paths[n % paths.length] as string, url), token))
    await Promise.all(Array.from({ length: QUESTIONS }, (_, n) => one(n)))
  }

  await Promise.all([
    repeat(flood, 50),
    repeat(costly, 20),
    repeat(odd, 500),
    repeat(stall, 100),
    repeat(order, 20),
    repeat(ask, 200),
  ])
  return answers
}
