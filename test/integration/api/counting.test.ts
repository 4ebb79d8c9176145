/** Counting and paging where there is much: by rows above a bound, and past any number of repeats. */
import { describe, expect, it } from 'vitest'
import { tenantReader } from '../../../services/api/query.ts'
import { countOf } from '../../../services/api/questions/counting.ts'
import { EVENTS } from '../../../services/api/search/fields.ts'
import { event, warehouse } from '../warehouse/support.ts'
import { api, fill, pages } from './support.ts'

const count = (n: number) => Array.from({ length: n }, (_, index) => index)

describe('counting', () => {
  it('goes by ids up to a number of rows, and by rows above it', async () => {
    const store = await warehouse()
    const events = count(6).map((n) => event(n))
    await fill(store, { events: [...events, ...events.slice(0, 4)] })
    const reader = tenantReader(store, 'acme')
    expect(await countOf(reader, EVENTS, [], 10)).toBe(EVENTS.count)
    expect(await countOf(reader, EVENTS, [], 9)).toBe('count()')
    expect(await countOf(tenantReader(store, 'globex'), EVENTS, [], 9)).toBe(EVENTS.count)
  })
})

describe('a page of events', () => {
  it('is full though its newest event was repeated more often than the page has places', async () => {
    const store = await warehouse()
    const events = count(9).map((n) => event(n))
    await fill(store, { events: [...events, ...count(90).map(() => event(8))] })
    const asked = await api(store)
    const first = (await asked.get('/v1/events?limit=3')).body as { items: { source_id: string }[] }
    expect(first.items.map(({ source_id }) => source_id)).toEqual(['call-8', 'call-7', 'call-6'])
    const all = await pages<{ source_id: string }>(asked, '/v1/events?limit=3')
    expect(all.map(({ source_id }) => source_id)).toEqual(count(9).map((n) => `call-${8 - n}`))
  })
})

describe('pages of what came just now and long ago', () => {
  it('follow one another in order, with repeats and whatever the hour', async () => {
    const store = await warehouse()
    const now = Date.now()
    // Half of them within the last hours, half of them days ago; one repeated at the border between.
    const events = count(60).map((n) => event(n, { time: n < 30 ? now - (n + 1) * 10 * 60_000 : now - n * 86_400_000 }))
    await fill(store, { events: [...events, ...count(40).map(() => events[29] as (typeof events)[number])] })
    const asked = await api(store)
    for (const limit of [7, 29, 30, 31, 100]) {
      const listed = await pages<{ source_id: string }>(asked, `/v1/events?limit=${limit}`)
      expect(listed.map(({ source_id }) => source_id)).toEqual(count(60).map((n) => `call-${n}`))
    }
    const some = await pages<{ source_id: string }>(asked, '/v1/events?limit=5&q=source_id:call-*5')
    expect(some.map(({ source_id }) => source_id)).toEqual([5, 15, 25, 35, 45, 55].map((n) => `call-${n}`))
  })
})

describe('the graph', () => {
  it('takes peers, credentials and delegations apart, the busiest of each first', async () => {
    const store = await warehouse()
    const now = Date.now()
    const edge = (n: number, more: Partial<Parameters<typeof event>[1]>) =>
      event(n, { identity: 'scout', credential: '', time: now - n * 1_000, ...more })
    await fill(store, {
      events: [
        edge(1, { peer_domains: ['same', 'rare.example'], credential: 'same', on_behalf_of: ['same'] }),
        edge(2, { peer_domains: ['same'], on_behalf_of: ['ana'] }),
        edge(3, { on_behalf_of: ['ana'] }),
      ],
    })
    const { edges } = (await (await api(store)).get('/v1/graph')).body as { edges: Record<string, unknown>[] }
    expect(edges.map(({ kind, to, count: events }) => [kind, to, events])).toEqual([
      ['peer', 'same', 2],
      ['peer', 'rare.example', 1],
      ['credential', 'same', 1],
      ['delegation', 'ana', 2],
      ['delegation', 'same', 1],
    ])
  })

  it('shows edges of the time asked for, new where they were never there before', async () => {
    const store = await warehouse()
    const now = Date.now()
    const edge = (n: number, peer: string, ms: number) =>
      event(n, { identity: 'scout', peer_domains: [peer], credential: '', time: ms })
    const old = now - 20 * 86_400_000
    await fill(store, {
      events: [
        edge(1, 'known.example', old),
        edge(2, 'known.example', now - 1_000),
        edge(3, 'new.example', now - 2_000),
        edge(4, 'gone.example', old),
      ],
    })
    const { edges } = (await (await api(store)).get('/v1/graph')).body as { edges: Record<string, unknown>[] }
    const peers = edges.filter(({ kind }) => kind === 'peer')
    expect(peers).toMatchObject([
      { to: 'known.example', new: false, count: 1, first_seen: new Date(old).toISOString() },
      { to: 'new.example', new: true, count: 1, first_seen: new Date(now - 2_000).toISOString() },
    ])
  })
})
