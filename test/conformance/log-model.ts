/**
 * Contract of the log, part five: random histories against a model that is an array per partition. Whatever the order
 * of appends, consumers that come, go and fail, and reopenings, the log holds exactly what was acknowledged, in order,
 * and a consumer that remembers where it was sees each record once.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Consumer, Log } from '../../services/lib/log/port.ts'
import { freshName, type LogHarness, readTexts, record, topicSpec, until } from './log-support.ts'

const PARTITIONS = 3

type Step =
  | { do: 'append'; runs: { partition: number; count: number; size: number }[] }
  | { do: 'join' | 'leave' | 'reopen' | 'settle' }
  | { do: 'fail'; partition: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('append' as const),
      runs: fc.array(
        fc.record({
          partition: fc.nat(PARTITIONS - 1),
          count: fc.integer({ min: 1, max: 5 }),
          size: fc.constantFrom(0, 1, 100, 30_000),
        }),
        { minLength: 1, maxLength: 8 },
      ),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('join' as const, 'leave', 'reopen', 'settle') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('fail' as const), partition: fc.nat(PARTITIONS - 1) }) },
)

const toRecord = (text: string) => record(text)

const PLANTED = 'a planted failure'

/** Closing reports what a handler threw meanwhile: a batch may have been under way, and its failure planted. */
async function closed(closing: Promise<void> | undefined): Promise<void> {
  await closing?.catch((error: unknown) => {
    if ((error as Error).message !== PLANTED) throw error
  })
}

/** The log beside its model. */
async function createWorld(harness: LogHarness) {
  const spec = topicSpec(PARTITIONS)
  const group = freshName('group')
  const written: string[][] = Array.from({ length: PARTITIONS }, () => [])
  const applied: string[][] = Array.from({ length: PARTITIONS }, () => [])
  const next: (number | 'earliest')[] = Array.from({ length: PARTITIONS }, () => 'earliest')
  const toFail = new Set<number>()
  let consumers: Consumer[] = []
  let log: Log
  let count = 0

  const open = async (): Promise<void> => {
    log = await harness.open()
    await log.ensureTopics([spec])
  }
  const join = async (): Promise<void> => {
    const consumer = await log.consume({
      group,
      topics: [spec.name],
      batchRecordsMax: 4,
      onStopped: () => {
        consumers = consumers.filter((other) => other !== consumer)
      },
      handler: (_, partition) => ({
        start: async () => next[partition]!,
        async process({ records }) {
          if (toFail.delete(partition)) throw new Error(PLANTED)
          applied[partition]!.push(...records.map(({ value }) => value!.toString()))
          next[partition] = records.at(-1)!.offset + 1
        },
        stop: async () => {},
      }),
    })
    consumers.push(consumer)
  }
  const append = (partition: number, records: number, size: number): Promise<number> => {
    const texts = Array.from({ length: records }, () => `${++count} ${'x'.repeat(size)}`)
    written[partition]!.push(...texts)
    return log.append(spec.name, partition, texts.map(toRecord))
  }
  const settle = async (): Promise<void> => {
    toFail.clear()
    const complete = (): boolean => applied.every((texts, partition) => texts.length >= written[partition]!.length)
    while (!complete()) {
      // A planted failure may still be under way, and may have been that of the last consumer.
      if (consumers.length === 0) await join()
      await until(() => complete() || consumers.length === 0)
    }
    expect(applied).toEqual(written)
    for (let partition = 0; partition < PARTITIONS; partition++) {
      expect(await readTexts(log, spec.name, partition)).toEqual(written[partition])
    }
  }
  const run = async (one: Step): Promise<void> => {
    if (one.do === 'append') await Promise.all(one.runs.map((r) => append(r.partition, r.count, r.size)))
    else if (one.do === 'join') await join()
    else if (one.do === 'leave') await closed(consumers.shift()?.close())
    else if (one.do === 'fail') toFail.add(one.partition)
    else if (one.do === 'settle') await settle()
    else {
      consumers = []
      await closed(log.close())
      await open()
    }
  }
  await open()
  return { run, settle, close: () => closed(log.close()) }
}

export function describeModel(factory: () => Promise<LogHarness>, { modelRuns }: { readonly modelRuns: number }): void {
  describe('random histories', () => {
    it('leave exactly what was acknowledged, seen once and in order', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
          const harness = await factory()
          const world = await createWorld(harness)
          try {
            for (const one of steps) await world.run(one)
            await world.settle()
          } finally {
            await world.close()
            await harness.destroy()
          }
        }),
        { numRuns: modelRuns },
      )
    }, 180_000)
  })
}
