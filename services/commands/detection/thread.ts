/** A thread that holds some partitions of stage one. */
import { workerData } from 'node:worker_threads'
import { DETECTORS } from '../../../detectors/registry.ts'
import type { Finding } from '../../../schemas/finding.ts'
import { createLocalFirst, type SignalRecord } from '../../detector/index.ts'
import { asBuffer } from '../../lib/as-buffer.ts'
import { createCalls } from '../../lib/calls.ts'
import { unpackRows } from '../import/packed.ts'
import type { Found, ThreadData, ThreadProcedures } from './protocol.ts'

const { calls, detectors, share, ...options } = workerData as ThreadData

let findings: Finding[] = []
let signals: SignalRecord[] = []
const first = createLocalFirst({
  ...options,
  detectors: detectors.flatMap((wanted) => DETECTORS.filter(({ id }) => id === wanted)),
  held: (partition) => partition % share.of === share.remainder,
  onFinding: (finding) => findings.push(finding),
  onSignals: (record) => signals.push(record),
})

function found(rows: number): Found {
  const all = { rows, findings, signals }
  findings = []
  signals = []
  return all
}

const procedures: ThreadProcedures = {
  take(block) {
    const rows = unpackRows(asBuffer(block), options.receiptTime)
    first.rows(rows)
    return found(rows.length)
  },
  finish() {
    first.flush()
    first.settle()
    return { ...found(0), counts: first.counts, stats: first.stats() }
  },
}
createCalls<Record<never, never>>(calls, procedures)
