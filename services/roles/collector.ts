/**
 * The collector: its inputs over HTTP, those that it opens by itself, and the topic `raw`. It takes nothing before every
 * partition holds the configuration: an event before it would be judged by no rules.
 */
import type { Content } from '../../schemas/excerpt.ts'
import { createCollector } from '../collector/index.ts'
import { createOpenedInputs } from '../collector/opened/index.ts'
import { createPreparer } from '../collector/preparing/index.ts'
import { createRawIntake } from '../collector/raw/index.ts'
import { withMadeTokens } from '../lib/made-tokens.ts'
import type { AnsweringRole, Probes, RoleTools } from './role.ts'

export function createCollectorRole(tools: RoleTools, probes: Probes): AnsweringRole {
  const { config, logger, clock } = tools
  const standing = tools.standing('collector', ['rollout', 'token'])
  const authenticate = withMadeTokens(tools.authenticate, standing.tokens, clock)
  const ready = (): { ok: true } | { ok: false; reason: string } => {
    const latest = probes.latest()
    return latest.ready ? { ok: true } : { ok: false, reason: latest.reasons.join('; ') }
  }
  const preparer = createPreparer({ keys: tools.keys(), logger, mappings: config.mapped })
  let configured = config.content
  const content = (): Content => configured ?? tools.content ?? 'none'
  const intake = { ...tools, preparer, ready, content }
  const collector = createCollector({ ...intake, authenticate })
  const { inputs: named, tokens: senders } = config
  const inputs = createOpenedInputs({ ...intake, inputs: named, tokens: senders, directory: tools.positions })
  const raw = config.raw === undefined ? undefined : createRawIntake({ ...intake, ...config.raw })
  return {
    plugin: collector.plugin,
    secondPlugin: collector.plugin,
    async start() {
      await standing.start()
      await inputs.start()
      raw?.start()
    },
    reasons() {
      const reason = standing.unconfigured()
      return reason === undefined ? [] : [reason]
    },
    async reconfigure(changed) {
      configured = changed.content
      preparer.useMappings(changed.mapped)
    },
    async drain() {
      await inputs.stop()
      await collector.drain()
    },
    async stop() {
      await raw?.stop()
      await preparer.close()
      await standing.stop()
    },
  }
}
