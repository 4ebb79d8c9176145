/** Runs the program as real processes, for tests that kill them and start others in their place. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { RoleName } from '../../services/roles/role.ts'
import { TOKEN } from './service.ts'

const MAIN = join(import.meta.dirname, '../../services/main.ts')
export const MASTER_KEY = '42'.repeat(32)

export interface RunningProcess {
  /** What was started: a role, or `start` for everything in one process. */
  readonly command: string
  readonly pid: number
  readonly url: string
  /** Of what takes OTLP logs on a port of its own. */
  readonly otlpUrl: string
  /** The exit code, when it has ended; null where a signal ended it. */
  readonly ended: Promise<number | null>
  isReady(): Promise<boolean>
  /** kill -9, and waits until it is gone. */
  kill(): Promise<void>
  /** SIGTERM, and waits; the exit code. */
  stop(): Promise<number | null>
  signal(name: 'SIGSTOP' | 'SIGCONT' | 'SIGTERM'): void
  /** What it wrote to standard error so far, its end. */
  log(): string
}

const LOG_CHARS_MAX = 20_000

export interface ProgramLimits {
  /** Size to which the process may write a file, in KiB: a disk that takes no more. It is a limit that can be lifted. */
  readonly fileKibMax?: number
  /** A file with the ms by which the system's clock is off for the process; see test/faults/stage/set-clock.ts. */
  readonly clockFile?: string
}

const SET_CLOCK = new URL('../faults/stage/set-clock.ts', import.meta.url).href

/**
 * Starts a command that serves and says where in one JSON line; resolves when it has said so. Throws with its log where it
 * ends before.
 */
export async function startProgram(
  command: string,
  options: readonly string[],
  { fileKibMax, clockFile }: ProgramLimits = {},
): Promise<RunningProcess> {
  const clock =
    clockFile === undefined ? {} : { MOLTWATCH_TEST_CLOCK: clockFile, NODE_OPTIONS: `--import ${SET_CLOCK}` }
  const program = [process.execPath, MAIN, command, '--json', ...options] as const
  const limited = ['bash', '-c', `ulimit -S -f ${fileKibMax}; exec "$0" "$@"`, ...program] as const
  const [file, ...args] = fileKibMax === undefined ? program : limited
  const child = spawn(file, args, {
    env: {
      ...process.env,
      MOLTWATCH_TOKEN: TOKEN,
      MOLTWATCH_MASTER_KEY: MASTER_KEY,
      UV_THREADPOOL_SIZE: '16',
      ...clock,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let log = ''
  child.stderr.on('data', (chunk: Buffer) => {
    log = (log + chunk.toString()).slice(-LOG_CHARS_MAX)
  })
  const ended = once(child, 'exit').then(([code]) => code as number | null)
  const line = once(createInterface({ input: child.stdout }), 'line') as Promise<[string]>
  const [first] = await Promise.race([
    line,
    ended.then((code) => {
      throw new Error(`${command} ended with ${code} before it answered:\n${log}`)
    }),
  ])
  const { url, otlp_url: otlpUrl = '' } = JSON.parse(first) as { url: string; otlp_url?: string }
  return {
    command,
    pid: child.pid as number,
    url,
    otlpUrl,
    ended,
    isReady: () =>
      fetch(`${url}/readyz`).then(
        (answer) => answer.status === 200,
        () => false,
      ),
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
    async stop() {
      child.kill('SIGTERM')
      return ended
    },
    signal: (name) => void child.kill(name),
    log: () => log,
  }
}

/** Starts one of the separate processes on free ports. */
export function startRole(role: RoleName, config: string, more: readonly string[] = []): Promise<RunningProcess> {
  const second = role === 'collector' ? ['--otlp-port', '0'] : []
  return startProgram(role, ['--config', config, '--port', '0', ...second, ...more])
}
