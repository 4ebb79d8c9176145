/**
 * What a service goes through while clients deliver to it: it is killed (kill -9), its disk takes no more for a while, and it is
 * killed again. It is started again on its data each time, in the background: clients must live with its absence.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { PATIENCE_MS } from '../support/patience.ts'
import { type RunningService, startService, TOKEN } from '../support/service.ts'
import type { Hand } from './trials.ts'

/** Changes the limits of a running process (util-linux). */
const LIMITER = 'prlimit'
const HAS_LIMITER = spawnSync(LIMITER, ['--version']).status === 0

/** Events of nobody in question, which fill a disk: random text cannot be compressed. */
const FILLERS = 50
const FILLER_BYTES = 1_500
/** So many requests of clients that a full disk refuses are enough. */
const REFUSALS = 3
/** Where no client hears of a refusal the disk is full until all have handed over this share. */
const FULL_UNTIL = 5 / 8

/** Files and directories of a running database come and go while they are listed. */
const isGone = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT'

function largestIn(directory: string): number {
  try {
    const entries = readdirSync(directory, { withFileTypes: true })
    const sizes = entries.map((entry) => {
      const path = join(directory, entry.name)
      return entry.isDirectory() ? largestIn(path) : (lstatSync(path, { throwIfNoEntry: false })?.size ?? 0)
    })
    return Math.max(0, ...sizes)
  } catch (error) {
    if (isGone(error)) return 0
    throw error
  }
}

const limitFiles = ({ pid }: RunningService, bytes: number | 'unlimited'): void =>
  void execFileSync(LIMITER, ['--pid', String(pid), `--fsize=${bytes}:`])

/** Sends events until they are refused. */
async function fill(service: RunningService): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS
  for (let n = 0; Date.now() < deadline; n++) {
    const events = Array.from({ length: FILLERS }, (_, i) => ({
      id: `filler-${n}-${i}`,
      identity: 'filler',
      action: 'fill',
      session: randomBytes(100).toString('hex'),
      target: randomBytes(FILLER_BYTES).toString('base64'),
      time: new Date().toISOString(),
    }))
    const body = events.map((event) => JSON.stringify(event)).join('\n')
    const { status } = await service.post('/v1/events', body, 'application/x-ndjson')
    if (status === 503) return
    // The rate of the token is used up.
    if (status === 429) await wait(200)
  }
  throw new Error('the service took everything, although its files may not grow')
}

/** How many requests have been refused with 503. */
async function refusals({ plan }: RunningService): Promise<number> {
  const headers = { authorization: `Bearer ${TOKEN}` }
  const text = await fetch(`http://127.0.0.1:${plan.port}/metrics`, { headers }).then((answer) => answer.text())
  const lines = [...text.matchAll(/^moltwatch_requests_total\{[^}]*status="503"[^}]*\} (\d+)$/gm)]
  return lines.reduce((sum, [, count]) => sum + Number(count), 0)
}

/** Kills the service, and fills its disk. `hear`: clients hear of refusals. `isPast`: whether all have handed over this share. */
export function serviceHand(
  first: RunningService,
  hear: boolean,
  isPast: (share: number) => boolean,
): Hand<RunningService> {
  let current = first
  let coming: Promise<unknown> = Promise.resolve()
  const told: string[] = []

  async function kill(): Promise<void> {
    await coming
    await current.kill()
    told.push('killed')
    coming = startService(current.plan).then((next) => {
      current = next
    })
    // Who waits for it hears of it.
    coming.catch(() => undefined)
  }

  async function stall(): Promise<void> {
    await coming
    if (!HAS_LIMITER) return void told.push('no prlimit to fill its disk')
    limitFiles(current, largestIn(current.plan.data))
    await fill(current)
    coming = empty(current)
    coming.catch(() => undefined)
  }

  /** The disk stays full until clients have met it, or, where none hears of it, have handed over more. */
  async function empty(service: RunningService): Promise<void> {
    const before = await refusals(service)
    const deadline = Date.now() + PATIENCE_MS
    let refused = 0
    while (Date.now() < deadline && (hear ? refused < REFUSALS : !isPast(FULL_UNTIL))) {
      await wait(100)
      refused = (await refusals(service)) - before
    }
    limitFiles(service, 'unlimited')
    told.push(hear ? `disk full (${refused} requests refused)` : 'disk full')
  }

  return {
    kill,
    stall,
    told,
    service: () => coming.then(() => current),
    async close() {
      await coming.catch(() => undefined)
      await current.kill()
    },
  }
}
