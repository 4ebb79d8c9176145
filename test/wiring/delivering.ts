/**
 * One client delivers to a real service that is killed twice meanwhile (kill -9) and started again on its data. What is stored is
 * compared with what was handed over, by id: the ids must be those that `replay` gives the same records.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TryAgain } from '../support/asker.ts'
import { untilEnough } from '../support/patience.ts'
import { planService, type RunningService, startService, TOKEN } from '../support/service.ts'
import { recordsOf, replayedIds } from './records.ts'
import type { Client, Row } from './wiring.ts'

async function storedIds(service: RunningService, agent: string): Promise<Set<string>> {
  const ids = new Set<string>()
  for (let cursor: string | null = ''; cursor !== null; ) {
    const more: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`
    const page = (await service.get(`/v1/events?identity=${agent}&limit=1000${more}`)) as {
      readonly items: readonly { readonly event_id: string }[]
      readonly next_cursor: string | null
    }
    for (const item of page.items) ids.add(item.event_id)
    cursor = page.next_cursor
  }
  return ids
}

/** What is stored once as many are as must be, or nothing more has come for as long as tests are patient. */
async function settledIds(service: RunningService, agent: string, wanted: number): Promise<Set<string>> {
  let ids = new Set<string>()
  await untilEnough(async () => {
    try {
      ids = await storedIds(service, agent)
      return ids.size
    } catch (error) {
      if (!(error instanceof TryAgain)) throw error
      return undefined
    }
  }, wanted)
  return ids
}

/** Kills the service and starts it again, in the background: the client must live with its absence. */
function killer(first: RunningService) {
  let current = first
  let starting: Promise<unknown> = Promise.resolve()
  let kills = 0
  return {
    async kill(): Promise<void> {
      await starting
      await current.kill()
      kills += 1
      starting = startService(current.plan).then((next) => {
        current = next
      })
      // Who waits for it hears of it.
      starting.catch(() => undefined)
    },
    kills: () => kills,
    async service(): Promise<RunningService> {
      await starting
      return current
    },
  }
}

/** Lets the client deliver so many records; where it is not there, `left` says why. */
export async function deliver(client: Client, count: number): Promise<Row | { readonly left: string }> {
  const presence = await client.presence()
  if (!presence.ok) return { left: presence.reason }
  const directory = await mkdtemp(join(tmpdir(), 'moltwatch-wiring-'))
  const agent = `wiring-${client.name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`
  const plan = await planService(directory)
  const dying = killer(await startService(plan))
  try {
    const records = recordsOf(agent, count)
    const expected = await replayedIds(records)
    const handed = async (sent: number): Promise<void> => {
      if (sent >= (count * (dying.kills() + 1)) / 3 && dying.kills() < 2) await dying.kill()
    }
    const door = { url: `http://127.0.0.1:${plan.port}`, otlpUrl: `http://127.0.0.1:${plan.otlpPort}`, token: TOKEN }
    const { dropped } = await client.deliver(door, records, handed)
    const ids = await settledIds(await dying.service(), agent, expected.size - dropped)
    const strange = [...ids].filter((id) => !expected.has(id)).length
    const missing = [...expected].filter((id) => !ids.has(id)).length
    return {
      what: client.input,
      client: client.name,
      version: presence.version,
      records: count,
      stored: ids.size,
      lost: Math.max(0, missing - dropped) + strange,
      dropped,
      merged: count - expected.size,
      acknowledged: true,
      note: strange > 0 ? `${strange} under ids that replay does not give` : `killed ${dying.kills()} times`,
    }
  } finally {
    await (await dying.service()).kill()
    await rm(directory, { recursive: true, force: true })
  }
}
