/**
 * The API as a process of its own: asks ClickHouse for events and findings, follows the topic `state` for incidents,
 * quarantines and deliveries, and puts orders into the log.
 */
import type { AuditEntry } from '../../../../schemas/audit.ts'
import type { CommandOutcome } from '../../../../schemas/command.ts'
import type { Delivery } from '../../../../schemas/delivery.ts'
import type { Incident } from '../../../../schemas/incident.ts'
import type { Quarantine } from '../../../../schemas/quarantine.ts'
import type { KeptToken } from '../../../../schemas/token.ts'
import { createApi } from '../../../api/index.ts'
import { createCommandSender } from '../../../lib/command-sender.ts'
import { createFindingFeed } from '../../../lib/finding-feed.ts'
import { wholeOnly } from '../../../lib/warehouse/whole.ts'
import { shownTokens, tokensIn, withMadeTokens } from '../../../lib/made-tokens.ts'
import { createStateView, type StateView } from '../../../lib/state-view.ts'
import type { SinkState } from '../../../responder/sink-states.ts'
import { shownSuppressions } from '../../../responder/suppressions.ts'
import { createViews, type ViewSources } from '../../../responder/views.ts'
import type { CreateRole } from './role.ts'

/** The responder wrote these bodies, and nobody else may: they have the form that it gave them. */
const sourcesOf = (state: StateView): ViewSources => ({
  quarantines: { list: (tenant) => state.list('quarantine', tenant) as Quarantine[] },
  incidents: { list: (tenant) => state.list('incident', tenant) as Incident[] },
  deliveries: { list: (tenant) => state.list('delivery', tenant) as Delivery[] },
  suppressions: { list: (tenant) => shownSuppressions(state.list('suppression', tenant)) },
  tokens: { list: (tenant) => shownTokens(state.list('token', tenant) as KeptToken[]) },
  audit: { list: (tenant) => state.list('audit', tenant) as AuditEntry[] },
  outcomes: { list: (tenant) => state.list('command', tenant) as CommandOutcome[] },
  // A sink may serve several tenants: its state is nobody's.
  sinks: { states: () => state.list('sink', '') as SinkState[] },
})

export const createApiRole: CreateRole = (tools, probes) => {
  const { log, processId } = tools
  const state = createStateView({
    ...tools,
    group: `api-${processId}`,
    kinds: ['quarantine', 'incident', 'delivery', 'suppression', 'command', 'token', 'audit', 'sink'],
  })
  const warehouse = tools.warehouse()
  let { content } = tools.config
  return {
    plugin: createApi({
      ...tools,
      ...probes,
      warehouse: wholeOnly(warehouse, tools),
      authenticate: withMadeTokens(tools.authenticate, tokensIn(state), tools.clock),
      content: () => content ?? 'none',
      views: createViews(sourcesOf(state)),
      commands: createCommandSender(log),
      findings: createFindingFeed(log),
    }),
    ownProbes: true,
    start: state.start,
    async reconfigure(changed) {
      content = changed.content
    },
    reasons: () => (state.isComplete() ? [] : ['the state has not been read yet']),
    async stop() {
      await state.stop()
      await warehouse.close()
    },
  }
}
