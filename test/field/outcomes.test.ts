/** How an act ended, in whatever usual word a producer says it. */
import { describe, expect, it } from 'vitest'
import { normalise } from '../../services/collector/normalise.ts'
import { normaliseContext } from '../support/normalise.ts'

function outcomeOf(attributes: Record<string, string>): string | undefined {
  const pairs = Object.entries({ 'session.id': 'give-09', ...attributes }).map(([key, stringValue]) => ({
    key,
    value: { stringValue },
  }))
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'gw-9' } }] }
  const record = { timeUnixNano: '1772366400000000000', eventName: 'device.auth', attributes: pairs }
  const result = normalise(
    'otlp',
    { resourceLogs: [{ resource, scopeLogs: [{ logRecords: [record] }] }] },
    normaliseContext(),
  )
  return result.ok ? result.events[0]?.outcome : undefined
}

describe('an outcome', () => {
  it.each([
    [{ 'event.outcome': 'failure' }, 'failure'],
    [{ 'gate.outcome': 'denied' }, 'denied'],
    [{ outcome: 'success' }, 'success'],
    [{ status: 'ERROR' }, 'failure'],
    [{ status: 'ok' }, 'success'],
    [{ decision: 'Rejected' }, 'denied'],
    [{ decision: 'allow' }, 'success'],
    [{ outcome: 'blocked' }, 'denied'],
    [{ outcome: 'timed out' }, 'failure'],
    [{ 'my.gateway_outcome': 'Refused' }, 'denied'],
    [{ outcome: 'success', 'error.type': 'timeout' }, 'failure'],
    [{ outcome: 'constructor' }, 'unknown'],
    [{ colour: 'denied' }, 'unknown'],
    [{}, 'unknown'],
  ])('%j is %s', (attributes, outcome) => {
    expect(outcomeOf(attributes as Record<string, string>)).toBe(outcome)
  })
})
