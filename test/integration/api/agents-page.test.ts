/** What the page of agents asks: identities, and the coverage of the same names on every page. */
import { expect, it } from 'vitest'
import { event, warehouse } from '../warehouse/support.ts'
import { api, fill, incident } from './support.ts'
import { twoTenants } from './world.ts'

interface Page<T> {
  readonly items: readonly T[]
  readonly next_cursor: string | null
}

it('gives the coverage of the identities on a page by the first name on it', async () => {
  const room = await twoTenants()
  const get = async <T>(path: string): Promise<Page<T>> => (await room.get(path)).body
  let cursor = ''
  let pages = 0
  do {
    const page = await get<{ identity: string }>(`/v1/identities?limit=2${cursor}`)
    const names = page.items.map(({ identity }) => identity)
    const from = encodeURIComponent(names[0] ?? '')
    const covered = await get<{ name: string }>(`/v1/coverage?limit=2&from=${from}`)
    expect(covered.items.map(({ name }) => name)).toEqual(names)
    cursor = page.next_cursor === null ? '' : `&cursor=${encodeURIComponent(page.next_cursor)}`
    pages++
  } while (cursor !== '')
  expect(pages).toBeGreaterThan(1)
})

it('gives the coverage of one identity as the list does, with what to send, and of nobody else', async () => {
  const room = await twoTenants()
  const { items } = (await room.get('/v1/coverage?limit=2')).body as Page<{ name: string; detectors: object[] }>
  expect(items.length).toBe(2)
  for (const item of items) {
    const { lacking, ...one } = (await room.get(`/v1/identities/${encodeURIComponent(item.name)}/coverage`)).body as {
      lacking: { detectors: string[] }[]
    }
    expect(one).toEqual(item)
    expect(new Set(lacking.flatMap(({ detectors }) => detectors))).toEqual(
      new Set(
        (item.detectors as { detector: string; sees: string }[])
          .filter(({ sees }) => sees === 'blind')
          .map(({ detector }) => detector),
      ),
    )
  }
  expect((await room.get('/v1/identities/nobody/coverage')).status).toBe(404)
})

it('tells how many incidents of an identity are open, and the worst of them', async () => {
  const store = await warehouse()
  await fill(store, { events: ['busy', 'calm', 'joined', 'quiet'].map((identity, n) => event(n, { identity })) })
  const room = await api(store, {
    incidents: [
      incident(1, { agent: 'busy', severity: 'medium' }),
      incident(2, { agent: 'busy', severity: 'critical', status: 'in_progress' }),
      incident(3, { agent: 'busy', severity: 'high', also: ['joined', 'busy'] }),
      incident(4, { agent: 'calm', severity: 'critical', status: 'resolved' }),
      incident(5, { agent: 'joined', severity: 'critical', status: 'archived' }),
      incident(6, { agent: 'quiet', severity: 'critical', tenant: 'globex' }),
    ],
  })
  const { items } = (await room.get('/v1/identities')).body as Page<Record<string, unknown>>
  expect(items.map((one) => [one['identity'], one['incidents_open'], one['incidents_worst']])).toEqual([
    ['busy', 3, 'critical'],
    ['calm', 0, null],
    ['joined', 1, 'high'],
    ['quiet', 0, null],
  ])
})
