/** A start that cannot succeed ends: with exit code 2, with what to do, and with nothing left open. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort, planService, startService } from '../../support/service.ts'

const MAIN = join(import.meta.dirname, '../../../services/main.ts')

async function start(options: readonly string[]): Promise<{ code: number | null; said: string }> {
  const child = spawn(process.execPath, [MAIN, 'start', '--log-level', 'silent', ...options], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString()
  })
  const [code] = (await once(child, 'exit')) as [number | null]
  return { code, said }
}

describe('a start that cannot succeed', () => {
  let directory: string
  let taken: Server
  let takenPort: number
  const ports = async (): Promise<string[]> => [
    '--port',
    String(await freePort()),
    '--otlp-port',
    String(await freePort()),
  ]

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'moltwatch-start-'))
    takenPort = await freePort()
    taken = createServer().listen(takenPort, '127.0.0.1')
    await once(taken, 'listening')
  })
  afterAll(async () => {
    taken.close()
    await rm(directory, { recursive: true, force: true })
  })

  it('ends where a port is taken, and leaves the data directory to the next', async () => {
    const data = join(directory, 'data')
    const outcome = await start(['--data', data, '--port', String(takenPort), '--otlp-port', String(await freePort())])
    expect(outcome).toEqual({ code: 2, said: expect.stringMatching(/in use.*--port/) })
    const second = await start(['--data', data, '--port', String(await freePort()), '--otlp-port', String(takenPort)])
    expect(second).toEqual({ code: 2, said: expect.stringMatching(/in use.*--otlp-port/) })
    const service = await startService(await planService(data))
    expect(await service.stop()).toBe(0)
  })

  it('ends where the address is not of this machine', async () => {
    const outcome = await start(['--data', join(directory, 'other'), '--host', '203.0.113.7', ...(await ports())])
    expect(outcome).toEqual({ code: 2, said: expect.stringContaining('--host') })
  })

  it('ends where the address is a name that nobody knows', async () => {
    // No resolver is asked for a name with blanks in it.
    const unknown = await start(['--data', join(directory, 'third'), '--host', 'no such host', ...(await ports())])
    expect(unknown).toEqual({ code: 2, said: expect.stringContaining('--host') })
  })

  it('ends where the master key of the log is lost, and names the choice', async () => {
    const data = join(directory, 'lost')
    await mkdir(join(data, 'log'), { recursive: true })
    const outcome = await start(['--data', data, ...(await ports())])
    expect(outcome).toEqual({
      code: 2,
      said: expect.stringMatching(/master-key is gone.*backup.*64 random hex digits/),
    })
    await writeFile(join(data, 'master-key'), 'ab'.repeat(32))
    const service = await startService(await planService(data))
    expect(await service.stop()).toBe(0)
  })

  it('warns of a configuration with secrets that others may read, and of no other', async () => {
    const config = join(directory, 'moltwatch.yaml')
    const token = { name: 'a', token: 'a-secret-of-the-file-0123', role: 'ingest' }
    await writeFile(config, JSON.stringify({ tokens: [token] }), { mode: 0o644 })
    const said = async (): Promise<string> => {
      const service = await startService(await planService(join(directory, 'warned'), config))
      await service.stop()
      return service.log()
    }
    expect(await said()).toContain('chmod 600')
    await chmod(config, 0o600)
    expect(await said()).not.toContain('chmod 600')
  })

  it.each(['a file', 'a place that cannot be made'])('ends where the data directory is %s', async (what) => {
    const data = what === 'a file' ? join(directory, 'file') : '/proc/moltwatch'
    if (what === 'a file') await writeFile(data, '')
    const outcome = await start(['--data', data, ...(await ports())])
    expect(outcome).toEqual({ code: 2, said: expect.stringContaining('--data') })
    expect(outcome.said).not.toContain('a fault of moltwatch')
  })
})
