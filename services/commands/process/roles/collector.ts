/**
 * The collector as a process of its own. It takes nothing before every partition holds the configuration, which the
 * responder's records in `state` tell: an event before it would be judged by no rules.
 */
import { createCollector } from '../../../collector/index.ts'
import { createOpenedInputs } from '../../../collector/opened/index.ts'
import { createPreparer } from '../../../collector/preparing/index.ts'
import { createRawIntake } from '../../../collector/raw/index.ts'
import { tokensIn, withMadeTokens } from '../../../lib/made-tokens.ts'
import { createStateView } from '../../../lib/state-view.ts'
import type { Rollout } from '../../../responder/configuration.ts'
import type { CreateRole } from './role.ts'

export const createCollectorRole: CreateRole = (tools, probes) => {
  const { processId, config } = tools
  const state = createStateView({ ...tools, group: `collector-${processId}`, kinds: ['rollout', 'token'] })
  const authenticate = withMadeTokens(tools.authenticate, tokensIn(state), tools.clock)

  /** The rollout of all tenants is the one that a first event needs; a tenant's own comes on top of it. */
  function missing(): string | undefined {
    if (!state.isComplete()) return 'the state has not been read yet'
    const [rollout] = state.list('rollout', '') as Rollout[]
    if (rollout === undefined) return 'no configuration is in the log yet: start the responder'
    return rollout.given === null ? 'the configuration is not in every partition yet' : undefined
  }
  const ready = (): { ok: true } | { ok: false; reason: string } => {
    const latest = probes.latest()
    return latest.ready ? { ok: true } : { ok: false, reason: latest.reasons.join('; ') }
  }
  const preparer = createPreparer({ keys: tools.keys(), logger: tools.logger, mappings: config.mapped })
  let { content } = config
  const excerpts = (): boolean => content === 'excerpts'
  const collector = createCollector({ ...tools, authenticate, preparer, ready, excerpts })
  const { inputs: named, tokens: senders } = config
  const inputs = createOpenedInputs({
    ...tools,
    inputs: named,
    tokens: senders,
    preparer,
    ready,
    excerpts,
    directory: undefined,
  })
  const raw =
    config.raw === undefined ? undefined : createRawIntake({ ...tools, ...config.raw, preparer, ready, excerpts })
  return {
    plugin: collector.plugin,
    secondPlugin: collector.plugin,
    async start() {
      await state.start()
      await inputs.start()
      raw?.start()
    },
    reasons() {
      const reason = missing()
      return reason === undefined ? [] : [reason]
    },
    async reconfigure(changed) {
      content = changed.content
      preparer.useMappings(changed.mapped)
    },
    drain: collector.drain,
    async stop() {
      await inputs.stop()
      await raw?.stop()
      await preparer.close()
      await state.stop()
    },
  }
}
