/**
 * A month of one busy tenant in a warehouse on disk: the ordinary life of one simulated company through the real normaliser,
 * and as many companies of the same kind beside it as it takes. The copies are made inside the engine: each has names,
 * sessions, credentials, ids and value hashes of its own, and none of its events at the time of another's. They are stored day by
 * day, as a month arrives: an older day lies in other parts than the newest. Some thousand findings name events of it as their evidence.
 */
import { rowOf } from '../../../schemas/event.ts'
import type { Finding, Severity } from '../../../schemas/finding.ts'
import { H } from '../../../schemas/ids.ts'
import { life } from '../../../services/commands/calibrate/life/life.ts'
import { normalise } from '../../../services/collector/normalise.ts'
import { openChdb } from '../../../services/lib/warehouse/chdb.ts'
import type { Engine } from '../../../services/lib/warehouse/engine.ts'
import { findingRow, TABLES } from '../../../services/lib/warehouse/tables.ts'
import { normaliseContext } from '../../support/normalise.ts'

export const TENANT = 'default'
const DAY_MS = 86_400_000
const DAYS = 30
/** Inhabitants of one company. */
const IDENTITIES = 200
const BATCH = 2_000
const FINDINGS = 10_000
const SEVERITIES: readonly Severity[] = ['low', 'low', 'medium', 'medium', 'high', 'critical']

/** The events of one company in the month before `now` (ms since 1970), as they come in. */
export const companyLife = (seed: number, now: number, days: number, identities: number) =>
  life({ seed, days, identities, start: Math.floor(now / DAY_MS) * DAY_MS - days * DAY_MS })

const linesOf = (rows: readonly (readonly unknown[])[]): Buffer =>
  Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(''))

async function storeCompany(engine: Engine, now: number): Promise<number> {
  let stored = 0
  let batch: object[] = []
  const store = async (): Promise<void> => {
    const made = normalise('events', batch, normaliseContext({ tenant: TENANT, receiptTime: now }))
    if (!made.ok) throw new Error('the life of a company is no list of events')
    batch = []
    stored += made.events.length
    await engine.insert({ table: 'events', columns: TABLES.events, lines: linesOf(made.events.map(rowOf)) })
  }
  for (const { event, time } of companyLife(1, now, DAYS, IDENTITIES)) {
    if (time >= now) break
    batch.push(event)
    if (batch.length === BATCH) await store()
  }
  await store()
  return stored
}

/** What is another's in a copy; every other column is as it was. */
const OTHERS: Readonly<Record<string, string>> = {
  event_id: "lower(hex(MD5(concat(event_id, '/', toString(copy)))))",
  time: 'addMilliseconds(time, copy * 137)',
  receipt_time: 'addMilliseconds(time, copy * 137 + 400)',
  source_id: "concat(source_id, '-', toString(copy))",
  identity: "concat(identity, '-', toString(copy))",
  instance: "if(instance = '', '', concat(instance, '-', toString(copy)))",
  owner: "concat(owner, '-', toString(copy % 10))",
  credential: "if(credential = '', '', concat(credential, '-', toString(copy)))",
  session: "if(session = '', '', concat(session, '-', toString(copy)))",
  // What one in ten of the values is, is known in all companies: a common address, a public page.
  value_hashes: 'arrayMap(h -> if(h % 10 = 0, h, cityHash64(h, copy)), value_hashes)',
}

/** What all copies did within one day, as it would come in. */
async function copyDay(engine: Engine, day: number, copies: number): Promise<void> {
  const names = TABLES.events.map(({ name }) => `\`${name}\``)
  const values = TABLES.events.map(({ name }) => OTHERS[name] ?? `\`${name}\``)
  await engine.command(`INSERT INTO events (${names.join(', ')}) SELECT ${values.join(', ')}
    FROM (SELECT * FROM company WHERE intDiv(toUnixTimestamp64Milli(time), ${DAY_MS}) = ${day}) AS one
    CROSS JOIN (SELECT toUInt32(number + 1) AS copy FROM numbers(${copies - 1})) AS copies
    SETTINGS max_threads = 2, max_insert_threads = 1, optimize_on_insert = 0, join_algorithm = 'hash'`)
}

interface Evident {
  readonly event_id: string
  readonly source_id: string
  readonly identity: string
  readonly owner: string
  readonly session: string
  readonly at: string
  readonly action: string
  readonly target: string
}

function findingOf(event: Evident, n: number): Finding {
  const time = new Date(Number(event.at)).toISOString()
  return {
    id: H('bench', 'finding', String(n)),
    revision: 1,
    detector: n % 3 === 0 ? 'credential/new-source' : 'behavior/unusual-target',
    version: 1,
    mode: 'live',
    severity: SEVERITIES[n % SEVERITIES.length] ?? 'low',
    tenant: TENANT,
    agent: event.identity,
    owner: event.owner,
    session: event.session,
    time,
    title: 'Something that this identity has not done before',
    why: `${event.identity} did ${event.action}, which it had not done in the weeks before.`,
    observed: { action: event.action },
    expected: { actions: 12 },
    surprise: 4.2,
    learned_since: new Date(Number(event.at) - DAY_MS).toISOString(),
    techniques: ['T1078'],
    evidence: [
      { event_id: event.event_id, source_id: event.source_id, time, action: event.action, target: event.target },
    ],
    history: false,
    epoch: '0'.repeat(32),
  }
}

async function storeFindings(engine: Engine): Promise<void> {
  const events = await engine.ask<Evident>(
    `SELECT event_id, source_id, identity, owner, session, toString(toUnixTimestamp64Milli(time)) AS at, action, target
     FROM events WHERE notEmpty(value_hashes) ORDER BY event_id LIMIT ${FINDINGS}`,
    {},
  )
  const rows = events.map((event, n) => {
    const finding = findingOf(event, n)
    return findingRow({ finding, foundAt: Number(event.at), agentSince: undefined }, n)
  })
  await engine.insert({ table: 'findings', columns: TABLES.findings, lines: linesOf(rows) })
}

export interface Month {
  readonly events: number
  readonly identities: number
  readonly findings: number
  readonly seconds: number
  /** Bytes of the events on the disk. */
  readonly bytes: number
}

/** Fills the warehouse in this directory, whose tables exist, with at least `rows` events. `say` hears how far it is. */
export async function fillMonth(path: string, rows: number, now: number, say: (line: string) => void): Promise<Month> {
  const began = performance.now()
  const engine = await openChdb({ kind: 'chdb', path })
  try {
    const own = await storeCompany(engine, now)
    await engine.command('CREATE TABLE company ENGINE = Memory AS SELECT * FROM events')
    const copies = Math.ceil(rows / own)
    const last = Math.floor(now / DAY_MS)
    for (let day = last - DAYS; day <= last; day++) {
      await copyDay(engine, day, copies)
      say(`${day - last + DAYS} of ${DAYS} days stored`)
    }
    await engine.command('DROP TABLE company')
    await storeFindings(engine)
    const [told] = await engine.ask<Record<'events' | 'identities' | 'findings' | 'bytes', string>>(
      `SELECT count() AS events, uniqExact(identity) AS identities, (SELECT count() FROM findings) AS findings,
        (SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND table = 'events') AS bytes FROM events`,
      {},
    )
    return {
      events: Number(told?.events),
      identities: Number(told?.identities),
      findings: Number(told?.findings),
      bytes: Number(told?.bytes),
      seconds: (performance.now() - began) / 1_000,
    }
  } finally {
    await engine.close()
  }
}
