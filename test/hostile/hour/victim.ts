/**
 * The tenant that must notice nothing: a steady life of some agents, in which one talks to a listed network and one looks
 * around where it is refused. It is a function of the seed and of the time at which it begins, and what the service made of
 * it can be compared between two runs.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Door } from './door.ts'

export interface Step {
  /** ms after the beginning. */
  readonly at: number
  readonly events: readonly object[]
}

const EVERY_MS = 250
const AGENTS = 12

/** A small generator of numbers (Numerical Recipes). */
export function numbersOf(seed: number): (below: number) => number {
  let x = seed >>> 0
  return (below) => {
    x = (Math.imul(x, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((x / 0x1_0000_0000) * below)
  }
}

export function lifeOf(seed: number, ms: number): Step[] {
  const below = numbersOf(seed)
  return Array.from({ length: Math.floor(ms / EVERY_MS) }, (_, n) => {
    const at = n * EVERY_MS
    const events = Array.from({ length: 1 + below(4) }, (_, k) => {
      const agent = below(AGENTS)
      const base = { id: `v-${seed}-${n}-${k}`, at, identity: `worker-${agent}`, owner: `team-${agent % 3}` }
      if (below(60) === 0)
        return { ...base, action: 'http_post', arguments: { url: 'https://www.moltbook.com/api/v1/posts' } }
      if (agent === 7)
        return {
          ...base,
          action: `list_${below(60)}`,
          activity: 'list',
          target: `vault/${below(300)}`,
          outcome: 'denied',
        }
      return { ...base, action: `read_${below(6)}`, activity: 'read', target: `docs/${below(20)}`, outcome: 'success' }
    })
    return { at, events }
  })
}

export interface Lived {
  readonly events: number
  /** Of every request that was taken, in ms, the tries that were asked to wait included. */
  readonly latencies: readonly number[]
  /** The same of a server that does nothing (answering.ts), asked right after each. */
  readonly idleLatencies: readonly number[]
  /** Answers that were no 2xx, and were sent again. */
  readonly refused: number
}

/** Sends the life at its own pace; what is refused is sent again, as a shipper does. Never gives up. */
export async function live(
  { door, idle }: { readonly door: Door; readonly idle: Pick<Door, 'send'> },
  steps: readonly Step[],
  began: number,
  timesFrom: number,
): Promise<Lived> {
  const latencies: number[] = []
  const idleLatencies: number[] = []
  let refused = 0
  const one = async ({ at, events }: Step): Promise<void> => {
    const body = JSON.stringify(
      events.map(({ at: offset, ...event }: { at?: number }) => ({
        ...event,
        time: new Date(timesFrom + (offset ?? 0)).toISOString(),
      })),
    )
    await sleep(Math.max(0, began + at - Date.now()))
    const start = performance.now()
    for (;;) {
      const status = await door.send(body)
      if (status === 200) break
      refused++
      await sleep(100)
    }
    latencies.push(performance.now() - start)
    const asked = performance.now()
    await idle.send(body)
    idleLatencies.push(performance.now() - asked)
  }
  // One after the other keeps the order of the log, which is part of what is compared.
  for (const step of steps) await one(step)
  return { events: steps.reduce((sum, { events }) => sum + events.length, 0), latencies, idleLatencies, refused }
}
