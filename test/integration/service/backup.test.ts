/**
 * A backup that is made while the service takes events, restored to an empty directory: the restored service holds what was
 * there, and once the senders have repeated the rest it finds what `replay` finds, under the same ids.
 */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DemoLoad, demoLoad, writeLoad } from '../../support/demo-load.ts'
import { replayFiles } from '../../support/replay.ts'
import { findingIds, planService, type RunningService, settled, startService, until } from '../../support/service.ts'

const MINUTES_4 = 240_000
const MAIN = join(import.meta.dirname, '../../../services/main.ts')

/** Runs a command; gives its exit code and what it wrote. */
async function moltwatch(...words: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [MAIN, ...words])
    return { code: 0, out: stdout, err: stderr }
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string }
    return { code, out: stdout, err: stderr }
  }
}

describe('a backup of a service under load', () => {
  let directory: string
  let load: DemoLoad
  let oracle: readonly string[]
  let service: RunningService
  const at = (name: string): string => join(directory, name)
  const count = async (): Promise<number> => ((await service.get('/v1/events/count')) as { count: number }).count

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'moltwatch-backup-'))
    load = demoLoad(60)
    await writeLoad(at('load.ndjson'), load)
    oracle = await replayFiles([at('load.ndjson')])
    service = await startService(await planService(at('data')))
  }, MINUTES_4)
  afterAll(async () => {
    await service?.stop()
    await rm(directory, { recursive: true, force: true })
  })

  it('is taken while events come in, and is readable by its owner alone', { timeout: MINUTES_4 }, async () => {
    const half = Math.floor(load.lines.length / 2)
    for (const line of load.lines.slice(0, half)) expect((await service.post('/v1/logs', line)).status).toBe(200)
    await until(count, (stored) => stored > 10)
    let sending = true
    const rest = (async () => {
      for (const line of load.lines.slice(half)) expect((await service.post('/v1/logs', line)).status).toBe(200)
      sending = false
    })()
    const done = await moltwatch('backup', at('copy'), '--data', at('data'), '--json')
    expect(done).toMatchObject({ code: 0 })
    expect(JSON.parse(done.out)).toMatchObject({ format: 1, warehouse_files: expect.any(Number) })
    await rest
    expect(sending).toBe(false)
    expect((await stat(at('copy'))).mode & 0o777).toBe(0o700)
    expect((await stat(at('copy/log/log.sqlite'))).mode & 0o777).toBe(0o600)
    expect(await readdir(at('data/warehouse/shadow'))).not.toContainEqual(expect.stringContaining('backup'))
    expect(await settled(service, load.events)).toEqual(oracle)
    await service.stop()
  })

  it('restores to an empty directory, and finds the same', { timeout: MINUTES_4 }, async () => {
    expect(await moltwatch('restore', at('copy'), '--data', at('restored'))).toMatchObject({ code: 0 })
    service = await startService(await planService(at('restored')))
    const held = await until(count, (stored) => stored > 10)
    expect(held).toBeLessThanOrEqual(load.events)
    for (const id of await findingIds(service)) expect(oracle).toContain(id)
    for (const line of load.lines) expect((await service.post('/v1/logs', line)).status).toBe(200)
    expect(await settled(service, load.events)).toEqual(oracle)
    expect(await count()).toBe(load.events)
    expect(service.log()).not.toContain('filled again from the log')
    expect(await service.stop()).toBe(0)
  })

  it('is taken of a service that does not run, too, with its whole configuration', { timeout: MINUTES_4 }, async () => {
    const files = {
      'moltwatch.yaml': 'detection: {}\n',
      'agents.yaml': 'mode: strict\n',
      'tenants/acme/agents.yaml': 'trusted_peers: [partner.example]\n',
      'tenants/acme/settings.yaml': 'detection:\n  false_per_1000: { medium: 3 }\n',
      'tenants/acme/lists/leaked-credentials/own.txt': `${'a'.repeat(64)}\n`,
      'lists/leaked-credentials/all.txt': `${'b'.repeat(64)}\n`,
    }
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(at(`etc/${name}`)), { recursive: true })
      await writeFile(at(`etc/${name}`), text)
    }
    await writeFile(at('etc/tenants/acme/notes.md'), 'no part of the configuration')
    const config = at('etc/moltwatch.yaml')
    const done = await moltwatch('backup', at('cold'), '--data', at('restored'), '--config', config, '--json')
    expect(JSON.parse(done.out)).toMatchObject({ configuration_files: Object.keys(files).length })
    const again = await moltwatch('restore', at('cold'), '--data', at('again'))
    expect(again).toMatchObject({ code: 0, out: expect.stringContaining(`--config ${at('again/moltwatch.yaml')}`) })
    for (const [name, text] of Object.entries(files)) expect(await readFile(at(`again/${name}`), 'utf8')).toBe(text)
    expect(await readdir(at('again/tenants/acme'))).toEqual(['agents.yaml', 'lists', 'settings.yaml'])
    const good = await moltwatch('check-config', at('again/moltwatch.yaml'))
    expect(good).toMatchObject({ code: 0 })
    expect(JSON.parse(done.out)).toMatchObject({ warehouse_files: expect.any(Number) })
    expect(await readdir(at('cold'))).toEqual(expect.arrayContaining(['backup.json', 'log', 'master-key', 'warehouse']))
  })

  it('writes over nothing, and says what is no backup', { timeout: MINUTES_4 }, async () => {
    const over = await moltwatch('backup', at('copy'), '--data', at('restored'))
    expect(over).toMatchObject({ code: 2, err: expect.stringContaining('is not empty') })
    const into = await moltwatch('restore', at('copy'), '--data', at('restored'))
    expect(into).toMatchObject({ code: 2, err: expect.stringContaining('is not empty') })
    await writeFile(at('backup.json'), '{}')
    const none = await moltwatch('restore', directory, '--data', at('none'))
    expect(none).toMatchObject({ code: 2, err: expect.stringContaining('backup.json') })
    const empty = await moltwatch('backup', at('other'), '--data', at('nothing'))
    expect(empty).toMatchObject({ code: 2, err: expect.stringContaining('holds no log') })
    expect((await readdir(directory)).filter((name) => name.endsWith('.part'))).toEqual([])
  })
})

describe('check-config and --version', () => {
  it('say what is wrong with line and column, and answer by their exit codes', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'moltwatch-check-'))
    const file = join(directory, 'moltwatch.yaml')
    try {
      await writeFile(file, 'retention:\n  log_dayz: 3\n')
      expect(await moltwatch('check-config', file)).toMatchObject({
        code: 1,
        out: expect.stringMatching(/moltwatch\.yaml:2:3: retention\.log_dayz .*log_days/),
      })
      const json = await moltwatch('check-config', file, '--json')
      expect(JSON.parse(json.out)).toMatchObject({ ok: false, problems: [{ line: 2, column: 3 }] })
      await writeFile(file, 'retention:\n  log_days: 3\n')
      expect(await moltwatch('check-config', file)).toMatchObject({ code: 0, out: `${file} is good\n` })
      expect(await moltwatch('check-config', join(directory, 'none.yaml'))).toMatchObject({ code: 2 })
      expect(await moltwatch('--version')).toMatchObject({ code: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) })
    } finally {
      await rm(directory, { recursive: true })
    }
  })
})
