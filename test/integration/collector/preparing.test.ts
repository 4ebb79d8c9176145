/** Threads of the collector give what one thread alone gives, and one that dies takes nothing with it but its jobs. */
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { createGathering } from '../../../services/collector/gathering.ts'
import { createPreparer, type Job } from '../../../services/collector/preparing/index.ts'
import { createThreads } from '../../../services/collector/preparing/threads.ts'
import type { Form } from '../../../services/collector/unpack.ts'
import { createLogger } from '../../../services/lib/logger.ts'
import { tenantKeys } from '../../../services/lib/secrets.ts'
import { FORMAT_IDS } from '../../../services/collector/formats/registry.ts'
import { samplesOf } from '../../conformance/formats/samples.ts'

const tools = { keys: tenantKeys(Buffer.alloc(32, 3)), logger: createLogger('silent') }
type Given = Partial<Pick<Job, 'tenant' | 'history'> & { format: string; form: Form }>
const job = (body: string | Buffer, more: Given = {}): Job => ({
  tenant: 'acme',
  sender: 'shipper',
  receiptTime: Date.UTC(2026, 6, 1),
  history: false,
  format: 'auto',
  form: 'json',
  body: Buffer.from(body),
  partitions: 4,
  partitionKey: [1, 2, 3, 4],
  ...more,
})
const requests = (
  await Promise.all(
    FORMAT_IDS.map(async (format) =>
      (await samplesOf(format)).requests.map((request) => [format, JSON.stringify(request)] as const),
    ),
  )
).flat()
const EVENT = JSON.stringify({ id: 'one', agent: 'a', action: 'list_files', time: '2026-06-01T10:00:00Z' })

describe('two threads', () => {
  const alone = createPreparer({ ...tools, threads: 0 })
  const threads = createPreparer({ ...tools, threads: 2 })
  afterAll(() => threads.close())

  it.each(requests)('give what one alone gives: %s', async (format, body) => {
    const prepared = await threads.prepare(job(body, { format }))
    expect(prepared).toEqual(await alone.prepare(job(body, { format })))
    expect(prepared).toMatchObject({ ok: true, source: format, rejected: [] })
  })

  it('give the same refusals and rejections', async () => {
    for (const body of ['{', '[]', '{"resourceLogs": 1}', '[{"id": 1}, 5]', `[${EVENT}, null]`]) {
      for (const format of ['otlp', 'events', 'cloudtrail', 'auto'] as const) {
        expect(await threads.prepare(job(body, { format }))).toEqual(await alone.prepare(job(body, { format })))
      }
    }
  })

  it('take a body in memory that threads share', async () => {
    const gathering = createGathering()
    for (const chunk of [EVENT.slice(0, 20), EVENT.slice(20)]) gathering.add(Buffer.from(chunk))
    const body = gathering.whole()
    expect(body.buffer).toBeInstanceOf(SharedArrayBuffer)
    const prepared = await threads.prepare({ ...job(''), body })
    expect(prepared).toMatchObject({ ok: true, events: 1 })
    expect(prepared).toEqual(await alone.prepare(job(EVENT)))
  })

  it('keep the hashes of tenants apart, and leave the body as it is', async () => {
    const body = Buffer.from(JSON.stringify({ ...JSON.parse(EVENT), result: 'Pay DE89370400440532013000 now.' }))
    const before = body.toString()
    const [one, other, again] = await Promise.all(
      ['one', 'other', 'one'].map(async (tenant) => {
        const made = await threads.prepare(job(body, { tenant }))
        return made.ok ? [...made.lines.values()].flat().join() : undefined
      }),
    )
    expect(one).toBe(again)
    expect(one).not.toBe(other)
    expect(body.toString()).toBe(before)
  })

  it('answer many jobs, each with its own', async () => {
    const ids = Array.from({ length: 200 }, (_, n) => `job-${n}`)
    const lines = await Promise.all(
      ids.map(async (id) => {
        const made = await threads.prepare(job(EVENT.replace('one', id)))
        return made.ok ? [...made.lines.values()].flat() : []
      }),
    )
    for (const [n, id] of ids.entries()) expect(lines[n]).toEqual([expect.stringContaining(`"${id}"`)])
  })
})

describe('a tenant that took much', () => {
  it.each([
    ['of a core', 'expensive'],
    ['beside others', 'dear'],
  ])('%s keeps nobody waiting who took little, even where it fills every other thread', async (_what, greedy) => {
    const entry = new URL('../../support/expensive-thread.ts', import.meta.url)
    const threads = createThreads({ ...tools, threads: 1, entry })
    onTestFinished(() => threads.close())
    for (const tenant of ['modest', 'frugal', greedy])
      expect(await threads.prepare(job(EVENT, { tenant }))).toMatchObject({ ok: true, events: 1 })
    const stuck = Array.from({ length: 5 }, () =>
      threads.prepare({ ...job(EVENT, { tenant: greedy }), sender: 'stuck' }),
    )
    for (const one of stuck) one.catch(() => undefined)
    for (let n = 0; n < 20; n++) {
      const tenants = ['modest', 'frugal'].map((tenant) => threads.prepare(job(EVENT, { tenant })))
      for (const made of await Promise.all(tenants)) expect(made).toMatchObject({ ok: true, events: 1 })
    }
  })
})

describe('a thread that makes no step', () => {
  const entry = new URL('../../support/standing-thread.ts', import.meta.url)
  const stand = async (tenant: string) => {
    const threads = createThreads({ ...tools, threads: 1, entry, lookEveryMs: 100 })
    onTestFinished(() => threads.close())
    return threads.prepare(job(EVENT, { tenant }))
  }

  it('is waited for where others take the cores, and ended where it works without end', async () => {
    expect(await stand('starved')).toMatchObject({ ok: true, events: 1 })
    expect(await stand('endless')).toMatchObject({ ok: false, status: 400, deadly: true })
  })

  it('is not waited for for ever', async () => {
    expect(await stand('asleep')).toMatchObject({ ok: false, status: 400, deadly: true })
  })
})

describe('a thread that dies', () => {
  it('takes the job with it that ended it, and no other', async () => {
    const entry = new URL('../../support/mortal-thread.ts', import.meta.url)
    const threads = createThreads({ ...tools, threads: 1, entry })
    onTestFinished(() => threads.close())
    expect(await threads.prepare(job(EVENT))).toMatchObject({ ok: true, events: 1 })
    const many = Array.from({ length: 10 }, (_, n) => threads.prepare(job(EVENT, { tenant: `tenant-${n}` })))
    const deadly = threads.prepare(job(EVENT, { tenant: 'deadly' }))
    expect(await deadly).toMatchObject({ ok: false, status: 400, deadly: true })
    for (const one of await Promise.all(many)) expect(one).toMatchObject({ ok: true, events: 1 })
    expect(await threads.prepare(job(EVENT))).toMatchObject({ ok: true, events: 1 })
  })

  it('fails what it is given after it was closed', async () => {
    const threads = createPreparer({ ...tools, threads: 1 })
    await threads.close()
    await expect(threads.prepare(job(EVENT))).rejects.toThrow('no thread')
  })
})
