/**
 * What senders leave out by their settings, so that little can be seen of them: the name of the service, and the content of calls. It is
 * counted, and said once in the log for each tenant, with the variable that brings it; `GET /v1/coverage` names the agents.
 */
import { LRUCache } from 'lru-cache'
import type { Event } from '../../schemas/event.ts'
import type { Logger } from '../lib/logger.ts'
import type { Metrics } from '../lib/metrics.ts'
import { COLLECTOR_LIMITS } from './limits.ts'

/** What one agent left out in one request. */
export interface Unclear {
  readonly agent: string
  readonly events: number
  /** Calls of tools, and those of them without any value of arguments or results. */
  readonly calls: number
  readonly empty: number
}

const UNNAMED = /^unknown_service(?::|$)/
/** From this share of its calls on, an agent does not leave content out now and then but never sends it. */
const RULE_SHARE = 0.9

/** Of each agent whose events say too little, or might: those without a name, and those that call tools. */
export function unclearOf(events: readonly Event[]): Unclear[] {
  const agents = Map.groupBy(
    events.filter(({ source }) => source === 'otlp'),
    ({ identity }) => identity,
  )
  return [...agents].flatMap(([agent, own]) => {
    const calls = own.filter(({ kind, action }) => (kind === 'tool' || kind === 'mcp') && action !== 'user.message')
    const empty = calls.filter(({ value_hashes: hashes, indicators }) => hashes.length === 0 && indicators === '')
    if (calls.length === 0 && !UNNAMED.test(agent)) return []
    return [{ agent, events: own.length, calls: calls.length, empty: empty.length }]
  })
}

type Telling = 'unnamed' | 'empty'

const SAID: Readonly<Record<Telling, string>> = {
  unnamed:
    'an agent names no service, so that every such agent is one identity: set OTEL_SERVICE_NAME where it runs. This is said once; GET /v1/coverage names all agents that lack something',
  empty:
    'calls of tools come without arguments and results, so that orders in what the agent reads cannot be seen: set OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true where it runs. This is said once; GET /v1/coverage names all agents that lack something',
}

/** Counts what is unclear in the requests of a tenant, and logs it once. Tenants come from tokens, so there are few. */
export function createUnclear(
  metrics: Metrics,
  logger: Pick<Logger, 'warn'>,
): (tenant: string, found: readonly Unclear[]) => void {
  const told = new Set<string>()
  const seen = new LRUCache<string, { calls: number; empty: number }>({ max: COLLECTOR_LIMITS.unclear_agents_max })

  function tell(what: Telling, tenant: string, agent: string): void {
    const key = `${what} ${tenant}`
    if (told.has(key)) return
    told.add(key)
    logger.warn({ tenant, agent }, SAID[what])
  }

  /** Whether the agent never sends content, by all that came of it. */
  function isEmpty(tenant: string, { agent, calls, empty }: Unclear): boolean {
    const key = `${tenant}\u0000${agent}`
    const before = seen.get(key) ?? { calls: 0, empty: 0 }
    const now = { calls: before.calls + calls, empty: before.empty + empty }
    seen.set(key, now)
    return now.empty >= COLLECTOR_LIMITS.empty_calls_min && now.empty >= RULE_SHARE * now.calls
  }

  return (tenant, found) => {
    for (const one of found) {
      if (one.empty > 0) metrics.eventsUnclear.inc({ reason: 'empty' }, one.empty)
      if (isEmpty(tenant, one)) tell('empty', tenant, one.agent)
      if (!UNNAMED.test(one.agent)) continue
      metrics.eventsUnclear.inc({ reason: 'unnamed' }, one.events)
      tell('unnamed', tenant, one.agent)
    }
  }
}
