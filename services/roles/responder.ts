/**
 * The responder. Of several processes one leads and does all the work, because the state has one writer; the others stand
 * by. Each term begins by rebuilding the memory from the topic `state`. On a log that one process holds it is alone, and
 * starts at once.
 */
import { setTimeout as wait } from 'node:timers/promises'
import type { ServiceConfiguration } from '../lib/config.ts'
import { LogError } from '../lib/log/port.ts'
import { createResponder, type Responder } from '../responder/index.ts'
import type { LeakLists } from '../responder/knowledge.ts'
import { createLeadership, type Term } from './leadership.ts'
import type { CreateRole, Role, RoleTools, Standing } from './role.ts'

const AGAIN_MS = 1_000
const NOT_CONFIGURED = 'the configuration is not in every partition yet'

interface RunningTerm extends Term {
  /** The one that works at the moment: trouble at its start brings a new one. */
  current(): Responder
}

/** What a responder has to put in force. */
interface Wanted {
  readonly config: ServiceConfiguration
  readonly lists: LeakLists | undefined
}

/**
 * One term. The responder starts in the background, so that its work does not delay the lead. If the log takes nothing at
 * the moment it restarts, with a memory that is read again.
 */
function beginTerm(tools: RoleTools, wanted: () => Wanted, fail: (error: Error) => void): RunningTerm {
  const ending = new AbortController()
  const create = (): Responder => {
    const { config, lists } = wanted()
    const made = createResponder({ ...tools, config })
    // Before its start it only notes them.
    if (lists !== undefined) void made.useLeakLists(lists)
    return made
  }
  let responder = create()

  async function start(): Promise<void> {
    for (;;) {
      try {
        await responder.start()
        return
      } catch (error) {
        if (ending.signal.aborted) return
        if (!(error instanceof LogError) || !error.retriable) return fail(error as Error)
        tools.logger.warn({ reason: error.message }, 'the responder cannot start yet; it tries again')
      }
      await responder.stop().catch(() => undefined)
      await wait(AGAIN_MS, undefined, { signal: ending.signal }).catch(() => undefined)
      if (ending.signal.aborted) return
      responder = create()
    }
  }
  const starting = start()
  return {
    current: () => responder,
    async stop() {
      ending.abort()
      // What waits for the configuration to be carried out learns that it never will be.
      await responder.stop()
      await starting
    },
  }
}

export const createResponderRole: CreateRole = (tools) => {
  let { config } = tools
  let lists: LeakLists | undefined
  let term: ReturnType<typeof beginTerm> | undefined
  let failed: Error | undefined
  const leadership = createLeadership({
    ...tools,
    group: 'responder-lead',
    lead: () =>
      (term = beginTerm(
        tools,
        () => ({ config, lists }),
        (error) => {
          failed ??= error
        },
      )),
  })
  return {
    start: leadership.start,
    reasons() {
      if (!leadership.leads() || term === undefined) return []
      return term.current().configurationReady() ? [] : [NOT_CONFIGURED]
    },
    failure: () => failed ?? (leadership.leads() ? term?.current().failure() : undefined),
    async reconfigure(changed) {
      config = changed
      if (leadership.leads()) await term?.current().reconfigure(changed)
    },
    async useLeakLists(given) {
      lists = given
      if (leadership.leads()) await term?.current().useLeakLists(given)
    },
    stop: leadership.stop,
  }
}

export interface SoleResponder {
  readonly role: Role
  /** What it knows, for the other roles in this process. */
  readonly standing: Standing
}

/** The only one on its log: its start fails where the log takes nothing. */
export function createSoleResponder(tools: RoleTools): SoleResponder {
  const responder = createResponder(tools)
  const unconfigured = (): string | undefined => (responder.configurationReady() ? undefined : NOT_CONFIGURED)
  const nothing = (): Promise<void> => Promise.resolve()
  return {
    role: {
      start: responder.start,
      reasons: () => [unconfigured()].flatMap((reason) => reason ?? []),
      failure: responder.failure,
      reconfigure: responder.reconfigure,
      useLeakLists: responder.useLeakLists,
      stop: responder.stop,
    },
    standing: {
      // It lives as long as the responder does.
      start: nothing,
      stop: nothing,
      incomplete: () => undefined,
      unconfigured,
      tokens: responder.tokens,
      views: responder.views,
    },
  }
}
