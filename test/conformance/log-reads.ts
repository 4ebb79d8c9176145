/** Contract of the log, part two: bounded reads, bounds, retention and compaction. */
import { describe, expect, it } from 'vitest'
import {
  RETENTION_MS,
  readAll,
  readTexts,
  record,
  recordTopics,
  type Suite,
  textOf,
  tombstone,
  until,
  withTopic,
} from './log-support.ts'

const outOfRange = { code: 'offset_out_of_range', retriable: false }

export function describeReads(suite: Suite): void {
  describe('a read', () => {
    it('starts where it is told and ends at the end as it was at the call', async () => {
      const { log, topic } = await withTopic(suite)
      const first = await log.append(topic, 0, [record('a'), record('b'), record('c')])
      const seen: (string | null)[] = []
      for await (const one of log.read(topic, 0, first + 1)) {
        seen.push(textOf(one))
        await log.append(topic, 0, [record('later')])
      }
      expect(seen).toEqual(['b', 'c'])
    })

    it('of an empty partition, and from the end, gives nothing', async () => {
      const { log, topic } = await withTopic(suite)
      expect(await readTexts(log, topic)).toEqual([])
      await log.append(topic, 0, [record('a')])
      const { end } = await log.bounds(topic, 0)
      expect(await readTexts(log, topic, 0, end)).toEqual([])
    })

    it('from an offset that is not there yet is refused', async () => {
      const { log, topic } = await withTopic(suite)
      await log.append(topic, 0, [record('a')])
      const { end } = await log.bounds(topic, 0)
      await expect(readTexts(log, topic, 0, end + 1)).rejects.toMatchObject(outOfRange)
    })

    it('may be left early, and larger than one answer of the engine', async () => {
      const { log, topic } = await withTopic(suite)
      const texts = Array.from({ length: 1_500 }, (_, i) => `${i}`)
      await log.append(
        topic,
        0,
        texts.map((text) => record(text)),
      )
      for await (const one of log.read(topic, 0)) {
        expect(textOf(one)).toBe('0')
        break
      }
      expect(await readTexts(log, topic)).toEqual(texts)
    })

    it('gives the time at which the log took a record', async () => {
      const { log, topic } = await withTopic(suite)
      await log.append(topic, 0, [record('a')])
      await log.append(topic, 0, [record('b')])
      const [a, b] = await readAll(log, topic)
      expect(a!.appendedAt).toBeGreaterThan(Date.UTC(2015, 0, 1))
      expect(b!.appendedAt).toBeGreaterThanOrEqual(a!.appendedAt)
    })
  })
}

function describeRetention(suite: Suite): void {
  it('removes what is older than the topic keeps, and only that', async () => {
    const { log, topic } = await withTopic(suite, 2)
    await log.append(topic, 0, [record('old'), record('old too')])
    suite.advance(RETENTION_MS / 2 + 1)
    const kept = await log.append(topic, 0, [record('kept')])
    suite.advance(RETENTION_MS / 2)
    await log.append(topic, 1, [record('new')])
    await log.maintain()
    expect(await log.bounds(topic, 0)).toEqual({ start: kept, end: kept + 1 })
    expect(await readTexts(log, topic, 0)).toEqual(['kept'])
    expect(await readTexts(log, topic, 1)).toEqual(['new'])
    await expect(readTexts(log, topic, 0, kept - 1)).rejects.toMatchObject(outOfRange)
  })

  it('never gives an offset twice, also when nothing is left and the log was closed', async () => {
    const { log, spec, topic } = await withTopic(suite)
    const last = await log.append(topic, 0, [record('a')])
    suite.advance(RETENTION_MS + 1)
    await log.maintain()
    await log.close()
    const again = await suite.open()
    await again.ensureTopics([spec])
    expect(await again.bounds(topic, 0)).toEqual({ start: last + 1, end: last + 1 })
    expect(await again.append(topic, 0, [record('b')])).toBe(last + 1)
  })

  it('stops a consumer that has fallen behind it, and skips nothing', async () => {
    const { log, topic } = await withTopic(suite)
    const first = await log.append(topic, 0, [record('a'), record('b')])
    const recording = await recordTopics(log, [topic], { batchRecordsMax: 1 })
    await until(() => recording.batches.length === 2)
    recording.consumer.pause(topic, 0)
    await log.append(topic, 0, [record('missed')])
    suite.advance(RETENTION_MS + 1)
    await log.append(topic, 0, [record('d')])
    await log.maintain()
    recording.consumer.resume(topic, 0)
    await until(() => recording.stopped.length > 0)
    expect(recording.stopped[0]).toMatchObject(outOfRange)
    expect(recording.offsets(0)).toEqual([first, first + 1])
  })

  it('refuses to start a consumer below it', async () => {
    const { log, topic } = await withTopic(suite)
    const first = await log.append(topic, 0, [record('a')])
    suite.advance(RETENTION_MS + 1)
    await log.append(topic, 0, [record('b')])
    await log.maintain()
    const recording = await recordTopics(log, [topic], { from: first })
    await until(() => recording.stopped.length > 0)
    expect(recording.stopped[0]).toMatchObject(outOfRange)
    expect(recording.batches).toEqual([])
  })
}

