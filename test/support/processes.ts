/** Runs the services as real processes of their own, for tests that kill them and start others in their place. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { RoleName } from '../../services/commands/process/roles/role.ts'
import { TOKEN } from './service.ts'

const MAIN = join(import.meta.dirname, '../../services/main.ts')
export const MASTER_KEY = '42'.repeat(32)

export interface RunningProcess {
  readonly role: RoleName
  readonly url: string
  /** Of the collector. */
  readonly otlpUrl: string
  isReady(): Promise<boolean>
  /** kill -9, and waits until it is gone. */
  kill(): Promise<void>
  /** SIGTERM, and waits; the exit code. */
  stop(): Promise<number | null>
  signal(name: 'SIGSTOP' | 'SIGCONT'): void
  /** What it wrote to standard error so far, its end. */
  log(): string
}

const LOG_CHARS_MAX = 20_000

/** Starts one; resolves when it answers on its port. */
export async function startRole(role: RoleName, config: string, more: readonly string[] = []): Promise<RunningProcess> {
  const second = role === 'collector' ? ['--otlp-port', '0'] : []
  const child = spawn(process.execPath, [MAIN, role, '--config', config, '--port', '0', ...second, '--json', ...more], {
    env: { ...process.env, MOLTWATCH_TOKEN: TOKEN, MOLTWATCH_MASTER_KEY: MASTER_KEY, UV_THREADPOOL_SIZE: '16' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let log = ''
  child.stderr.on('data', (chunk: Buffer) => {
    log = (log + chunk.toString()).slice(-LOG_CHARS_MAX)
  })
  const gone = once(child, 'exit') as Promise<[number | null]>
  const line = once(createInterface({ input: child.stdout }), 'line') as Promise<[string]>
  const [first] = await Promise.race([
    line,
    gone.then(([code]) => {
      throw new Error(`${role} ended with ${code} before it answered:\n${log}`)
    }),
  ])
  const { url, otlp_url: otlpUrl = '' } = JSON.parse(first) as { url: string; otlp_url?: string }
  return {
    role,
    url,
    otlpUrl,
    isReady: () =>
      fetch(`${url}/readyz`).then(
        (answer) => answer.status === 200,
        () => false,
      ),
    async kill() {
      child.kill('SIGKILL')
      await gone
    },
    async stop() {
      child.kill('SIGTERM')
      return (await gone)[0]
    },
    signal: (name) => void child.kill(name),
    log: () => log,
  }
}
