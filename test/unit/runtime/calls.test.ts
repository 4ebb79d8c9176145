/** Calls between threads: what is asked is answered, with its error where it fails, and nobody waits for a thread that is gone. */
import { MessageChannel } from 'node:worker_threads'
import { afterEach, describe, expect, it } from 'vitest'
import { type Calls, createCalls, type Procedures } from '../../../services/lib/calls.ts'
import { LogError } from '../../../services/lib/log/port.ts'

type Theirs = {
  readonly add: (given: readonly [number, number]) => number
  readonly slow: (ms: number) => Promise<string>
  readonly fail: (code: string) => Promise<never>
  readonly length: (bytes: Uint8Array) => number
  readonly told: (word: string) => void
}

const told: string[] = []
const theirs: Theirs = {
  add: ([a, b]) => a + b,
  slow: (ms) => new Promise((resolve) => setTimeout(resolve, ms, `after ${ms} ms`)),
  async fail(code) {
    if (code === '') throw Object.assign(new RangeError('no log at all'), { name: 'PoisonError' })
    const error = new LogError('offset_out_of_range', 'planted')
    error.place = { topic: 'events', partition: 3 }
    throw error
  },
  length: (bytes) => bytes.length,
  told(word) {
    told.push(word)
    throw new Error('nobody hears this')
  },
}

let mine: Calls<Theirs>
let others: Calls<Procedures>
function connect(): MessageChannel {
  const channel = new MessageChannel()
  others = createCalls(channel.port1, theirs)
  mine = createCalls<Theirs>(channel.port2, {})
  return channel
}
afterEach(() => {
  mine.close()
  others.close()
  told.length = 0
})

describe('calls between threads', () => {
  it('are answered, each with its own result, whichever is done first', async () => {
    connect()
    expect(await Promise.all([mine.ask('slow', 20), mine.ask('add', [1, 2]), mine.ask('add', [3, 4])])).toEqual([
      'after 20 ms',
      3,
      7,
    ])
  })

  it('leave as one message for each turn of the event loop', async () => {
    const { port2 } = connect()
    let messages = 0
    port2.on('message', () => messages++)
    await Promise.all(Array.from({ length: 50 }, (_, n) => mine.ask('add', [n, n])))
    expect(messages).toBe(1)
  })

  it('hand over memory that is named, and copy other', async () => {
    connect()
    const [given, kept] = [new Uint8Array(8), new Uint8Array(8)]
    expect(await mine.ask('length', given, [given.buffer])).toBe(8)
    expect(await mine.ask('length', kept)).toBe(8)
    expect([given.length, kept.length]).toEqual([0, 8])
  })

  it('fail with what was thrown: an error of the log with its place, others with their name', async () => {
    connect()
    const place = { topic: 'events', partition: 3 }
    const ofLog = await mine.ask('fail', 'log').catch((error: unknown) => error)
    expect(ofLog).toBeInstanceOf(LogError)
    expect(ofLog).toMatchObject({ code: 'offset_out_of_range', message: 'planted', place })
    await expect(mine.ask('fail', '')).rejects.toMatchObject({ name: 'PoisonError', message: 'no log at all' })
    await expect((mine as unknown as Calls<Procedures>).ask('toString', null as never)).rejects.toThrow('toString')
  })

  it('that want no answer are carried out in their order, and what they throw disturbs nobody', async () => {
    connect()
    mine.tell('told', 'first')
    mine.tell('told', 'second')
    expect(await mine.ask('add', [1, 1])).toBe(2)
    expect(told).toEqual(['first', 'second'])
  })

  it('fail once the other side has closed, those that wait and those that come later', async () => {
    connect()
    const waiting = mine.ask('slow', 60_000)
    await mine.ask('add', [1, 1])
    others.close()
    await expect(waiting).rejects.toMatchObject({ code: 'log_unavailable', retriable: true })
    await expect(mine.ask('add', [1, 1])).rejects.toMatchObject({ code: 'log_unavailable' })
    await mine.answered()
  })

  it('have all been answered when they say so', async () => {
    connect()
    const done: string[] = []
    void mine.ask('slow', 10).then((word) => done.push(word))
    void mine.ask('slow', 30).then((word) => done.push(word))
    await mine.answered()
    expect(done).toHaveLength(2)
  })
})
