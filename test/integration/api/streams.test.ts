/** Exports and tails: every row once, nothing that a spreadsheet or a terminal would run, and going on where one stopped. */
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Event } from '../../../schemas/event.ts'
import { csvCell, ndjsonLine } from '../../../services/api/streams.ts'
import { partitionOf } from '../../../schemas/ids.ts'
import { event, T0, warehouse } from '../warehouse/support.ts'
import { type Api, api, fill, finding, incident, TOKENS } from './support.ts'

const count = (n: number) => Array.from({ length: n }, (_, index) => index)
const headers = { authorization: `Bearer ${TOKENS.acme}` }

/** Reads CSV as RFC 4180 says. */
function cellsOf(line: string): string[] {
  return [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)]
    .map(([, cell = '']) => (cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell))
    .slice(0, -1)
}

const HOSTILE = [
  '=cmd|x',
  '+1',
  '-1+2',
  '@sum',
  'a\r\nb',
  'a\u2028b',
  '\u202egnp',
  'a,"b"',
  '<script>',
  '|x',
  ' =x',
  '\t=x',
  '',
]

describe('an export', () => {
  it('writes every cell so that nothing runs and no line breaks', () => {
    const text = fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: 'binary', maxLength: 20 }))
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 5 }), (cells) => {
        const line = cells.map(csvCell).join(',')
        expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/)
        const read = cellsOf(line)
        expect(read).toHaveLength(cells.length)
        for (const cell of read) expect(cell).not.toMatch(/^\s*[=+\-@|]/)
        const json = ndjsonLine(cells)
        expect(JSON.parse(json)).toEqual(cells)
        expect(json.trimEnd()).not.toMatch(/[\n\r\u2028\u2029\u202e]/)
      }),
      { numRuns: 500 },
    )
  })

  it('holds all that a search finds, page after page', async () => {
    const store = await warehouse()
    const events = count(2_300).map((n) => event(n, { target: HOSTILE[n % HOSTILE.length] as string }))
    await fill(store, { events, findings: count(5).map((n) => finding(n)) })
    const asked = await api(store, { incidents: [incident(1)] })
    const get = async (url: string) => asked.app.inject({ url, headers })
    const wanted = events
      .filter(({ identity }) => identity === 'agent-1' || identity === 'agent-2')
      .map((one) => one.source_id)

    const ndjson = await get('/v1/events/export?q=agent:agent-1%20OR%20agent:agent-2')
    expect(ndjson.headers['content-type']).toBe('application/x-ndjson')
    const ids = ndjson.body
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as Event).source_id)
    expect(ids).toEqual(wanted.toReversed())

    const csv = await get('/v1/events/export?identity=agent-1&format=csv')
    expect(csv.headers['content-disposition']).toBe('attachment; filename="events.csv"')
    const [head = '', ...rows] = csv.body.trimEnd().split('\r\n')
    expect(cellsOf(head)).toContain('event_id')
    expect(rows).toHaveLength(460)
    const target = cellsOf(head).indexOf('target')
    for (const row of rows) expect(cellsOf(row)[target]).not.toMatch(/^\s*[=+\-@|]/)

    for (const noun of ['findings', 'incidents', 'quarantines']) {
      expect((await get(`/v1/${noun}/export?format=csv`)).statusCode).toBe(200)
    }
    expect((await get('/v1/events/export?q=colour:red')).json()).toMatchObject({ error: { code: 'bad_search' } })
  })
})

/** Opens a tail over a real connection and reads what it tells until there is enough. */
async function tail(of: Api, path: string, wanted: number, lastId?: string, meanwhile?: () => Promise<void>) {
  const { port } = of.app.server.address() as AddressInfo
  const ending = new AbortController()
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
    headers: { ...headers, ...(lastId === undefined ? {} : { 'last-event-id': lastId }) },
    signal: ending.signal,
  })
  expect(answer.headers.get('content-type')).toContain('text/event-stream')
  const told: { id: string; item: { id?: string; event_id?: string } }[] = []
  let text = ''
  let heard = ''
  const reader = (answer.body as ReadableStream<Uint8Array>).getReader()
  let begun = false
  while (told.length < wanted) {
    const { value, done } = await reader.read()
    if (done) break
    text += Buffer.from(value).toString('utf8')
    heard += Buffer.from(value).toString('utf8')
    const messages = text.split('\n\n')
    text = messages.pop() ?? ''
    for (const message of messages) {
      const id = /^id: (.*)$/m.exec(message)?.[1]
      const data = /^data: (.*)$/m.exec(message)?.[1]
      if (id !== undefined && data !== undefined) told.push({ id, item: JSON.parse(data) as never })
    }
    // The first id says where the tail stands: what comes after it is told.
    if (!begun && (lastId !== undefined || /^id: /m.test(heard))) {
      begun = true
      await meanwhile?.()
    }
  }
  ending.abort()
  return told
}

describe('a tail', () => {
  async function listening(): Promise<{
    asked: Api
    find(n: number, tenant?: string): Promise<void>
    arrive(n: number): Promise<void>
  }> {
    const store = await warehouse()
    const asked = await api(store)
    await asked.app.listen({ host: '127.0.0.1', port: 0 })
    onTestFinished(() => asked.app.close())
    return {
      asked,
      async find(n, tenant = 'acme') {
        const value = Buffer.from(JSON.stringify(finding(n, { tenant })))
        await asked.log.append('findings', partitionOf(tenant, asked.log.partitions('findings')), [
          { key: tenant, value },
        ])
      },
      arrive: (n) => fill(store, { events: [event(n, { receipt_time: Date.now() + 500, time: T0 })] }),
    }
  }

  it('tells findings as they come, and goes on where the reader stopped', async () => {
    const { asked, find } = await listening()
    await find(1)
    const first = await tail(asked, '/v1/findings/tail', 2, undefined, async () => {
      await find(2)
      await find(2, 'globex')
      await find(3)
    })
    expect(first.map(({ item }) => item.id)).toEqual([finding(2).id, finding(3).id])
    await find(4)
    const again = await tail(asked, '/v1/findings/tail', 2, first[0]?.id)
    expect(again.map(({ item }) => item.id)).toEqual([finding(3).id, finding(4).id])
  })

  it('tells events, refuses an id that is none, and does not keep the service from closing', async () => {
    const { asked, arrive } = await listening()
    const told = await tail(asked, '/v1/events/tail', 1, undefined, () => arrive(1))
    expect(told[0]?.item.event_id).toBe(event(1).event_id)
    const bad = await asked.app.inject({ url: '/v1/findings/tail', headers: { ...headers, 'last-event-id': 'x' } })
    expect(bad.statusCode).toBe(400)
    const { port } = asked.app.server.address() as AddressInfo
    const open = await fetch(`http://127.0.0.1:${port}/v1/incidents/tail`, { headers })
    await asked.app.close()
    expect(await open.text()).toContain('retry:')
  })
})
