/** Metrics of a thread: what it counts is what the process shows. */
import { expect, it } from 'vitest'
import { createMetrics } from '../../../services/lib/metrics.ts'
import { applyChange, type MetricChange, tellingMetrics } from '../../../services/lib/told-metrics.ts'

it('shows what a thread has told, of every kind of metric', async () => {
  const [shown, counted] = [createMetrics(), createMetrics()]
  const changes: MetricChange[] = []
  for (const metrics of [counted, tellingMetrics((change) => changes.push(change))]) {
    metrics.eventsProcessed.inc({ stage: 'events' }, 3)
    metrics.eventsProcessed.inc({ stage: 'events' })
    metrics.detectorRestarts.inc()
    metrics.detectorIdentities.set(7)
    metrics.consumerLag.set({ service: 'detector', topic: 'events' }, 2)
    metrics.restoreSeconds.observe(0.2)
  }
  expect(await shown.registry.metrics()).not.toBe(await counted.registry.metrics())
  // As they arrive from another thread.
  for (const change of structuredClone(changes)) applyChange(shown, change)
  expect(await shown.registry.metrics()).toBe(await counted.registry.metrics())
})
