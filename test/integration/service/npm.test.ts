/** A signal to npm reaches the service behind it: nothing lives on that holds the data directory. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { until } from '../../support/service.ts'

const MINUTES_2 = 120_000
const ROOT = join(import.meta.dirname, '../../..')

/** Whether a process of the group is left. */
function lives(group: number): boolean {
  try {
    process.kill(-group, 0)
    return true
  } catch {
    return false
  }
}

it('SIGTERM to npm ends the command', { timeout: MINUTES_2 }, async () => {
  let asked = 0
  const server = createServer((_request, response) => {
    asked++
    response.setHeader('content-type', 'application/json')
    response.end('{"items":[],"next_cursor":null}')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const npm = spawn('npm', ['run', '-s', 'moltwatch', '--', 'tail', '--url', url], {
    cwd: ROOT,
    detached: true,
    stdio: 'ignore',
    env: { ...process.env, MOLTWATCH_TOKEN: 'a token' },
  })
  const group = npm.pid as number
  try {
    await until(
      async () => asked,
      (times) => times > 0,
    )
    npm.kill('SIGTERM')
    expect(
      await until(
        async () => lives(group),
        (living) => !living,
      ),
    ).toBe(false)
  } finally {
    if (lives(group)) process.kill(-group, 'SIGKILL')
    server.close()
  }
})
