/**
 * Fault 20: the process of the embedded log is killed (kill -9) at any moment. Whatever it had acknowledged is there at
 * its offset, in order and unaltered; nothing is there that it did not write; no offset is given twice; and the next
 * start needs no repair by hand. One directory lives through all kills.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Log } from '../../../services/lib/log/port.ts'
import { readAll } from '../../conformance/log-support.ts'
import { createLogRoom, type LogRoom } from '../../support/sqlite-log.ts'
import { KEYS, PLACES, TOPICS, valueOf } from './kill-support.ts'

const ROUNDS = 15
const SEED = 20_261_101
const CHILD = fileURLToPath(new URL('./append-until-killed.ts', import.meta.url))

/** A small random source with a seed, so that a failing run can be repeated as far as a kill can be. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

interface Acknowledged {
  readonly number: number
  readonly offset: number
}

type Ledger = Map<string, Acknowledged[]>

let room: LogRoom
let child: ChildProcess | undefined
beforeEach(() => {
  room = createLogRoom()
})
afterEach(async () => {
  child?.kill('SIGKILL')
  await room.clear()
})

/** Lets the child append until `waitMs` after its first acknowledgement, kills it, and adds what it acknowledged. */
async function appendAndKill(ledger: Ledger, froms: readonly number[], waitMs: number): Promise<void> {
  child = spawn(process.execPath, [CHILD, room.directory, froms.join()], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  let said = ''
  child.stdout!.on('data', (chunk: Buffer) => {
    if (said === '') setTimeout(() => child!.kill('SIGKILL'), waitMs)
    said += chunk.toString()
  })
  const closed = once(child.stdout!, 'close')
  expect(await ended).toEqual([null, 'SIGKILL'])
  await closed
  // The kill may have cut the last line short: then nobody heard that acknowledgement.
  for (const line of said.split('\n').slice(0, -1)) {
    const [place, number, offset] = line.split(' ')
    ledger.get(place!)!.push({ number: Number(number), offset: Number(offset) })
  }
}

/** Every record is one that was written, in the order of its numbers, and each key's newest is not older than said. */
async function check(log: Log, ledger: Ledger): Promise<number[]> {
  const froms: number[] = []
  for (const [topic, partition] of PLACES) {
    const heard = ledger.get(`${topic}/${partition}`)!
    const records = await readAll(log, topic, partition)
    const numbers = records.map(({ value }) => Number(value!.toString('utf8', 0, 40).split(' ')[1]))
    for (const [i, { value }] of records.entries()) {
      expect(value!.equals(valueOf(topic, partition, numbers[i]!))).toBe(true)
    }
    const { end } = await log.bounds(topic, partition)
    for (const { offset } of heard) expect(offset).toBeLessThan(end)
    expect(new Set(heard.map(({ offset }) => offset)).size).toBe(heard.length)
    if (topic === 'events') {
      // Numbers and offsets run side by side, because a number that was never durable is given again.
      expect(numbers).toEqual(numbers.map((_, i) => i))
      for (const { number, offset } of heard) expect(records[number]!.offset).toBe(offset)
    }
    if (topic === 'state') {
      const newest = Array.from({ length: KEYS }, (_, key) => Math.max(-1, ...numbers.filter((n) => n % KEYS === key)))
      for (const { number } of heard) expect(newest[number % KEYS]).toBeGreaterThanOrEqual(number)
    }
    froms.push(Math.max(-1, ...numbers, ...heard.map(({ number }) => number)) + 1)
  }
  return froms
}

describe('a process that is killed', () => {
  it(`loses nothing that it acknowledged, in ${ROUNDS} kills (seed ${SEED})`, async () => {
    const draw = random(SEED)
    const ledger: Ledger = new Map(PLACES.map(([topic, partition]) => [`${topic}/${partition}`, []]))
    let froms = PLACES.map(() => 0)
    for (let round = 0; round < ROUNDS; round++) {
      await appendAndKill(ledger, froms, Math.floor(draw() * 120))
      const log = await room.open()
      await log.ensureTopics(TOPICS)
      froms = await check(log, ledger)
      await log.close()
    }
    expect(ledger.get('events/0')!.length).toBeGreaterThan(ROUNDS)
    expect(ledger.get('raw/0')!.length).toBeGreaterThan(ROUNDS)
  })
})
