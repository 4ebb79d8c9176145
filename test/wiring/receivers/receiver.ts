/** What a real receiver of a sink is, and how one that is a program of this machine is found and started. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { promisify } from 'node:util'
import type { Mood } from '../../conformance/sinks/receiver.ts'
import { programPath, whyMissing } from '../../support/clients.ts'
import { startProxy } from '../proxy.ts'
import type { Presence } from '../wiring.ts'

const run = promisify(execFile)

export interface Started {
  readonly settings: Readonly<Record<string, unknown>>
  mood(mood: Mood): Promise<void>
  /** What it has taken, one text for each message. */
  taken(): Promise<readonly string[]>
  stop(): Promise<void>
}

export interface Receiver {
  readonly type: string
  readonly name: string
  /** False: it answers nothing, and what it loses nobody hears of. */
  readonly acknowledges: boolean
  /** How many messages its connection takes while it stalls, although nobody reads them: they are lost. Default: none. */
  readonly unread?: number
  presence(): Promise<Presence>
  start(): Promise<Started>
}

export async function versionOf(program: string, pattern: RegExp): Promise<Presence> {
  const path = programPath(program)
  if (path === undefined) return { ok: false, reason: whyMissing(program) }
  const { stdout, stderr } = await run(path, [program === 'rsyslogd' ? '-v' : '--version'])
  return { ok: true, version: pattern.exec(stdout + stderr)?.[1] ?? '' }
}

/** A program that listens on `port`, with a directory that goes when it ends. */
export async function startDaemon(program: string, args: readonly string[], port: number, directory: string) {
  const child = spawn(programPath(program) ?? '', args, { stdio: 'ignore' })
  const gone = once(child, 'exit')
  const proxy = await startProxy(port)
  return {
    proxy,
    async stop() {
      await proxy.close()
      child.kill('SIGTERM')
      await gone
      await rm(directory, { recursive: true, force: true })
    },
  }
}
