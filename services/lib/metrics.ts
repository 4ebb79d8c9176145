/**
 * The metrics of all services in one typed object, so that a name, its unit and its labels are defined once. Every
 * process creates one and passes it in; `/metrics` prints its registry. No label holds a tenant, an identity or anything
 * else that a sender chooses: it would grow without bound and reveal one tenant to another.
 */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'

export type Metrics = ReturnType<typeof createMetrics>

const SECONDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

type Make = {
  counter<L extends string>(name: string, help: string, labels: readonly L[]): Counter<L>
  gauge<L extends string>(name: string, help: string, labels: readonly L[]): Gauge<L>
  histogram<L extends string>(name: string, help: string, labels: readonly L[], buckets: number[]): Histogram<L>
}

function makerFor(registry: Registry): Make {
  const common = <L extends string>(name: string, help: string, labels: readonly L[]) => ({
    name: `moltwatch_${name}`,
    help,
    labelNames: labels,
    registers: [registry],
  })
  return {
    counter: (name, help, labels) => new Counter(common(name, help, labels)),
    gauge: (name, help, labels) => new Gauge(common(name, help, labels)),
    histogram: (name, help, labels, buckets) => new Histogram({ ...common(name, help, labels), buckets }),
  }
}

const intakeMetrics = (make: Make) => ({
  eventsAccepted: make.counter('events_accepted_total', 'Events that the log has taken', ['source']),
  eventsUntimed: make.counter('events_untimed_total', 'Events whose own time is not believed: judged and not learned', [
    'reason',
  ]),
  eventsUnclear: make.counter(
    'events_unclear_total',
    'Events of OTLP that say too little: of a service without a name (unnamed), calls without content (empty)',
    ['reason'],
  ),
  eventsPerFrame: make.histogram(
    'events_per_frame',
    'Events in a frame, as written',
    [],
    [1, 5, 10, 25, 50, 100, 200, 400],
  ),
  deadLetters: make.counter('dead_letters_total', 'Records that could not be processed', ['service', 'reason']),
  inputLines: make.counter(
    'input_lines_total',
    'Lines of inputs that the collector opens itself, by what came of them',
    ['input', 'outcome'],
  ),
  inputConnections: make.gauge('input_connections', 'Connections of such an input', ['input']),
  requests: make.counter('requests_total', 'HTTP requests answered', ['service', 'route', 'method', 'status']),
  requestSeconds: make.histogram('request_seconds', 'Time to answer an HTTP request', ['service', 'route'], SECONDS),
})

const streamMetrics = (make: Make) => ({
  consumerLag: make.gauge('consumer_lag_records', 'Log records not yet processed', ['service', 'topic']),
  eventsProcessed: make.counter('events_processed_total', 'Events that a stage of the detector has taken', ['stage']),
  findings: make.counter('findings_total', 'Findings emitted (first revisions)', ['detector', 'severity', 'mode']),
  actions: make.counter('actions_total', 'Actions taken by the responder', ['action', 'mode']),
  deliveries: make.counter('deliveries_total', 'Delivery attempts to sinks', ['outcome']),
  sinkStatus: make.gauge('sink_status', '1 for the status that a sink has, 0 for the others', ['sink', 'status']),
  commands: make.counter('commands_total', 'Commands taken by the responder', ['type', 'status']),
  suppressions: make.counter('suppressions_total', 'Suppressions that people have made, ended or let expire', ['act']),
  suppressionsInForce: make.gauge('suppressions_in_force', 'Suppressions that hold at the moment, of all tenants', []),
})

const storeMetrics = (make: Make) => ({
  clockAheadSeconds: make.gauge(
    'clock_ahead_seconds',
    "How far the clock of this process is ahead of the system's, which was set back while it ran",
    [],
  ),
  warehouseUp: make.gauge('warehouse_up', '1 while the warehouse answers', []),
  warehouseMissing: make.gauge(
    'warehouse_missing_records',
    'Records of the log that the warehouse held once and lacks now; it is being filled again',
    [],
  ),
  archivedRows: make.counter('archived_rows_total', 'Rows stored in the warehouse, repeats included', ['table']),
  archiveInserts: make.counter('archive_inserts_total', 'Inserts into the warehouse', ['table', 'outcome']),
  archiveInsertSeconds: make.histogram('archive_insert_seconds', 'Time of one insert', ['table'], SECONDS),
  querySeconds: make.histogram('query_seconds', 'Time of one analyst query', ['query'], SECONDS),
})

const detectorMetrics = (make: Make) => ({
  detectorRepeats: make.counter('detector_repeats_total', 'Events and signals dropped because they had been taken', [
    'stage',
  ]),
  detectorIdentities: make.gauge('detector_identities', 'Identities that the partitions owned know', []),
  detectorCandidates: make.gauge('detector_candidates', 'Candidates of stage two that wait for their decision', []),
  detectorEvicted: make.gauge('detector_evicted', 'Keys that the partitions owned have dropped at their caps', [
    'stage',
  ]),
  detectorStateBytes: make.gauge('detector_state_bytes', 'Memory of the state of the partitions owned', ['stage']),
  detectorTicks: make.counter('detector_ticks_total', 'Ticks appended', ['topic']),
  detectorRunning: make.gauge('detector_running', '1 while detection runs; 0 while it stands still and says why', []),
  partitionsHalted: make.gauge(
    'detector_partitions_halted',
    'Partitions that stand still until a person has decided, because their records cannot be read on',
    ['stage'],
  ),
  detectorRestarts: make.counter('detector_restarts_total', 'Times the worker began again from its snapshots', []),
  watermarkLagSeconds: make.gauge(
    'detector_watermark_lag_seconds',
    'How far behind the clock the newest tick on signals was: candidates wait this much longer',
    [],
  ),
  snapshots: make.counter('detector_snapshots_total', 'Snapshots of a partition: written, failed, damaged when read', [
    'stage',
    'outcome',
  ]),
  snapshotBytes: make.gauge('detector_snapshot_bytes', 'Newest snapshots of all partitions owned, compressed', [
    'stage',
  ]),
  snapshotAgeSeconds: make.gauge(
    'detector_snapshot_age_seconds',
    'Longest time that a partition owned has had changes that no snapshot holds',
    ['stage'],
  ),
  snapshotSeconds: make.histogram('detector_snapshot_seconds', 'Time to write a snapshot of a partition', [], SECONDS),
  restoreSeconds: make.histogram('detector_restore_seconds', 'Time to restore a partition', [], SECONDS),
})

/**
 * Makes a registry with every metric of moltwatch. `process: true` adds memory, CPU and event loop of the process, which
 * only a composition root wants.
 */
export function createMetrics(options: { readonly process?: boolean } = {}) {
  const registry = new Registry()
  const make = makerFor(registry)
  if (options.process === true) collectDefaultMetrics({ register: registry })
  return { registry, ...intakeMetrics(make), ...streamMetrics(make), ...storeMetrics(make), ...detectorMetrics(make) }
}
