/** The finding that says that a tenant has more identities than its share of a partition's table: state was dropped. */
import { evidenceOf } from '../../../detectors/lib/evidence.ts'
import type { EventView } from '../../../schemas/event.ts'
import type { Finding } from '../../../schemas/finding.ts'
import { findingId } from '../../../schemas/ids.ts'

const DAY_MS = 86_400_000
const DETECTOR = 'engine/state-overflow'

/** One finding per tenant, kind of key and day. */
export function overflowFinding(event: EventView, kind: string, rowsMax: number, epoch: string): Finding {
  const day = Math.floor(event.time / DAY_MS) * DAY_MS
  return {
    id: findingId({
      tenant: event.tenant,
      detector: DETECTOR,
      version: 1,
      key: kind,
      window: day,
      root: '',
      level: '',
      history: event.history === 1,
    }),
    revision: 1,
    detector: DETECTOR,
    version: 1,
    mode: 'live',
    severity: 'high',
    tenant: event.tenant,
    agent: event.identity,
    owner: event.owner,
    session: event.session,
    time: new Date(event.time).toISOString(),
    title: 'More identities than the state can hold',
    why: `This tenant has more ${kind} keys than its share of a partition holds (${rowsMax}); the ones silent longest are dropped, with their baselines.`,
    observed: { kind },
    expected: { rows_max: rowsMax },
    surprise: 0,
    learned_since: null,
    techniques: ['AML.T0029'],
    evidence: [evidenceOf(event)],
    history: event.history === 1,
    epoch,
  }
}
