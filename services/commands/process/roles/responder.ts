/**
 * The responder as a process of its own. Of several one leads and does all the work, because the state has one writer; the
 * others stand by. Its memory is rebuilt from the topic `state` at the begin of each term.
 */
import type { ServiceConfiguration } from '../../../lib/config.ts'
import { createResponder, type Responder } from '../../../responder/index.ts'
import { createLeadership, type Term } from '../leadership.ts'
import type { CreateRole, RoleTools } from './role.ts'

/** One term: the responder starts in the background, because a lead is not held up by what is done with it. */
function beginTerm(
  tools: RoleTools,
  config: ServiceConfiguration,
  fail: (error: Error) => void,
): Term & { readonly responder: Responder } {
  const responder = createResponder({ ...tools, config })
  let ended = false
  const starting = responder.start().catch((error: Error) => {
    if (!ended) fail(error)
  })
  return {
    responder,
    async stop() {
      ended = true
      // What waits for the configuration to be carried out is told that it never will be.
      await responder.stop()
      await starting
    },
  }
}

export const createResponderRole: CreateRole = (tools) => {
  let { config } = tools
  let term: ReturnType<typeof beginTerm> | undefined
  let failed: Error | undefined
  const leadership = createLeadership({
    ...tools,
    group: 'responder-lead',
    lead: () =>
      (term = beginTerm(tools, config, (error) => {
        failed ??= error
      })),
  })
  return {
    start: leadership.start,
    reasons() {
      if (!leadership.leads() || term === undefined) return []
      return term.responder.configurationReady() ? [] : ['the configuration is not in every partition yet']
    },
    failure: () => failed ?? (leadership.leads() ? term?.responder.failure() : undefined),
    async reconfigure(changed) {
      config = changed
      if (leadership.leads()) await term?.responder.reconfigure(changed)
    },
    stop: leadership.stop,
  }
}