function describeCompaction(suite: Suite): void {
  it('keeps the newest record of each key, at its offset', async () => {
    const { log, topic } = await withTopic(suite, 2, 'compact')
    const first = await log.append(topic, 0, [record('a1', 'a'), record('b1', 'b'), record('a2', 'a')])
    await log.append(topic, 1, [record('other partition', 'a')])
    await log.maintain()
    await log.append(topic, 0, [record('b2', 'b'), record('c1', 'c'), record('b3', 'b')])
    await log.maintain()
    const read = await readAll(log, topic)
    expect(read.map(({ offset, key, value }) => [offset - first, key, value?.toString()])).toEqual([
      [2, 'a', 'a2'],
      [4, 'c', 'c1'],
      [5, 'b', 'b3'],
    ])
    expect(await readTexts(log, topic, 1)).toEqual(['other partition'])
  })

  it('lets a tombstone be seen for a while, then removes it; what it hid never comes back', async () => {
    const { log, spec, topic } = await withTopic(suite, 1, 'compact')
    await log.append(topic, 0, [record('a1', 'a'), record('b1', 'b'), tombstone('a')])
    await log.maintain()
    expect(await readTexts(log, topic)).toEqual(['b1', null])
    suite.advance(30 * 24 * 3_600_000)
    await log.maintain()
    expect(await readTexts(log, topic)).toEqual(['b1'])
    const { end } = await log.bounds(topic, 0)
    await log.close()
    const again = await suite.open()
    await again.ensureTopics([spec])
    expect((await again.bounds(topic, 0)).end).toBe(end)
    expect(await again.append(topic, 0, [record('a2', 'a')])).toBe(end)
    expect(await readTexts(again, topic)).toEqual(['b1', 'a2'])
  })

  it('ignores age: what is newest stays', async () => {
    const { log, topic } = await withTopic(suite, 1, 'compact')
    await log.append(topic, 0, [record('a1', 'a')])
    suite.advance(RETENTION_MS * 100)
    await log.maintain()
    expect(await readTexts(log, topic)).toEqual(['a1'])
  })

  it('leads a consumer over the gaps, from any offset, also when nothing is left', async () => {
    const { log, topic } = await withTopic(suite, 1, 'compact')
    const first = await log.append(topic, 0, [record('a1', 'a'), record('b1', 'b'), record('b2', 'b'), tombstone('b')])
    suite.advance(30 * 24 * 3_600_000)
    await log.maintain()
    const recording = await recordTopics(log, [topic], { from: first + 1 })
    await until(() => recording.events.includes('start 0'))
    await log.append(topic, 0, [record('c1', 'c')])
    await until(() => recording.batches.length > 0)
    expect(recording.texts(0)).toEqual(['c1'])
    expect(recording.stopped).toEqual([])
  })
}

export function describeMaintenance(suite: Suite): void {
  describe('retention', () => describeRetention(suite))
  describe('compaction', () => describeCompaction(suite))
}
