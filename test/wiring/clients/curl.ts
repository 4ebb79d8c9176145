/** curl, which tries again what was refused or met nobody. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { programPath, whyMissing } from '../../support/clients.ts'
import { batchesOf, batchSize, otlpJson } from '../records.ts'
import type { Client } from '../wiring.ts'

const run = promisify(execFile)

export const curl: Client = {
  name: 'curl',
  input: 'OTLP logs, JSON',
  async presence() {
    const path = programPath('curl')
    if (path === undefined) return { ok: false, reason: whyMissing('curl') }
    const { stdout } = await run(path, ['--version'])
    return { ok: true, version: stdout.split(' ')[1] ?? '' }
  },
  async deliver({ otlpUrl, token }, records, handed) {
    const directory = await mkdtemp(join(tmpdir(), 'moltwatch-curl-'))
    const file = join(directory, 'body.json')
    const headers = ['-H', `authorization: Bearer ${token}`, '-H', 'content-type: application/json']
    const again = ['--retry', '60', '--retry-delay', '1', '--retry-all-errors', '--retry-connrefused']
    let sent = 0
    let dropped = 0
    for (const batch of batchesOf(records, batchSize(records))) {
      await writeFile(file, otlpJson(batch))
      sent += batch.length
      await handed(sent)
      const sending = run('curl', [
        '-sS',
        '--fail',
        ...again,
        ...headers,
        '--data-binary',
        `@${file}`,
        `${otlpUrl}/v1/logs`,
      ])
      await sending.catch(() => (dropped += batch.length))
    }
    await rm(directory, { recursive: true, force: true })
    return { dropped }
  },
}
