/** What the page of agents asks: identities, and the coverage of the same names on every page. */
import { expect, it } from 'vitest'
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
