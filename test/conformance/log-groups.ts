/** Contract of the log, part four: members of a group share partitions; a partition has one owner at a time. */
import { describe, expect, it } from 'vitest'
import { freshName, gate, type Recording, record, recordTopics, type Suite, until, withTopic } from './log-support.ts'

const owned = (recording: Recording): number[] =>
  recording.consumer
    .owned()
    .map(({ partition }) => partition)
    .sort((a, b) => a - b)

const all = (...recordings: Recording[]): number[] => recordings.flatMap(owned).sort((a, b) => a - b)

export function describeGroups(suite: Suite): void {
  describe('a group', () => {
    it('shares the partitions: each has one owner, each member has some', async () => {
      const { log, topic } = await withTopic(suite, 8)
      const group = freshName('group')
      const a = await recordTopics(log, [topic], { group })
      await until(() => owned(a).length === 8)
      const b = await recordTopics(log, [topic], { group })
      await until(() => owned(b).length === 4 && owned(a).length === 4)
      expect(all(a, b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    })

    it('hands a partition over after its current batch, handler by handler', async () => {
      const { log, topic } = await withTopic(suite, 2)
      const group = freshName('group')
      const hold = gate()
      const active = [0, 0]
      const counted = {
        group,
        onStart: async (_: string, partition: number) => {
          active[partition]!++
          expect(active[partition]).toBe(1)
        },
        onStop: async (_: string, partition: number) => {
          active[partition]!--
        },
      }
      const a = await recordTopics(log, [topic], { ...counted, process: () => hold.opened })
      await Promise.all([0, 1].map((partition) => log.append(topic, partition, [record('in progress')])))
      await until(() => a.events.filter((event) => event.startsWith('process')).length === 2)
      const b = await recordTopics(log, [topic], { ...counted, from: 'latest' })
      hold.open()
      await until(() => owned(a).length === 1 && owned(b).length === 1 && b.events.length === 1)
      const moved = owned(b)[0]!
      expect(a.events.filter((event) => event.endsWith(`${moved}`))).toEqual([
        `start ${moved}`,
        `process ${moved}`,
        `done ${moved}`,
        `stop ${moved}`,
      ])
      expect([a.stopped, b.stopped]).toEqual([[], []])
    })

    it('goes on with the others when a member leaves or fails', async () => {
      const { log, topic } = await withTopic(suite, 6)
      const group = freshName('group')
      const a = await recordTopics(log, [topic], { group })
      const b = await recordTopics(log, [topic], { group })
      const fails = await recordTopics(log, [topic], {
        group,
        process: async () => {
          throw new Error('down')
        },
      })
      await until(() => [a, b, fails].every((member) => owned(member).length === 2))
      await until(() => fails.events.length === 2)
      await log.append(topic, owned(fails)[0]!, [record('poison for one of them')])
      await until(() => all(a, b).length === 6)
      expect(fails.stopped).toHaveLength(1)
      await a.consumer.close()
      await until(() => owned(b).length === 6)
      expect(owned(a)).toEqual([])
    })

    it('starts a partition anew for each ownership', async () => {
      const { log, topic } = await withTopic(suite)
      const group = freshName('group')
      await log.append(topic, 0, [record('a')])
      const a = await recordTopics(log, [topic], { group })
      await until(() => a.events.includes('done 0'))
      await a.consumer.close()
      const b = await recordTopics(log, [topic], { group })
      await until(() => b.events.includes('done 0'))
      await b.consumer.close()
      expect(a.events).toEqual(['start 0', 'process 0', 'done 0', 'stop 0'])
      expect(b.events).toEqual(a.events)
    })

    it('loses nothing while members come and go under load', async () => {
      const { log, topic } = await withTopic(suite, 4)
      const group = freshName('group')
      const next = [0, 0, 0, 0]
      const member = () =>
        recordTopics(log, [topic], {
          group,
          batchRecordsMax: 3,
          // What a service does: it goes on behind what it has applied, which is part of its own state.
          from: (partition) => (next[partition] === 0 ? 'earliest' : next[partition]!),
          async process({ partition, records }) {
            await new Promise((resolve) => setImmediate(resolve))
            next[partition] = records.at(-1)!.offset + 1
          },
        })
      const members: Recording[] = [await member()]
      const texts = Array.from({ length: 60 }, (_, i) => `${i}`)
      for (const [i, text] of texts.entries()) {
        await Promise.all([0, 1, 2, 3].map((partition) => log.append(topic, partition, [record(text)])))
        if (i % 20 === 5) members.push(await member())
        if (i % 20 === 15) await members.shift()!.consumer.close()
      }
      const ends = await Promise.all([0, 1, 2, 3].map((partition) => log.bounds(topic, partition)))
      await until(() => next.every((offset, partition) => offset === ends[partition]!.end))
      expect(members.flatMap(({ stopped }) => stopped)).toEqual([])
    })

    it('knows nothing of another group: both get everything', async () => {
      const { log, topic } = await withTopic(suite, 2)
      const recordings = [await recordTopics(log, [topic]), await recordTopics(log, [topic])]
      await log.append(topic, 0, [record('a')])
      await log.append(topic, 1, [record('b')])
      await until(() => recordings.every(({ batches }) => batches.length === 2))
      for (const recording of recordings) expect([recording.texts(0), recording.texts(1)]).toEqual([['a'], ['b']])
    })
  })
}
