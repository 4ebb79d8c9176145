/** The API: asks the warehouse for events and findings, the responder for the rest, and puts orders into the log. */
import { createApi } from '../api/index.ts'
import { createCommandSender } from '../lib/command-sender.ts'
import { createFindingFeed } from '../lib/finding-feed.ts'
import { withMadeTokens } from '../lib/made-tokens.ts'
import { registriesOf } from './registries.ts'
import { wholeOnly } from '../lib/warehouse/whole.ts'
import { effectivePolicy } from '../responder/policy.ts'
import type { AnsweringRole, Probes, RoleTools } from './role.ts'

const KINDS = [
  'quarantine',
  'incident',
  'delivery',
  'suppression',
  'command',
  'token',
  'audit',
  'sink',
  'switch',
] as const

export function createApiRole(tools: RoleTools, probes: Probes): AnsweringRole {
  const { log, clock } = tools
  const standing = tools.standing('api', KINDS)
  const warehouse = tools.warehouse()
  let { content, oidc, policy } = tools.config
  let registry = registriesOf(tools.config.agents)
  return {
    plugin: createApi({
      ...tools,
      ...probes,
      warehouse: wholeOnly(warehouse, tools),
      authenticate: withMadeTokens(tools.authenticate, standing.tokens, clock),
      content: () => content ?? tools.content,
      oidc: () => oidc,
      policy: (tenant) => effectivePolicy(policy, tenant),
      registry: (tenant) => registry(tenant),
      views: standing.views,
      commands: createCommandSender(log),
      findings: createFindingFeed(log),
    }),
    ownProbes: true,
    start: standing.start,
    async reconfigure(changed) {
      content = changed.content
      policy = changed.policy
      registry = registriesOf(changed.agents)
      if (JSON.stringify(changed.oidc) !== JSON.stringify(oidc)) oidc = changed.oidc
    },
    reasons() {
      const reason = standing.incomplete()
      return reason === undefined ? [] : [reason]
    },
    async stop() {
      await standing.stop()
      await warehouse.close()
    },
  }
}
