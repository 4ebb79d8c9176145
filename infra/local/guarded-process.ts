/**
 * A child process that cannot outlive this one. Its parent is a small shell that holds the reading end of a pipe from
 * here (descriptor 3): when this process dies, however it dies, the pipe closes, and the shell kills the child and removes its data.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import type { Writable } from 'node:stream'

/**
 * `$1` is removed at an end of this process that was not announced; the rest is the command. The guard reads one line:
 * `keep` says that all is well, the end of the pipe says that nobody is there any more.
 */
const GUARD = `
data=$1; shift
"$@" 3<&- & child=$!
{ if ! read -r word <&3; then kill -KILL $child; rm -rf "$data"; rmdir "$(dirname "$data")"; fi; } >/dev/null 2>&1 &
exec 3<&-
echo $child
wait $child
`

export interface GuardedProcess {
  readonly pid: number
  /** Settles when the child has ended. */
  readonly ended: Promise<void>
  isRunning(): boolean
  /** Sends a signal to the child itself. */
  signal(name: 'SIGTERM' | 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void
}

/** Starts `command` with its output going to the file `output`; `data` is removed should this process die first. */
export async function startGuarded(
  command: readonly [string, ...string[]],
  { data, output }: { readonly data: string; readonly output: string },
): Promise<GuardedProcess> {
  const file = openSync(output, 'a')
  const shell = spawn('sh', ['-c', GUARD, 'guard', data, ...command], { stdio: ['ignore', 'pipe', file, 'pipe'] })
  closeSync(file)
  const stdout = shell.stdout!
  const pipe = shell.stdio[3] as Writable
  pipe.on('error', () => undefined)
  let running = true
  const ended = new Promise<void>((resolve) => {
    shell.once('exit', () => {
      running = false
      pipe.end('keep\n')
      resolve()
    })
  })
  const pid = await readPid(shell)
  // What else the child says belongs to its file; the pipe only carried its number.
  stdout.resume()
  return {
    pid,
    ended,
    isRunning: () => running,
    signal(name) {
      if (running) process.kill(pid, name)
    },
  }
}

function readPid(shell: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let said = ''
    shell.once('error', reject)
    shell.once('exit', () => reject(new Error('the guard of a process ended before it had started one')))
    shell.stdout!.on('data', function hear(chunk: Buffer) {
      said += chunk.toString()
      const line = /^(\d+)\n/.exec(said)
      if (line === null) return
      shell.stdout!.off('data', hear)
      resolve(Number(line[1]))
    })
  })
}
