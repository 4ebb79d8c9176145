/**
 * What the responder knows, for roles that run in other processes: they follow the topic `state`. A role in the
 * responder's own process asks it directly (together.ts), and so reads at once what was just written.
 */
import type { AuditEntry } from '../../schemas/audit.ts'
import type { CommandOutcome } from '../../schemas/command.ts'
import type { Delivery } from '../../schemas/delivery.ts'
import { type Incident, UNTRIAGED } from '../../schemas/incident.ts'
import type { Quarantine } from '../../schemas/quarantine.ts'
import type { StopSwitch } from '../../schemas/stop.ts'
import type { KeptToken } from '../../schemas/token.ts'
import { shownTokens, tokensIn } from '../lib/made-tokens.ts'
import { createStateView, type StateView, type StateViewOptions } from '../lib/state-view.ts'
import type { Rollout } from '../responder/sections.ts'
import type { SinkState } from '../responder/sink-states.ts'
import { shownSuppressions } from '../responder/suppressions.ts'
import { createViews, type ViewSources } from '../responder/views.ts'
import type { Standing } from './role.ts'

/** The responder wrote these bodies, and nobody else may: they have the form that it gave them, incidents perhaps an earlier one. */
const sourcesOf = (state: StateView): ViewSources => ({
  quarantines: { list: (tenant) => state.list('quarantine', tenant) as Quarantine[] },
  incidents: {
    list: (tenant) => (state.list('incident', tenant) as Incident[]).map((one) => ({ ...UNTRIAGED, ...one })),
  },
  deliveries: { list: (tenant) => state.list('delivery', tenant) as Delivery[] },
  suppressions: { list: (tenant) => shownSuppressions(state.list('suppression', tenant)) },
  tokens: { list: (tenant) => shownTokens(state.list('token', tenant) as KeptToken[]) },
  audit: { list: (tenant) => state.list('audit', tenant) as AuditEntry[] },
  outcomes: { list: (tenant) => state.list('command', tenant) as CommandOutcome[] },
  // A sink may serve several tenants: its state is nobody's.
  switches: { get: (tenant) => state.list('switch', tenant)[0] as StopSwitch | undefined },
  sinks: { states: () => state.list('sink', '') as SinkState[] },
})

/** Follows the state as the only member of the group. */
export function followState(options: StateViewOptions): Standing {
  const state = createStateView(options)
  const incomplete = (): string | undefined => (state.isComplete() ? undefined : 'the state has not been read yet')
  return {
    start: state.start,
    stop: state.stop,
    incomplete,
    /** The sections of all tenants are what a first event needs; a tenant's own come on top of them. */
    unconfigured() {
      const unread = incomplete()
      if (unread !== undefined) return unread
      const rollouts = state.list('rollout', '') as Rollout[]
      if (rollouts.length === 0) return 'no configuration is in the log yet: start the responder'
      const isWhole = rollouts.every(({ given }) => given !== null)
      return isWhole ? undefined : 'the configuration is not in every partition yet'
    },
    tokens: tokensIn(state),
    views: createViews(sourcesOf(state)),
  }
}
