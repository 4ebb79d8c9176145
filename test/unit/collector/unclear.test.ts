/** Agents whose settings leave out their name or the content of calls: counted each time, said once for each tenant. */
import { describe, expect, it } from 'vitest'
import { createUnclear } from '../../../services/collector/unclear.ts'
import { createMetrics } from '../../../services/lib/metrics.ts'

function told() {
  const lines: string[] = []
  const metrics = createMetrics()
  const warn = (fields: object, message: string): void => void lines.push(`${JSON.stringify(fields)} ${message}`)
  const tell = createUnclear(metrics, { warn } as never)
  const take = (tenant: string, agent: string, calls = 0, empty = 0) =>
    tell(tenant, [{ agent, events: calls + 1, calls, empty }])
  return { lines, metrics, take }
}

describe('what senders leave out', () => {
  it('is said once for each tenant where a service has no name', async () => {
    const { lines, metrics, take } = told()
    take('acme', 'unknown_service')
    take('acme', 'unknown_service:node')
    take('acme', 'unknown_services_team')
    take('globex', 'unknown_service')
    expect(lines).toEqual([
      expect.stringMatching(/"acme".*OTEL_SERVICE_NAME/),
      expect.stringMatching(/"globex".*OTEL_SERVICE_NAME/),
    ])
    expect(await metrics.registry.metrics()).toContain('moltwatch_events_unclear_total{reason="unnamed"} 3')
  })

  it('is said where an agent never sends content, and not where some of its calls have none', () => {
    const { lines, take } = told()
    take('acme', 'whole', 40, 20)
    take('acme', 'young', 4, 4)
    expect(lines).toEqual([])
    take('acme', 'young', 1, 1)
    take('acme', 'young', 10, 10)
    take('acme', 'another', 10, 10)
    expect(lines).toEqual([
      expect.stringMatching(/"acme","agent":"young".*OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true/),
    ])
  })
})
