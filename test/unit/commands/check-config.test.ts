/** What `check-config` says of tokens that could speak for any provider. */
import { afterAll, expect, it } from 'vitest'
import { addCheckConfig } from '../../../services/commands/check-config/check-config.ts'
import { createCommandRoom } from '../../support/command-room.ts'

const room = createCommandRoom()
afterAll(() => room.clear())

const token = (name: string, more: object = {}): object => ({ name, token: `${name}-token`, role: 'ingest', ...more })
const check = (...tokens: readonly object[]) =>
  room.run(addCheckConfig, ['check-config', room.file('moltwatch.yaml', JSON.stringify({ tokens }))])

it('says where several tokens of a tenant send and none lists its formats', async () => {
  const run = await check(token('trail'), token('agents'), token('other', { tenant: 'globex' }))
  expect(run).toMatchObject({ code: 0, out: expect.stringContaining('is good\nnote: each of the 2 tokens') })
  expect(run.out).toContain('tokens.formats')
})

it('says nothing where one lists them, where one sends, and where the others only read', async () => {
  for (const tokens of [
    [token('trail', { formats: ['cloudtrail'] }), token('agents')],
    [token('trail'), token('reads', { role: 'analyst' })],
  ]) {
    expect((await check(...tokens)).out).not.toContain('note')
  }
})

it('refuses a format that nobody knows', async () => {
  const run = await check(token('trail', { formats: ['cloudtrial'] }))
  expect(run).toMatchObject({ code: 1, out: expect.stringContaining('cloudtrail') })
})
