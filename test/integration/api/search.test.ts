/** Searches over the real engine: what they find, how they are summed up, and that memory and warehouse mean the same. */
import { describe, expect, it } from 'vitest'
import type { Event } from '../../../schemas/event.ts'
import { event, T0, warehouse } from '../warehouse/support.ts'
import { type Api, api, fill, finding, incident, pages } from './support.ts'

const count = (n: number) => Array.from({ length: n }, (_, index) => index)
const iso = (ms: number) => new Date(ms).toISOString()

const EVENTS: readonly Event[] = count(40).map((n) =>
  event(n, {
    peer: ['www.moltbook.com', 'moltbook.com', 'notmoltbook.com', '', 'API.Moltbook.com'][n % 5] as string,
    peer_domains: n % 10 === 3 ? ['moltbook.com'] : [],
    outcome: n % 4 === 0 ? 'denied' : 'success',
    target: n % 6 === 0 ? '100%_done' : `bucket/${n}`,
    bytes_out: n * 100,
    value_hashes: n % 8 === 0 ? ['18446744073709551615'] : [],
    on_behalf_of: n % 7 === 0 ? ['alice@example.com'] : [],
  }),
)

async function service(): Promise<Api> {
  const store = await warehouse()
  await fill(store, { events: [...EVENTS, ...EVENTS.slice(0, 9)], findings: count(30).map((n) => finding(n)) })
  return api(store, { incidents: count(9).map((n) => incident(n)) })
}

const search = async (asked: Api, noun: string, q: string) =>
  (await pages<Record<string, string>>(asked, `/v1/${noun}?limit=9&q=${encodeURIComponent(q)}`)).map(
    (one) => one['source_id'] ?? one['id'] ?? '',
  )

describe('a search', () => {
  it('finds events as the language says', async () => {
    const asked = await service()
    const expected: [string, (one: Event, n: number) => boolean][] = [
      ['peer:moltbook.com', (_, n) => n % 5 < 2 || n % 5 === 4 || n % 10 === 3],
      ['NOT peer:moltbook.com', (_, n) => !(n % 5 < 2 || n % 5 === 4 || n % 10 === 3)],
      ['identity:agent-3 OR identity:agent-4', ({ identity }) => identity === 'agent-3' || identity === 'agent-4'],
      ['agent:agent-* outcome:den*', ({ outcome }) => outcome === 'denied'],
      ['target:100%_done', ({ target }) => target === '100%_done'],
      ['target:100*', ({ target }) => target.startsWith('100')],
      ['target:bucket_1*', () => false],
      ['bytes_out:>=2000 bytes_out:<3000', (_, n) => n >= 20 && n < 30],
      [`time:>=${iso(T0 + 30_000)}`, (_, n) => n >= 30],
      ['value:18446744073709551615', (_, n) => n % 8 === 0],
      ['on_behalf_of:*@example.com', (_, n) => n % 7 === 0],
      ['LISTUSERS', ({ action }) => action === 'iam:ListUsers'],
      ['target:"\' OR 1=1 --"', () => false],
      ['-outcome:denied kind:api session:session-1', (one, n) => one.outcome !== 'denied' && n % 7 === 1],
    ]
    for (const [q, holds] of expected) {
      const ids = EVENTS.filter(holds).map(({ source_id }) => source_id)
      expect([q, await search(asked, 'events', q)]).toEqual([q, ids.reverse()])
    }
  })

  it('finds findings and incidents in the same words', async () => {
    const asked = await service()
    const findings = count(30).map((n) => finding(n))
    const byId = (ids: readonly string[]) => ids.toSorted()
    const technique = await search(asked, 'findings', 'technique:T1078 severity:high detector:credential/*')
    expect(byId(technique)).toEqual(
      byId(
        findings
          .filter(({ severity, detector }) => severity === 'high' && detector.startsWith('credential'))
          .map(({ id }) => id),
      ),
    )
    expect(await search(asked, 'findings', 'surprise:>28 "from elsewhere"')).toEqual(
      findings
        .filter(({ surprise }) => surprise > 28)
        .map(({ id }) => id)
        .toReversed(),
    )
    expect(await search(asked, 'incidents', 'agent:agent-2 OR detector:lateral/*')).toEqual(
      [incident(7), incident(2)].map(({ id }) => id),
    )
  })

  it('is a filter of its own, too, with wildcards, and refuses what can never match', async () => {
    const asked = await service()
    const wild = await pages<{ source_id: string }>(asked, '/v1/events?limit=9&peer=moltbook.com&identity=agent-*')
    expect(wild.map(({ source_id }) => source_id)).toEqual(await search(asked, 'events', 'peer:moltbook.com'))
    for (const [path, message] of [
      ['/v1/findings?severity=awf*', /awf\* is none of info/],
      ['/v1/events?outcome=brok*', /brok\* is none of/],
      ['/v1/incidents?severity=awful', /awful is none of/],
      ['/v1/events?since=-1y', /must be a time/],
    ] as const) {
      expect((await asked.get(path)).body).toMatchObject({ error: { message: expect.stringMatching(message) } })
    }
    expect((await asked.get('/v1/events?q=identity%3Aa%20colour%3Ared')).body).toMatchObject({
      error: {
        code: 'bad_search',
        position: 11,
        length: 6,
        message: expect.stringMatching(/^q: at 12: .*no field colour/),
      },
    })
  })

  it('is summed up by values and over time', async () => {
    const asked = await service()
    const q = encodeURIComponent('outcome:denied')
    expect((await asked.get(`/v1/events/facets?q=${q}&fields=identity,on_behalf_of,outcome&top=3`)).body).toEqual({
      facets: [
        { field: 'identity', values: count(3).map((n) => ({ value: `agent-${n}`, count: 2 })) },
        { field: 'on_behalf_of', values: [{ value: 'alice@example.com', count: 2 }] },
        { field: 'outcome', values: [{ value: 'denied', count: 10 }] },
      ],
    })
    // Events without a value are no value, a field named twice is told twice, and numbers and flags are texts.
    const { facets: own } = (await asked.get('/v1/events/facets?fields=owner,history,owner,bytes_in&top=1')).body as {
      facets: { field: string; values: { value: string }[] }[]
    }
    expect(own.map(({ field, values }) => [field, values.length])).toEqual([
      ['owner', 1],
      ['history', 1],
      ['owner', 1],
      ['bytes_in', 1],
    ])
    expect(own.flatMap(({ values }) => values.map(({ value }) => value))).not.toContain('')
    expect((await asked.get(`/v1/events/histogram?q=${q}&buckets=5`)).body).toEqual({
      step_ms: 10_000,
      buckets: [3, 2, 3, 2].map((many, index) => ({ time: iso(T0 + index * 10_000), count: many })),
    })
    for (const noun of ['findings', 'incidents']) {
      const told = (await asked.get(`/v1/${noun}/histogram`)).body as { buckets: { count: number }[] }
      expect(told.buckets.reduce((sum, bucket) => sum + bucket.count, 0)).toBe(noun === 'findings' ? 30 : 9)
      const { facets } = (await asked.get(`/v1/${noun}/facets?fields=severity`)).body
      expect(JSON.stringify(facets)).toContain('high')
    }
    expect((await asked.get('/v1/events/facets?fields=colour')).status).toBe(400)
    const timed = await asked.get('/v1/events/facets?fields=time')
    expect([timed.status, JSON.stringify(timed.body)]).toEqual([400, expect.stringContaining('ask for its histogram')])
  })
})
