/** How tests ask running services over HTTP. */

/** The service asks to come again: 503. */
export class TryAgain extends Error {}

export function createAsker(token: string) {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const get = async (url: string): Promise<unknown> => {
    const answer = await fetch(url, { headers })
    const Fault = answer.status === 503 ? TryAgain : Error
    if (!answer.ok) throw new Fault(`GET ${url} answered ${answer.status}: ${await answer.text()}`)
    return answer.json()
  }
  return {
    get,
    post: (url: string, body: string): Promise<Response> => fetch(url, { method: 'POST', headers, body }),
    isReady: async (url: string): Promise<boolean> =>
      fetch(`${url}/readyz`).then(
        (answer) => answer.status === 200,
        () => false,
      ),
    /** The ids of all findings that an API lists, sorted. */
    async findingIds(url: string): Promise<string[]> {
      const ids: string[] = []
      for (let cursor: string | null = ''; cursor !== null; ) {
        const more: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`
        const page = (await get(`${url}/v1/findings?limit=1000${more}`)) as {
          items: { id: string }[]
          next_cursor: string | null
        }
        ids.push(...page.items.map((item) => item.id))
        cursor = page.next_cursor
      }
      return ids.sort()
    },
  }
}
