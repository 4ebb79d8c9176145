/** What the attacks send: acts of agents that a detector is expected to find, and lives that make them known. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Target, Who } from './target.ts'

export const HOUR_MS = 3_600_000
const TRIES = 100
export const NETWORK = 'www.moltbook.com'
export const CONTACT = 'peer/known-agent-network'
export const BURST = 'lateral/recon-burst'
export const SOURCE = 'credential/new-source'

export type Act = Readonly<Record<string, unknown>>

/** ISO 8601, so many ms before now. */
export const ago = (ms: number): string => new Date(Date.now() - ms).toISOString()

export const contact = (identity: string, more: Act = {}): Act => ({
  identity,
  time: ago(0),
  action: 'http_post',
  kind: 'tool',
  arguments: { url: `https://${NETWORK}/api/v1/posts` },
  ...more,
})

/** Looking around, mostly in vain: far above every floor, with or without a history. */
export const burst = (identity: string, more: (n: number) => Act = () => ({ time: ago(0) })): Act[] =>
  Array.from({ length: 120 }, (_, n) => ({
    identity,
    action: `list_${n}`,
    activity: 'list',
    target: `vault/${n}`,
    outcome: n % 4 === 0 ? 'success' : 'denied',
    ...more(n),
  }))

/** Hourly ordinary life of some days until now, sent as history. */
export const life = (identity: string, days: number, more: Act = {}): Act[] =>
  Array.from({ length: days * 24 }, (_, hour) => ({
    identity,
    owner: `owner-of-${identity}`,
    time: ago((days * 24 - hour) * HOUR_MS),
    action: hour % 2 === 0 ? 'read_file' : 'write_report',
    target: `docs/${hour % 5}.md`,
    outcome: 'success',
    ...more,
  }))

/** Sends until it is taken, as a shipper does. Throws where it never is. */
export async function deliver(target: Target, who: Who, events: readonly Act[], path = '/v1/events'): Promise<void> {
  const SIZE = 1_000
  for (let at = 0; at < events.length; at += SIZE) {
    const some = events.slice(at, at + SIZE)
    for (let n = 0; ; n++) {
      const { status, body } = await target.send(who, some, path)
      if (status === 200) break
      if (n === TRIES || status < 429) throw new Error(`${path} answered ${status}: ${body.slice(0, 300)}`)
      await sleep(500)
    }
  }
}

export const HISTORY = '/v1/events?history=1'

/** How a finding is looked for. */
export interface Sought {
  readonly history?: boolean
  /** Whose tenant is asked. */
  readonly who?: Who
}
/** Whether a detector comes to find something of the identity. */
export const isFound = (
  target: Target,
  detector: string,
  agent: string,
  { history = false, who }: Sought = {},
): Promise<boolean> =>
  target.comes(
    `/v1/findings?detector=${encodeURIComponent(detector)}&agent=${encodeURIComponent(agent)}&history=${history}`,
    () => true,
    who,
  )

/** The same act twice: as it is, and in disguise. An attack means something only where the first one is found. */
export async function compared(
  target: Target,
  detector: string,
  plain: string,
  disguised: string,
  sought: Sought = {},
): Promise<{ readonly succeeded: boolean; readonly figure: string }> {
  if (!(await isFound(target, detector, plain, sought)))
    throw new Error(`${detector} does not find the plain act of ${plain}`)
  const found = await isFound(target, detector, disguised, sought)
  return { succeeded: !found, figure: `${detector} ${found ? 'finds it' : 'does not find it'}` }
}
