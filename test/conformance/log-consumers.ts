/** Contract of the log, part three: what one consumer is given, and how it is stopped. */
import { describe, expect, it } from 'vitest'
import { freshName, gate, record, recordTopics, type Suite, until, withTopic } from './log-support.ts'

const texts = (count: number): string[] => Array.from({ length: count }, (_, i) => `${i}`)

function describeDelivery(suite: Suite): void {
  it('gets every record once, in order, what comes later too', async () => {
    const { log, topic } = await withTopic(suite, 3)
    const expected = texts(60)
    await log.append(
      topic,
      1,
      expected.slice(0, 30).map((text) => record(text)),
    )
    const recording = await recordTopics(log, [topic])
    for (const text of expected.slice(30)) await log.append(topic, 1, [record(text)])
    await until(() => recording.texts(1).length >= 60)
    expect(recording.texts(1)).toEqual(expected)
    expect(recording.offsets(1)).toEqual([...recording.offsets(1)].sort((a, b) => a - b))
    expect(recording.batches.every(({ partition, records }) => partition === 1 && records.length > 0)).toBe(true)
  })

  it('gets one batch of a partition at a time, after its handler has started', async () => {
    const { log, topic } = await withTopic(suite)
    const opening = gate()
    const recording = await recordTopics(log, [topic], {
      batchRecordsMax: 1,
      onStart: () => opening.opened,
      process: () => new Promise((resolve) => setTimeout(resolve, 1)),
    })
    await Promise.all(texts(5).map((text) => log.append(topic, 0, [record(text)])))
    await until(() => recording.events.length > 0)
    expect(recording.events).toEqual(['start 0'])
    opening.open()
    await until(() => recording.texts(0).length === 5)
    await recording.consumer.close()
    const batches = texts(5).flatMap(() => ['process 0', 'done 0'])
    expect(recording.events).toEqual(['start 0', ...batches, 'stop 0'])
  })

  it('works on different partitions at the same time', async () => {
    const { log, topic } = await withTopic(suite, 2)
    const other = gate()
    const recording = await recordTopics(log, [topic], {
      process: async ({ partition }) => (partition === 0 ? other.opened : other.open()),
    })
    await log.append(topic, 0, [record('waits for the other')])
    await until(() => recording.events.includes('process 0'))
    await log.append(topic, 1, [record('frees it')])
    await until(() => recording.events.includes('done 0'))
    expect(recording.stopped).toEqual([])
  })

  it('reads several topics', async () => {
    const one = await withTopic(suite)
    await one.log.ensureTopics([{ ...one.spec, name: `${one.topic}-b` }])
    const recording = await recordTopics(one.log, [one.topic, `${one.topic}-b`])
    await one.log.append(one.topic, 0, [record('a')])
    await one.log.append(`${one.topic}-b`, 0, [record('b')])
    await until(() => recording.batches.length === 2)
    expect([recording.texts(0, one.topic), recording.texts(0, `${one.topic}-b`)]).toEqual([['a'], ['b']])
  })

  it('gets batches within its limits, and a larger record alone', async () => {
    const { log, topic } = await withTopic(suite)
    const sizes = [10, 10, 10, 5_000, 10, 400, 400, 400, 10]
    await log.append(
      topic,
      0,
      sizes.map((size) => record('x'.repeat(size))),
    )
    const recording = await recordTopics(log, [topic], { batchRecordsMax: 2, batchBytesMax: 1_000 })
    await until(() => recording.texts(0).length === sizes.length)
    expect(recording.texts(0).map((text) => text!.length)).toEqual(sizes)
    for (const { records } of recording.batches) {
      const bytes = records.reduce((sum, { value }) => sum + value!.length, 0)
      expect(records.length <= 2 && (bytes <= 1_000 || records.length === 1)).toBe(true)
    }
  })

  it('is told the end of the partition', async () => {
    const { log, topic } = await withTopic(suite)
    await log.append(
      topic,
      0,
      texts(5).map((text) => record(text)),
    )
    const { end } = await log.bounds(topic, 0)
    const recording = await recordTopics(log, [topic], { batchRecordsMax: 2 })
    await until(() => recording.batches.length === 3)
    expect(recording.batches.map(({ endOffset }) => endOffset)).toEqual([end, end, end])
  })
}

