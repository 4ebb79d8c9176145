/** The metrics that only the detector's runtime has, on the registry of the process. Units stand last in the names. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

export type RuntimeMetrics = ReturnType<typeof createRuntimeMetrics>

export function createRuntimeMetrics(registry: Registry) {
  const registers = [registry]
  return {
    repeats: new Counter({
      name: 'moltwatch_detector_repeats_total',
      help: 'Events and signals dropped because they had been taken before',
      labelNames: ['stage'] as const,
      registers,
    }),
    ticks: new Counter({
      name: 'moltwatch_detector_ticks_total',
      help: 'Ticks appended',
      labelNames: ['topic'] as const,
      registers,
    }),
    watermarkLagSeconds: new Gauge({
      name: 'moltwatch_detector_watermark_lag_seconds',
      help: 'How far behind the clock the newest tick on signals was: candidates wait this much longer',
      registers,
    }),
    snapshots: new Counter({
      name: 'moltwatch_detector_snapshots_total',
      help: 'Snapshots of a partition, by what came of them: written, failed, damaged when read',
      labelNames: ['stage', 'outcome'] as const,
      registers,
    }),
    snapshotBytes: new Gauge({
      name: 'moltwatch_detector_snapshot_bytes',
      help: 'Size of the newest snapshots of all partitions owned, compressed',
      labelNames: ['stage'] as const,
      registers,
    }),
    snapshotAgeSeconds: new Gauge({
      name: 'moltwatch_detector_snapshot_age_seconds',
      help: 'Longest time that a partition owned has had changes that no snapshot holds',
      labelNames: ['stage'] as const,
      registers,
    }),
    snapshotSeconds: new Histogram({
      name: 'moltwatch_detector_snapshot_seconds',
      help: 'Time to write a snapshot of a partition',
      buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60],
      registers,
    }),
    restoreSeconds: new Histogram({
      name: 'moltwatch_detector_restore_seconds',
      help: 'Time to restore a partition from its snapshot',
      buckets: [0.001, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30],
      registers,
    }),
    restarts: new Counter({
      name: 'moltwatch_detector_restarts_total',
      help: 'Times the worker stopped by itself and began again from its snapshots',
      registers,
    }),
  }
}
