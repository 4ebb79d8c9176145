/** Contract of the log, part one: topics and appends. */
import { describe, expect, it } from 'vitest'
import { encodeControl, encodeFrame, encodeTick } from '../../schemas/frame.ts'
import { LIMITS } from '../../schemas/limits.ts'
import { readAll, readTexts, record, type Suite, tombstone, topicSpec, withTopic } from './log-support.ts'

function describeTopics(suite: Suite): void {
  describe('topics', () => {
    it('are created once and keep their number of partitions', async () => {
      const { log, spec, topic } = await withTopic(suite, 3)
      await log.append(topic, 2, [record('kept')])
      await log.ensureTopics([spec, topicSpec(2)])
      expect(log.partitions(topic)).toBe(3)
      expect(await readTexts(log, topic, 2)).toEqual(['kept'])
    })

    it('that exist in another shape are refused, and stay as they are', async () => {
      const { log, spec, topic } = await withTopic(suite, 3)
      await expect(log.ensureTopics([{ ...spec, partitions: 4 }])).rejects.toMatchObject({ code: 'topic_mismatch' })
      await expect(log.ensureTopics([{ ...spec, cleanup: 'compact' }])).rejects.toMatchObject({
        code: 'topic_mismatch',
      })
      expect(log.partitions(topic)).toBe(3)
    })

    it('that nobody created are refused by name', async () => {
      const { log, topic } = await withTopic(suite, 2)
      await expect(log.append('nowhere', 0, [record('lost')])).rejects.toThrow('nowhere')
      await expect(log.append(topic, 2, [record('lost')])).rejects.toThrow(topic)
      expect(() => log.partitions('nowhere')).toThrow('nowhere')
    })
  })
}

function describeContent(suite: Suite): void {
  it('gives back frames, ticks, control records, keys and tombstones byte for byte', async () => {
    const { log, topic } = await withTopic(suite)
    const config = { type: 'config', name: 'detection', tenant: '', hash: '0'.repeat(32) } as const
    const records = [
      {
        key: 'tenant\u0000agent é 𝄞',
        value: encodeFrame(
          [
            ['a', 1, null],
            ['b\n', 2, ['c']],
          ],
          { schema: 1, receiptTime: 5 },
        ),
      },
      { key: null, value: encodeTick(1, 6) },
      { key: '', value: encodeControl(config, 7) },
      { key: 'bytes', value: Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)) },
      { key: 'empty', value: Buffer.alloc(0) },
      tombstone('gone'),
      { key: 'large', value: Buffer.alloc(LIMITS.frame_bytes_max, 'moltwatch') },
    ]
    await log.append(topic, 0, records)
    const read = await readAll(log, topic)
    expect(read.map(({ key }) => key)).toEqual(records.map(({ key }) => key))
    for (const [i, { value }] of records.entries()) {
      expect(read[i]!.value === null ? null : Buffer.compare(read[i]!.value, value ?? Buffer.alloc(0))).toBe(
        value === null ? null : 0,
      )
    }
  })

  it("does not keep a hold on the caller's memory", async () => {
    const { log, topic } = await withTopic(suite)
    const value = Buffer.from('first')
    await log.append(topic, 0, [{ key: null, value }])
    value.write('other')
    await log.append(topic, 0, [{ key: null, value }])
    expect(await readTexts(log, topic)).toEqual(['first', 'other'])
  })

  it('refuses a record above the limit for good, and takes its neighbours', async () => {
    const { log, topic } = await withTopic(suite)
    const large = { key: null, value: Buffer.alloc(LIMITS.log_record_bytes_max + 1) }
    const [before, refused, after] = await Promise.allSettled([
      log.append(topic, 0, [record('before')]),
      log.append(topic, 0, [record('with it'), large]),
      log.append(topic, 0, [record('after')]),
    ])
    expect(refused).toMatchObject({ status: 'rejected', reason: { code: 'record_too_large', retriable: false } })
    expect([before?.status, after?.status]).toEqual(['fulfilled', 'fulfilled'])
    expect(await readTexts(log, topic)).toEqual(['before', 'after'])
  })
}

export function describeAppends(suite: Suite): void {
  describeTopics(suite)
  describe('an append', () => {
    it('resolves with the offset of its first record; offsets rise', async () => {
      const { log, topic } = await withTopic(suite)
      const first = await log.append(topic, 0, [record('a'), record('b')])
      const second = await log.append(topic, 0, [record('c')])
      expect(second).toBeGreaterThan(first + 1)
      const read = await readAll(log, topic)
      expect(read.map(({ offset }) => offset)).toEqual([first, first + 1, second])
      expect((await log.bounds(topic, 0)).end).toBeGreaterThan(second)
    })

    it('keeps the order of the calls, however many run at once', async () => {
      const { log, topic } = await withTopic(suite)
      const calls = Array.from({ length: 400 }, (_, i) => `${i} ${'x'.repeat((i * 7919) % 5_000)}`)
      const offsets = await Promise.all(calls.map((text) => log.append(topic, 0, [record(text)])))
      expect(offsets).toEqual([...offsets].sort((a, b) => a - b))
      expect(await readTexts(log, topic)).toEqual(calls)
    })

    it('goes to the partition it names and to no other', async () => {
      const { log, topic } = await withTopic(suite, 4)
      const texts = Array.from({ length: 40 }, (_, i) => `${i}`)
      await Promise.all(texts.map((text, i) => log.append(topic, i % 4, [record(text)])))
      for (let partition = 0; partition < 4; partition++) {
        expect(await readTexts(log, topic, partition)).toEqual(texts.filter((_, i) => i % 4 === partition))
      }
    })

    it('of nothing changes nothing', async () => {
      const { log, topic } = await withTopic(suite)
      await log.append(topic, 0, [record('a')])
      await log.append(topic, 0, [])
      expect(await readTexts(log, topic)).toEqual(['a'])
    })

    it('is there after closing and opening, and offsets go on', async () => {
      const { log, spec, topic } = await withTopic(suite, 2)
      const last = await log.append(topic, 1, [record('before')])
      await log.close()
      const again = await suite.open()
      await again.ensureTopics([spec])
      expect(await again.append(topic, 1, [record('after')])).toBeGreaterThan(last)
      expect(await readTexts(again, topic, 1)).toEqual(['before', 'after'])
      expect(await readTexts(again, topic, 0)).toEqual([])
    })

    it('that runs when the log closes is either durable or refused', async () => {
      const { log, spec, topic } = await withTopic(suite)
      const calls = Array.from({ length: 50 }, (_, i) => `${i}`)
      const appends = Promise.allSettled(calls.map((text) => log.append(topic, 0, [record(text)])))
      await log.close()
      const taken = calls.filter(
        (
          (results) => (_, i) =>
            results[i]!.status === 'fulfilled'
        )(await appends),
      )
      await expect(log.append(topic, 0, [record('late')])).rejects.toMatchObject({ code: 'log_unavailable' })
      const again = await suite.open()
      await again.ensureTopics([spec])
      expect(await readTexts(again, topic)).toEqual(taken)
    })

    it('is possible, says health, until the log closes', async () => {
      const { log } = await withTopic(suite)
      expect(await log.health()).toEqual({ ok: true })
      await log.close()
      expect(await log.health()).toMatchObject({ ok: false })
    })

    describeContent(suite)
  })
}