function describePlaces(suite: Suite): void {
  it('starts where its handler says', async () => {
    const { log, topic } = await withTopic(suite)
    const first = await log.append(
      topic,
      0,
      texts(4).map((text) => record(text)),
    )
    const earliest = await recordTopics(log, [topic], { from: 'earliest' })
    const third = await recordTopics(log, [topic], { from: first + 2 })
    const latest = await recordTopics(log, [topic], { from: 'latest' })
    await until(() => earliest.texts(0).length === 4 && third.texts(0).length === 2)
    await until(() => latest.events.length > 0)
    await log.append(topic, 0, [record('new')])
    await until(() => [earliest, third, latest].every((recording) => recording.texts(0).includes('new')))
    expect(third.texts(0)).toEqual(['2', '3', 'new'])
    expect(latest.texts(0)).toEqual(['new'])
  })

  it('starts at what its group committed, also after reopening; without a commit at the start', async () => {
    const { log, spec, topic } = await withTopic(suite)
    const first = await log.append(
      topic,
      0,
      texts(4).map((text) => record(text)),
    )
    const group = freshName('group')
    expect(await log.committed(group, topic, 0)).toBeNull()
    const before = await recordTopics(log, [topic], { group, from: 'committed' })
    await until(() => before.texts(0).length === 4)
    await before.consumer.commit(topic, 0, first + 3)
    expect(await log.committed(group, topic, 0)).toBe(first + 3)
    expect(await log.committed(freshName('group'), topic, 0)).toBeNull()
    await log.close()
    const again = await suite.open()
    await again.ensureTopics([spec])
    expect(await again.committed(group, topic, 0)).toBe(first + 3)
    const after = await recordTopics(again, [topic], { group, from: 'committed' })
    await until(() => after.batches.length > 0)
    expect(after.texts(0)).toEqual(['3'])
  })

  it('keeps what is committed at once for many partitions, each its own, and of two the later', async () => {
    const { log, topic } = await withTopic(suite, 3)
    const group = freshName('group')
    const firsts = await Promise.all(
      [0, 1, 2].map((partition) =>
        log.append(
          topic,
          partition,
          texts(5).map((text) => record(text)),
        ),
      ),
    )
    const recording = await recordTopics(log, [topic], { group })
    await until(() => [0, 1, 2].every((partition) => recording.texts(partition).length === 5))
    const wanted = firsts.map((first, partition) => first + partition + 1)
    const { consumer } = recording
    await Promise.all([
      consumer.commit(topic, 2, firsts[2]!),
      ...wanted.map((offset, partition) => consumer.commit(topic, partition, offset)),
    ])
    expect(await Promise.all([0, 1, 2].map((partition) => log.committed(group, topic, partition)))).toEqual(wanted)
    const others = [log.committed(freshName('group'), topic, 0), log.committed(group, topic, 1)]
    expect(await Promise.all(others)).toEqual([null, wanted[1]])
  })

  it('seeks back and ahead after the current batch', async () => {
    const { log, topic } = await withTopic(suite)
    const first = await log.append(
      topic,
      0,
      texts(6).map((text) => record(text)),
    )
    const jumps = [first + 4, first + 1]
    const recording = await recordTopics(log, [topic], {
      batchRecordsMax: 2,
      process: async () => {
        const jump = jumps.shift()
        if (jump !== undefined) recording.consumer.seek(topic, 0, jump)
      },
    })
    await until(() => recording.texts(0).length === 9)
    expect(recording.texts(0)).toEqual(['0', '1', '4', '5', '1', '2', '3', '4', '5'])
  })

  it('seeks while it waits for something new', async () => {
    const { log, topic } = await withTopic(suite)
    const first = await log.append(
      topic,
      0,
      texts(2).map((text) => record(text)),
    )
    const recording = await recordTopics(log, [topic])
    await until(() => recording.events.includes('done 0'))
    recording.consumer.seek(topic, 0, first + 1)
    await until(() => recording.texts(0).length === 3)
    expect(recording.texts(0)).toEqual(['0', '1', '1'])
  })

  it('gets nothing of a paused partition until it is resumed, and then everything', async () => {
    const { log, topic } = await withTopic(suite, 2)
    const recording = await recordTopics(log, [topic])
    await log.append(topic, 0, [record('a')])
    await until(() => recording.events.includes('done 0'))
    recording.consumer.pause(topic, 0)
    await log.append(topic, 0, [record('b'), record('c')])
    await log.append(topic, 1, [record('other')])
    await until(() => recording.texts(1).length === 1)
    expect(recording.texts(0)).toEqual(['a'])
    recording.consumer.resume(topic, 0)
    await until(() => recording.texts(0).length === 3)
    expect(recording.texts(0)).toEqual(['a', 'b', 'c'])
  })

  it.each(['start', 'seek'])('beyond the end by %s is reported, never skipped', async (way) => {
    const { log, topic } = await withTopic(suite)
    await log.append(topic, 0, [record('a')])
    const { end } = await log.bounds(topic, 0)
    const recording = await recordTopics(log, [topic], { from: way === 'start' ? end + 1 : 'latest' })
    if (way === 'seek') {
      await until(() => recording.events.length > 0)
      recording.consumer.seek(topic, 0, end + 1)
    }
    await until(() => recording.stopped.length > 0)
    expect(recording.stopped).toMatchObject([{ code: 'offset_out_of_range', place: { topic, partition: 0 } }])
    expect(recording.batches).toEqual([])
  })
}

