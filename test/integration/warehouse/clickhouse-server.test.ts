/** The ClickHouse that tests are given can be taken away and brought back, at the same address and with its rows. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ClickHouseLogLevel, createClient } from '@clickhouse/client'
import { expect, it, onTestFinished } from 'vitest'
import { prepareClickHouse, startClickHouse } from '../../support/clickhouse-server.ts'

const MINUTES_2 = 120_000

await prepareClickHouse()

it('is away while it is paused, and has its rows when it is back', { timeout: MINUTES_2 }, async () => {
  const directory = mkdtempSync(join(tmpdir(), 'moltwatch-clickhouse-'))
  const server = await startClickHouse(join(directory, 'data'))
  expect(server.description).toMatch(/^ClickHouse \d+\.\d+\./)
  const client = createClient({ url: server.url, log: { level: ClickHouseLogLevel.OFF } })
  onTestFinished(async () => {
    await client.close()
    await server.close()
    rmSync(directory, { recursive: true, force: true })
  })
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
