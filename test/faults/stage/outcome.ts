/**
 * What must hold after every fault: each acknowledged event is counted once, the findings are those of an undisturbed run,
 * the API and the log agree on them, repeats in the log are byte for byte what they repeat, and every finding was delivered
 * under one webhook id with one body.
 */
import type { Finding } from '../../../schemas/finding.ts'
import type { Log } from '../../../services/lib/log/port.ts'
import { createAsker } from '../../support/asker.ts'
import { TOKEN, until } from '../../support/service.ts'
import { valuesOf } from '../../support/topics.ts'
import type { Held } from './fault.ts'
import type { Load } from './load.ts'
import type { System } from './system.ts'

const SETTLE_MS_MAX = 180_000

const { get, findingIds } = createAsker(TOKEN)

/** What one set has and the other has not, for people. */
function difference(seen: readonly string[], wanted: readonly string[]): string {
  const missing = wanted.filter((id) => !seen.includes(id))
  const invented = seen.filter((id) => !wanted.includes(id))
  return `${seen.length} of ${wanted.length}; missing ${JSON.stringify(missing)}, invented ${JSON.stringify(invented)}`
}

/** Waits until the API shows what the undisturbed run shows. Throws what differs when that does not come true. */
export async function expectAtApi(system: System, { events, findings }: Load): Promise<void> {
  const seen = async () => {
    const { url } = system.one('api')
    try {
      const { count } = (await get(`${url}/v1/events/count`)) as { count: number }
      return { count, ids: await findingIds(url), trouble: '' }
    } catch (error) {
      // The warehouse may be coming back: it is asked again, and what it said last is told in the end.
      return { count: -1, ids: [], trouble: (error as Error).message }
    }
  }
  let last = await seen()
  await until(
    async () => (last = await seen()),
    ({ count, ids }) => count === events && ids.join() === findings.join(),
    SETTLE_MS_MAX,
  ).catch(() => {
    const seenLast = `events ${last.count} of ${events}; findings at the API: ${difference(last.ids, findings)}`
    throw new Error(last.trouble === '' ? seenLast : last.trouble)
  })
}

/** The findings of the log, repeats counted. Throws where two of one id and revision differ, or ids are not those wanted. */
export async function expectInLog(log: Log, { findings }: Load): Promise<Pick<Held, 'records' | 'distinct'>> {
  const bodies = new Map<string, string>()
  const values = await valuesOf(log, 'findings')
  for (const value of values) {
    const text = value.toString('utf8')
    const { id, revision, tenant } = JSON.parse(text) as Finding
    // The load is one tenant's; what a fault lets another send is found there.
    if (tenant !== 'default') continue
    const before = bodies.get(`${id}/${revision}`)
    if (before !== undefined && before !== text) {
      throw new Error(
        `revision ${revision} of the finding ${id} stands in the log twice, and differs: ${before} ${text}`,
      )
    }
    bodies.set(`${id}/${revision}`, text)
  }
  const ids = [...new Set([...bodies.keys()].map((key) => key.slice(0, key.lastIndexOf('/'))))].sort()
  if (ids.join() !== findings.join()) throw new Error(`findings in the log: ${difference(ids, findings)}`)
  return { records: values.length, distinct: bodies.size }
}

/** Waits until every finding was delivered. Throws where a finding came under two ids, or an id with two bodies. */
export async function expectDelivered({ webhooks }: System, { told }: Load): Promise<void> {
  const delivered = (): string[] => {
    const ids = webhooks.received
      .filter(({ event }) => event.type === 'finding.created')
      .map(({ event }) => String(event.data['id']))
    return [...new Set(ids)].sort()
  }
  await until(
    async () => delivered(),
    (ids) => ids.join() === told.join(),
    SETTLE_MS_MAX,
  ).catch(() => {
    throw new Error(`findings at the receiver of webhooks: ${difference(delivered(), told)}`)
  })
  const bodies = new Set(webhooks.received.map(({ id, body }) => `${id} ${body}`))
  const ids = new Set(webhooks.received.map(({ id }) => id))
  if (bodies.size !== ids.size) throw new Error('a webhook id came with two bodies')
  if (ids.size !== told.length) throw new Error(`${told.length} findings came under ${ids.size} webhook ids`)
  const forged = webhooks.received.find(({ verified }) => !verified)
  if (forged !== undefined) throw new Error(`the webhook ${forged.id} came with a signature that does not verify`)
}