function describeEnds(suite: Suite): void {
  it('stops as a whole when a handler throws, and says why, once', async () => {
    const { log, topic } = await withTopic(suite, 3)
    const poison = new Error('cannot go on')
    const recording = await recordTopics(log, [topic], {
      process: async ({ partition }) => {
        if (partition === 1) throw poison
      },
    })
    await log.append(topic, 0, [record('fine')])
    await until(() => recording.events.includes('done 0'))
    await log.append(topic, 1, [record('poison')])
    await until(() => recording.stopped.length > 0)
    expect(recording.stopped).toEqual([poison])
    expect(recording.events.filter((event) => event.startsWith('stop')).sort()).toEqual(['stop 0', 'stop 1', 'stop 2'])
    expect(recording.consumer.owned()).toEqual([])
    await log.append(topic, 0, [record('after')])
    await recording.consumer.close()
    expect(recording.texts(0)).toEqual(['fine'])
  })

  it('stops when a handler cannot start', async () => {
    const { log, topic } = await withTopic(suite, 2)
    const recording = await recordTopics(log, [topic], {
      onStart: async (_, partition) => {
        if (partition === 1) throw new Error('no snapshot')
      },
    })
    await until(() => recording.stopped.length > 0)
    expect(recording.stopped[0]!.message).toBe('no snapshot')
    expect(recording.events).not.toContain('stop 1')
  })

  it('tells the current batch that its lease is lost when another handler has thrown', async () => {
    const { log, topic } = await withTopic(suite, 2)
    const failing = gate()
    const heard: unknown[] = []
    const recording = await recordTopics(log, [topic], {
      async process({ partition }, { heartbeat, signal }) {
        if (partition === 1) {
          await failing.opened
          throw new Error('cannot go on')
        }
        await heartbeat()
        failing.open()
        await until(() => signal.aborted)
        await heartbeat().catch((error: unknown) => heard.push(error))
      },
    })
    await log.append(topic, 1, [record('throws')])
    await log.append(topic, 0, [record('hears of it')])
    await until(() => recording.stopped.length > 0)
    expect(heard).toMatchObject([{ code: 'lease_lost' }])
  })

  it('delivers again what was in progress when a handler threw: at least once', async () => {
    const { log, topic } = await withTopic(suite)
    const group = freshName('group')
    await log.append(
      topic,
      0,
      texts(4).map((text) => record(text)),
    )
    const first = await recordTopics(log, [topic], {
      group,
      from: 'committed',
      batchRecordsMax: 1,
      async process({ records }) {
        if (records[0]!.value!.toString() === '2') throw new Error('down')
        await first.consumer.commit(topic, 0, records[0]!.offset + 1)
      },
    })
    await until(() => first.stopped.length > 0)
    const second = await recordTopics(log, [topic], { group, from: 'committed' })
    await until(() => second.texts(0).length >= 2)
    expect(second.texts(0)).toEqual(['2', '3'])
  })

  it.each(['consumer', 'log'])('closing the %s waits for the current batch and stops the handlers', async (what) => {
    const { log, topic } = await withTopic(suite, 2)
    const hold = gate()
    const recording = await recordTopics(log, [topic], { process: () => hold.opened })
    await log.append(topic, 0, [record('in progress')])
    await until(() => recording.events.includes('process 0'))
    const closed = (what === 'log' ? log : recording.consumer).close().then(() => recording.events.push('closed'))
    await until(() => recording.events.includes('stop 1'))
    expect(recording.events).not.toContain('done 0')
    hold.open()
    await closed
    expect(recording.events.slice(-3)).toEqual(['done 0', 'stop 0', 'closed'])
    expect(recording.stopped).toEqual([])
  })

  it('may append, commit and read from within a batch', async () => {
    const { log, topic } = await withTopic(suite, 2)
    const recording = await recordTopics(log, [topic], {
      async process({ partition, records }) {
        if (partition === 1) return
        for (const { value } of records) await log.append(topic, 1, [{ key: null, value }])
        await recording.consumer.commit(topic, 0, records.at(-1)!.offset + 1)
      },
    })
    await log.append(
      topic,
      0,
      texts(10).map((text) => record(text)),
    )
    await until(() => recording.texts(1).length === 10)
    expect(recording.texts(1)).toEqual(texts(10))
  })
}

export function describeConsumers(suite: Suite): void {
  describe('a consumer', () => {
    describeDelivery(suite)
    describePlaces(suite)
    describeEnds(suite)
  })
}
