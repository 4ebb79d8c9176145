/** The ClickHouse that tests are given can be taken away and brought back, at the same address and with its rows. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ClickHouseLogLevel, createClient } from '@clickhouse/client'
import { expect, it, onTestFinished } from 'vitest'
import { prepareClickHouse, startClickHouse } from '../../support/clickhouse-server.ts'

const MINUTES_2 = 120_000

await prepareClickHouse()

async function start() {
  const directory = mkdtempSync(join(tmpdir(), 'moltwatch-clickhouse-'))
  const server = await startClickHouse(join(directory, 'data'))
  const client = createClient({ url: server.url, log: { level: ClickHouseLogLevel.OFF } })
  onTestFinished(async () => {
    await client.close()
    await server.close()
    rmSync(directory, { recursive: true, force: true })
  })
  return { server, client }
}

it('is away while it is paused, and has its rows when it is back', { timeout: MINUTES_2 }, async () => {
  const { server, client } = await start()
  expect(server.description).toMatch(/^ClickHouse \d+\.\d+\./)
  const rows = async (): Promise<unknown> => {
    const answer = await client.query({ query: 'SELECT n FROM kept ORDER BY n', format: 'JSONEachRow' })
    return answer.json()
  }
  await client.command({ query: 'CREATE TABLE kept (n UInt8) ENGINE = MergeTree ORDER BY n' })
  for (const round of [1, 2]) {
    await client.insert({ table: 'kept', values: [{ n: round }], format: 'JSONEachRow' })
    await server.pause()
    await expect(rows()).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    await server.resume()
    expect(await rows()).toEqual(Array.from({ length: round }, (_, at) => ({ n: at + 1 })))
  }
})

it('takes parameters as they are, whatever signs stand in them', { timeout: MINUTES_2 }, async () => {
  const { client } = await start()
  const texts = ["it's", 'ends in \\', 'a\r\n\tb', '\\n is no line', "[', ']", '\u2028\u001b', '']
  const answer = await client.query({
    query: 'SELECT {one:String} AS one, {all:Array(String)} AS all',
    query_params: { one: texts.join('|'), all: texts },
    format: 'JSONEachRow',
  })
  expect(await answer.json()).toEqual([{ one: texts.join('|'), all: texts }])
})
