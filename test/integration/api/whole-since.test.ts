/** Lists out of a warehouse that lost rows for good say since when they are whole; those that ask no warehouse do not. */
import { expect, it } from 'vitest'
import { warehouse } from '../warehouse/support.ts'
import { api, fill, finding } from './support.ts'

const LOST_AT = Date.UTC(2026, 4, 3, 12)

it('a list that may lack what was received before says so, empty or not', async () => {
  const store = await warehouse()
  await fill(store, { findings: [finding(1)] })
  const { get } = await api({ ...store, status: () => ({ state: 'up', reason: '', wholeSince: LOST_AT }) })
  for (const path of ['/v1/findings', '/v1/findings?agent=nobody', '/v1/events', '/v1/identities', '/v1/dead-letters'])
    expect(await get(path)).toMatchObject({ status: 200, body: { whole_since: '2026-05-03T12:00:00.000Z' } })
  for (const path of ['/v1/incidents', '/v1/quarantines', '/v1/commands'])
    expect(Object.keys((await get(path)).body)).toEqual(['items', 'next_cursor'])
  const whole = await api(store)
  expect(Object.keys((await whole.get('/v1/findings')).body)).toEqual(['items', 'next_cursor'])
})
