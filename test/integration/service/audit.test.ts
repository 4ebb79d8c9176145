/** The chain of acts that concern every tenant: it can be read, goes on over a restart, and is verified by the command. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, expect, it } from 'vitest'
import { type AuditEntry, checkChain } from '../../../schemas/audit.ts'
import { planService, type RunningService, startService, TOKEN, until } from '../../support/service.ts'

const MAIN = join(import.meta.dirname, '../../../services/main.ts')
let service: RunningService | undefined
let directory = ''
afterEach(async () => {
  await service?.stop()
  await rm(directory, { recursive: true, force: true })
})

const baseOf = async (running: RunningService): Promise<AuditEntry[]> =>
  ((await running.get('/v1/audit/base')) as { items: AuditEntry[] }).items.toReversed()

it('tells what changed the rules of all tenants, in one chain over restarts', async () => {
  directory = await mkdtemp(join(tmpdir(), 'moltwatch-audit-'))
  const config = join(directory, 'moltwatch.yaml')
  await writeFile(config, '{}')
  const plan = await planService(join(directory, 'data'), config)
  service = await startService(plan)
  const first = await until(
    () => baseOf(service!),
    (entries) => entries.length > 0,
  )
  expect(first[0]).toMatchObject({ tenant: '', by: 'configuration file', act: 'configuration', status: 'applied' })
  await service.stop()
  await writeFile(config, JSON.stringify({ detection: { trusted_peers: ['partner.example'] } }))
  service = await startService(plan)
  const second = await until(
    () => baseOf(service!),
    (entries) => entries.length > first.length,
  )
  expect(checkChain(second, first.at(-1)?.hash)).toMatchObject({ ok: true, entries: second.length })
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [MAIN, 'audit', 'verify', '--json', '--url', `http://127.0.0.1:${plan.port}`],
    { env: { ...process.env, MOLTWATCH_TOKEN: TOKEN } },
  )
  expect(JSON.parse(stdout)).toMatchObject({ ok: true, base: { ok: true, entries: second.length } })
})
