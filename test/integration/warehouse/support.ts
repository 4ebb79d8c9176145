/** What the tests of the warehouse, the archiver and the API share: directories, events, and warehouses that are closed. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, onTestFinished } from 'vitest'
import { contentId } from '../../../schemas/content.ts'
import { blankEvent, type Event, rowOf } from '../../../schemas/event.ts'
import { H } from '../../../schemas/ids.ts'
import { createMetrics } from '../../../services/lib/metrics.ts'
import { openWarehouse, type WarehouseOptions } from '../../../services/lib/warehouse/index.ts'
import type { Warehouse } from '../../../services/lib/warehouse/port.ts'

export const silent = pino({ level: 'silent' })

const endings: (() => unknown)[] = []
afterAll(async () => {
  for (const end of endings.splice(0).toReversed()) await end()
})

/** Ends something with the test that made it; with the file where it was made for all of its tests. */
export function whenOver(end: () => unknown): void {
  try {
    onTestFinished(async () => {
      await end()
    })
  } catch {
    endings.push(end)
  }
}

/** A directory that goes when the test ends. */
export function scratch(): string {
  const directory = mkdtempSync(join(tmpdir(), 'moltwatch-test-'))
  whenOver(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** A warehouse that is closed when the test ends; in a directory of its own unless told otherwise. */
export async function warehouse(options?: WarehouseOptions): Promise<Warehouse> {
  const opened = openWarehouse(options ?? { kind: 'chdb', path: scratch() }, {
    logger: silent,
    metrics: createMetrics(),
  })
  whenOver(() => opened.close())
  await opened.settled()
  return opened
}

export const T0 = Date.UTC(2026, 9, 1)

/** What the collector's clock said: rows are kept by it, so it must not be far in the past. */
const RECEIPT = Date.now()

/** An event that a collector could have made; `n` makes it another one. */
export function event(n: number, fields: Partial<Event> = {}): Event {
  const one: Event = {
    ...blankEvent(),
    tenant: 'acme',
    identity: `agent-${n % 5}`,
    time: T0 + n * 1_000,
    receipt_time: RECEIPT,
    session: `session-${n % 7}`,
    source_id: `call-${n}`,
    action: n % 3 === 0 ? 's3:GetObject' : 'iam:ListUsers',
    kind: 'api',
    ...fields,
  }
  return {
    ...one,
    event_id: fields.event_id ?? H('event', one.tenant, 'events', String(n)),
    content_id: fields.content_id ?? contentId(one),
  }
}

export const lineOf = (one: Event): string => JSON.stringify(rowOf(one))
export const linesOf = (events: readonly Event[]): Buffer =>
  Buffer.from(events.map((one) => `${lineOf(one)}\n`).join(''))
