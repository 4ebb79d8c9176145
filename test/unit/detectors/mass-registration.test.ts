/**
 * Half a million agents registered within an hour: a handful of findings, bounded memory, whatever the order in which the
 * partitions of stage one deliver them.
 */
import { describe, expect, it } from 'vitest'
import { massRegistration } from '../../../detectors/identity/mass-registration.ts'
import { encodeFrame } from '../../../schemas/frame.ts'
import { hash32, H } from '../../../schemas/ids.ts'
import { blankSignal, SIGNAL_SCHEMA_VERSION, signalRowOf } from '../../../schemas/signal.ts'
import { createStageTwo } from '../../../services/detector/engine/index.ts'

const T0 = Date.UTC(2026, 2, 2, 9)
const FRAME = 5_000

/** The signals that `agents` first events send under the network's key, arriving with `step` others between neighbours. */
function* frames(agents: number, step: number): Generator<Buffer> {
  const body = JSON.stringify({ event_id: H('x'), source_id: 'x', time: '', action: 'register', target: '' })
  for (let start = 0; start < agents; start += FRAME) {
    const rows = Array.from({ length: FRAME }, (_, k) => {
      const n = ((start + k) * step) % agents
      return signalRowOf({
        ...blankSignal(),
        tenant: 'default',
        detector: massRegistration.id,
        version: massRegistration.version,
        key_kind: 'source',
        key: '198.51.100.0/24',
        offset: start / FRAME,
        time: T0 + Math.floor((n * 3_500_000) / agents),
        event_id: '0'.repeat(32),
        identity: `agent-${n}`,
        owner: `owner-${n}`,
        fingerprint: hash32(`agent-${n}`),
        body,
      })
    })
    yield encodeFrame(rows, { schema: SIGNAL_SCHEMA_VERSION, receiptTime: T0 + 3_600_000, sourcePartition: 0 })
  }
}

describe('identity/mass-registration', () => {
  it.each([
    [500_000, 1],
    [60_000, 59_999],
    [60_000, 7_919],
  ])('makes three findings of %i agents, arriving in steps of %i', { timeout: 120_000 }, (agents, step) => {
    const stage = createStageTwo({ detectors: [massRegistration], codeVersion: 'test', partition: 0 })
    const before = stage.stats.stateBytes
    const findings = []
    let offset = 0
    for (const value of frames(agents, step)) findings.push(...stage.apply({ offset: offset++, value }).findings)
    expect(findings.map((f) => f.why.match(/\d+/)?.[0])).toEqual(['250', '2500', '25000'])
    expect(findings.map((f) => f.severity)).toEqual(['high', 'high', 'critical'])
    expect(stage.stats.stateBytes - before).toBeLessThan(2_000_000)
  })
})
