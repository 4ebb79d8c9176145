/**
 * What a sink is told of one matter from its beginning to its end, by a real responder on a real log: a finding, the page of its
 * incident, the second revision, and that a person takes and closes it; through a receiver that refuses, stalls and comes back.
 */
import type { Delivery } from '../../schemas/delivery.ts'
import type { NoticeType } from '../../schemas/notice.ts'
import type { Sink } from '../../services/lib/config.ts'
import { SINK_TYPES, sinkTypeOf } from '../../services/responder/sinks/registry.ts'
import { completeSinks } from '../../services/lib/config/sinks.ts'
import { eventually, finding, testBench, type TestBench } from './responder.ts'

/** Attempts come quickly and for long enough, however slow the machine is. */
const DELAYS_MS = [0, ...Array.from({ length: 200 }, () => 300)]
const TIMEOUT_MS = 2_000

const LIFE: readonly NoticeType[] = [
  'finding.created',
  'incident.paged',
  'finding.updated',
  'incident.acknowledged',
  'incident.closed',
]

/** What a sink of the type hears of a life, in its order. */
export const lifeOf = (type: string): NoticeType[] => {
  const tells = sinkTypeOf(type)?.tells
  return LIFE.filter((one) => tells?.includes(one) ?? true)
}

/** A sink with the settings of its type, all defaults filled in. Throws where they are not those of the type. */
export function completeSink(type: string, settings: Readonly<Record<string, unknown>>): Sink {
  const common = {
    name: 'siem',
    type,
    min_severity: 'low' as const,
    tenant: 'default',
    receives: ['findings' as const, 'revisions' as const, 'notices' as const, 'triage' as const],
  }
  const { sinks, problems } = completeSinks([{ ...common, ...settings }], SINK_TYPES, undefined)
  if (problems.length > 0) throw new Error(JSON.stringify(problems))
  return sinks[0]!
}

async function deliveriesOf({ responder }: TestBench): Promise<readonly Delivery[]> {
  const answer = await responder.views.deliveries('default', { limit: 1_000, cursor: null })
  return answer.ok ? answer.items : []
}

/** Each has had an attempt that has come to an end. */
const attempted = (bench: TestBench, count: number) => async (): Promise<boolean> => {
  const all = await deliveriesOf(bench)
  return (
    all.length >= count && all.every(({ last_outcome: outcome }) => outcome !== '' && !outcome.startsWith('under way'))
  )
}
const delivered = (bench: TestBench, count: number) => async (): Promise<boolean> => {
  const all = await deliveriesOf(bench)
  return all.length >= count && all.every(({ status }) => status === 'delivered')
}

export interface Life {
  /** Id of the incident. */
  readonly incident: string
  readonly deliveries: readonly Delivery[]
  /** Attempts that came to nothing. */
  readonly failures: number
}

/** Tells it all; `setMood` makes the receiver refuse, stall or take, and is told how many notices were delivered before. */
export async function liveThrough(
  sink: Sink,
  setMood: (mood: 'take' | 'refuse' | 'stall', delivered: number) => Promise<void>,
): Promise<Life> {
  const rule = {
    detector: '*',
    min_severity: 'high' as const,
    techniques: [],
    min_detectors: 1,
    actions: ['page' as const],
  }
  const bench = await testBench({
    config: { sinks: [sink], policy: { tenants: {}, rules: [rule] } },
    delaysMs: DELAYS_MS,
    timeoutMs: TIMEOUT_MS,
  })
  try {
    const one = finding()
    const hears = lifeOf(sink.type)
    await setMood('refuse', 0)
    await bench.sendFinding(one)
    await eventually('attempts that are refused', attempted(bench, 2))
    await setMood('take', 0)
    await eventually('the finding and its page', delivered(bench, 2))
    await setMood('stall', 2)
    await bench.sendFinding({ ...one, revision: 2 })
    await eventually('an attempt that is stalled', attempted(bench, 3))
    await setMood('take', 2)
    await eventually('the second revision', delivered(bench, 3))
    const incidents = await bench.responder.views.incidents('default', { limit: 1, cursor: null })
    const incident = incidents.ok ? (incidents.items[0]?.id ?? '') : ''
    const ids = { incident_ids: [incident] }
    await bench.sendCommand('triage', { ...ids, status: 'in_progress', reason: 'looking' })
    await eventually('that it was taken', delivered(bench, 3 + (hears.includes('incident.acknowledged') ? 1 : 0)))
    await bench.sendCommand('triage', { ...ids, status: 'resolved', verdict: 'false_positive', reason: 'a scan' })
    await eventually('its closing', delivered(bench, hears.length))
    const deliveries = await deliveriesOf(bench)
    return { incident, deliveries, failures: deliveries.reduce((sum, { attempts }) => sum + attempts - 1, 0) }
  } finally {
    await bench.close()
  }
}
