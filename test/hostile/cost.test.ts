/**
 * What a record costs grows with its length and no faster. Each attack is prepared at two lengths, the second four times
 * the first: work that grows with the square would cost sixteen times as much. CPU of the thread is compared with CPU of
 * the same thread, not with a clock, and what it gives is compared with what it was given.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { FormatId } from '../../services/collector/normalise.ts'
import { createPrepare, type Job, type Preparation } from '../../services/collector/preparing/prepare.ts'
import { tenantKeys } from '../../services/lib/secrets.ts'
import { cpuOf } from '../support/cpu.ts'
import { ATTACKS, type Attack, otlpBody } from './records.ts'

/** Memories of texts would hide what a text costs. */
const prepare = createPrepare(tenantKeys(Buffer.alloc(32, 1)), 8)

const jobOf = (format: FormatId, body: string): Job => ({
  tenant: 'acme',
  sender: 'shipper',
  receiptTime: Date.UTC(2026, 10, 28),
  history: false,
  format,
  form: 'json',
  body: Buffer.from(body),
  partitions: 8,
  partitionKey: null,
})

/** Between the lengths at which limits cut nothing and those at which nothing more is read. */
const SHORT = 16 * 1024
const LONG = 4 * SHORT
/** A linear piece of work gives 4; garbage collection and machines that are busy add to it. */
const GROWTH_MAX = 9
/** Below this the clock of the CPU says nothing. */
const CPU_MS_MIN = 20

const charsOf = (made: Preparation): number =>
  made.ok ? [...made.lines.values()].flat().reduce((sum, line) => sum + line.length, 0) : 0

/** A row of an event that says nothing has about this length. */
const ROW_CHARS_MAX = 40_000
const CHARS_PER_BYTE_MAX = 16

describe.each(ATTACKS)('$title', ({ format, body }: Attack) => {
  it('costs as much as it is long, and becomes rows as long as it is', async () => {
    const [short, long] = [jobOf(format, body(SHORT)), jobOf(format, body(LONG))]
    await prepare(short)
    const few = await cpuOf(() => prepare(short))
    let made: Preparation | undefined
    const many = await cpuOf(async () => {
      made = await prepare(long)
    })
    const said = `${few.toFixed(0)} ms for ${short.body.length} bytes, ${many.toFixed(0)} ms for ${long.body.length}`
    expect(many / Math.max(few, CPU_MS_MIN), said).toBeLessThan(GROWTH_MAX)
    if (made?.ok !== true) return
    const rows = made.events + made.rejected.length
    expect(charsOf(made)).toBeLessThan(CHARS_PER_BYTE_MAX * long.body.length + ROW_CHARS_MAX * rows)
  })
})

it('takes whatever anybody writes, at a bounded cost', { timeout: 300_000 }, async () => {
  const honest = jobOf(
    'otlp',
    otlpBody(Array.from({ length: 200 }, (_, n) => ({ eventName: `e${n}`, body: { stringValue: 'x'.repeat(400) } }))),
  )
  await prepare(honest)
  const perByte = (await cpuOf(() => prepare(honest), 5)) / honest.body.length
  const word = fc.oneof(
    fc.string({ maxLength: 8 }),
    fc.constantFrom('<a', '"', '\\', '{"', '[', 'https://', 'a.b', '=', ':', '/', '(', '\n', '%', '$('),
  )
  const leaf = fc
    .tuple(fc.array(word, { minLength: 1, maxLength: 4 }), fc.integer({ min: 1, max: 4_000 }))
    .map(([parts, times]) => parts.join('').repeat(times).slice(0, 60_000))
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      leaf,
      leaf.map((one) => JSON.stringify({ a: one })),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(word, tie('value'), { maxKeys: 4 }),
    ),
  }))
  const record = fc.record(
    {
      identity: fc.constant('a'),
      action: word.map((one) => `x${one}`),
      arguments: value,
      result: value,
      message: leaf,
    },
    { requiredKeys: ['identity', 'action'] },
  )
  await fc.assert(
    fc.asyncProperty(record, async (one) => {
      const job = jobOf('events', JSON.stringify(one))
      let made: Preparation | undefined
      const cpu = await cpuOf(async () => {
        made = await prepare(job)
      }, 1)
      expect(made?.ok === true && made.rejected.some(({ reason }) => reason === 'poison')).toBe(false)
      // Fifty times what an honest record costs by the byte, and what the machine needs for anything at all.
      expect(cpu, `${job.body.length} bytes`).toBeLessThan(50 * perByte * job.body.length + 500)
    }),
    { numRuns: 100 },
  )
})
