/** Three of the attacks of `npm run attacks`, at this checkout: the script works, and they do not. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const MINUTES_4 = 240_000
const IDS = ['header', 'swallowing', 'directory']

it('a few attacks are fired at this checkout, and held', { timeout: MINUTES_4 }, async () => {
  const options = ['--json', '--patience', '60', '--only', IDS.join(',')]
  const script = join(import.meta.dirname, 'attacks/run.ts')
  const { stdout } = await promisify(execFile)(process.execPath, [script, ...options])
  const { rows } = JSON.parse(stdout) as { rows: { id: string; outcome: string }[] }
  expect(rows.map(({ id, outcome }) => [id, outcome])).toEqual(IDS.map((id) => [id, 'held']))
})
