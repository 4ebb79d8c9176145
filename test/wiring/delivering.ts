/**
 * Clients deliver, side by side, to a real service that is killed twice meanwhile (kill -9), started again on its data, and whose disk
 * is full for a while. What is stored is compared with what was handed over, by id: the ids must be those that `replay` gives the
 * records.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { certificate } from '../support/certificate.ts'
import { freePort, planService, type RunningService, startService, TOKEN } from '../support/service.ts'
import { recordsOf, replayedIds } from './records.ts'
import { awaitMark, awaitRecords, storedIds } from './stored.ts'
import { serviceHand } from './hardship.ts'
import { createTrials, type Trials } from './trials.ts'
import type { Client, Door, Given, Row } from './wiring.ts'

const SYSLOG = ['tcp', 'tls'] as const

/** The configuration of a service that opens ports for syslog and follows a file, and what a client has to know of them. */
async function openInputs(directory: string) {
  const [config, keyFile] = [join(directory, 'moltwatch.yaml'), join(directory, 'key.pem')]
  const { key, file: authority } = certificate(directory)
  await writeFile(keyFile, key, { mode: 0o600 })
  const [tcp, tls] = [await freePort(), await freePort()]
  const tokens = [{ name: 'edge', token: 'edge_token_of_the_wiring_0123456789', role: 'sender', tenant: 'default' }]
  const inputs = SYSLOG.map((protocol) => ({
    name: protocol,
    type: 'syslog',
    token: 'edge',
    protocol,
    port: protocol === 'tls' ? tls : tcp,
    ...(protocol === 'tls' ? { cert_file: authority, key_file: keyFile } : {}),
  }))
  const file = join(directory, 'agents.log')
  const followed = { name: 'file', type: 'file', token: 'edge', paths: [file] }
  await writeFile(config, JSON.stringify({ tokens, inputs: [...inputs, followed] }), { mode: 0o600 })
  return { config, syslog: { tcp, tls, authority }, file }
}

/** Counts the ids that are stored against those of `replay`. */
export function compare(expected: ReadonlySet<string>, stored: ReadonlySet<string>, dropped: number) {
  const strange = [...stored].filter((id) => !expected.has(id)).length
  const missing = [...expected].filter((id) => !stored.has(id)).length
  const strangers = strange > 0 ? [`${strange} under ids that replay does not give`] : []
  return { stored: stored.size, lost: Math.max(0, missing - dropped) + strange, strangers }
}

/** Lets one client deliver so many records, and counts what is stored of them. */
async function deliver(
  client: Client,
  version: string,
  count: number,
  door: Door,
  trials: Trials<RunningService>,
): Promise<Row> {
  const agent = `wiring-${client.name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`
  let given: Given | undefined
  try {
    const records = recordsOf(agent, count)
    const expected = await replayedIds(records, client.sends ?? 'logs')
    const beganMs = Date.now()
    given = await client.deliver(door, records, trials.handing(client.name))
    const tookS = Math.ceil((Date.now() - beganMs) / 1_000)
    trials.finish(client.name)
    const service = await trials.service()
    await awaitMark(service, agent, given.mark)
    // A file that was renamed may be read behind the one that took its place.
    if (client.acknowledges !== false) await awaitRecords(service, agent, expected.size - given.dropped)
    const { strangers, ...counts } = compare(expected, await storedIds(service, agent), given.dropped)
    return {
      what: client.input,
      client: client.name,
      version,
      records: count,
      ...counts,
      dropped: given.dropped,
      merged: count - expected.size,
      acknowledged: client.acknowledges ?? true,
      note: [trials.told(), `${tookS} s`, ...(given.says === undefined ? [] : [given.says]), ...strangers].join('; '),
    }
  } finally {
    trials.finish(client.name)
    await given?.stop?.()
  }
}

export interface Delivered {
  readonly rows: readonly Row[]
  /** Clients that are not there, and why. */
  readonly left: readonly { readonly client: string; readonly reason: string }[]
  /** Clients whose delivery came to no end, and how. */
  readonly failed: readonly string[]
}

/** Lets the clients deliver so many records each; `tell` hears of each row as soon as it is known. */
export async function deliverAll(
  clients: readonly Client[],
  count: number,
  tell: (row: Row) => void = () => undefined,
): Promise<Delivered> {
  const found = await Promise.all(clients.map(async (client) => ({ client, presence: await client.presence() })))
  const present = found.flatMap(({ client, presence }) => (presence.ok ? [{ client, version: presence.version }] : []))
  const left = found.flatMap(({ client, presence }) =>
    presence.ok ? [] : [{ client: client.name, reason: presence.reason }],
  )
  if (present.length === 0) return { rows: [], left, failed: [] }
  const directory = await mkdtemp(join(tmpdir(), 'moltwatch-wiring-'))
  const { config, syslog, file } = await openInputs(directory)
  const plan = await planService(join(directory, 'data'), config)
  const first = await startService(plan)
  const hear = present.some(({ client }) => client.acknowledges !== false && client.hears !== false)
  const names = present.map(({ client }) => client.name)
  const trials = createTrials((isPast) => serviceHand(first, hear, isPast), names, count)
  const [url, otlpUrl] = [plan.port, plan.otlpPort].map((port) => `http://127.0.0.1:${port}`) as [string, string]
  const door: Door = { url, otlpUrl, token: TOKEN, syslog, file }
  const came = await Promise.allSettled(
    present.map(async ({ client, version }) => {
      const row = await deliver(client, version, count, door, trials)
      tell(row)
      return row
    }),
  )
  await trials.close()
  await rm(directory, { recursive: true, force: true })
  const failed = came.flatMap((one, i) =>
    one.status === 'rejected' ? [`${present[i]?.client.name}: ${(one.reason as Error).message}`] : [],
  )
  const rows = came.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  return { rows, left, failed }
}
