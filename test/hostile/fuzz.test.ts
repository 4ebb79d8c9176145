/** A little of what `npm run fuzz:records` and `npm run fuzz:requests` do at length: nothing broken meets a bug. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const MINUTES_3 = 180_000

/** Rejects with what the script said where it found a fault. */
const run = async (script: string, ...options: string[]): Promise<string> =>
  (await promisify(execFile)(process.execPath, [join(import.meta.dirname, 'fuzz', script), ...options])).stdout

it('broken records of every format meet no bug', { timeout: MINUTES_3 }, async () => {
  expect(await run('records.ts', '--records', '4000', '--seed', '11')).toMatch(/^4000 records, [1-9]/)
})

it('broken requests are answered, and none with a 500', { timeout: MINUTES_3 }, async () => {
  expect(await run('requests.ts', '--requests', '600', '--seed', '11')).toMatch(/^600 requests/)
})
