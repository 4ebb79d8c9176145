/** What the handlers of commands have in common: what they may use, and what each says of how it went. */
import type { Command, CommandOf, CommandStatus } from '../../../schemas/command.ts'
import type { StopSwitch } from '../../../schemas/stop.ts'
import type { Policy } from '../../lib/config.ts'
import type { Metrics } from '../../lib/metrics.ts'
import type { Sections } from '../sections.ts'
import type { Deliveries } from '../deliveries/index.ts'
import type { Dispatcher } from '../dispatcher/index.ts'
import type { Incidents } from '../incidents.ts'
import type { Notices } from '../notices.ts'
import type { Quarantines } from '../quarantines/index.ts'
import type { Sinks } from '../sink-states.ts'
import type { StateStore } from '../store.ts'
import type { Suppressions } from '../suppressions.ts'
import type { Tokens } from '../tokens.ts'

export interface CommandDeps {
  readonly store: StateStore
  readonly sinks: Sinks
  readonly deliveries: Deliveries
  readonly incidents: Incidents
  readonly quarantines: Quarantines
  readonly sections: Sections
  readonly suppressions: Suppressions
  readonly tokens: Tokens
  readonly notices: Notices
  readonly dispatcher: Dispatcher
  readonly metrics: Metrics
  readonly switches: Map<string, StopSwitch>
  policy(): Policy
  /** Whether there is a detector of this id. */
  isDetector(id: string): boolean
  /** The partition of `events` that an identity has. */
  partitionOf(tenant: string, identity: string): Promise<number>
  /** Appends a control record to a partition of `events`; durable when it resolves. */
  appendControl(partition: number, value: Buffer): Promise<void>
}

/** How a command went, for the person who gave it. */
export interface Done {
  readonly status: CommandStatus
  readonly detail: string
  readonly changed: number
}

export type Handlers = { readonly [N in Command['type']]: (command: CommandOf<N>, nowMs: number) => Promise<Done> }

export const applied = (changed: number, detail: string): Done => ({ status: 'applied', detail, changed })
export const nothing = (detail: string): Done => ({ status: 'nothing', detail, changed: 0 })
export const refused = (detail: string): Done => ({ status: 'refused', detail, changed: 0 })

/** One sentence about many things: how many were changed, and why the others were not. */
export function sumUp(what: string, outcomes: readonly Done[]): Done {
  const changed = outcomes.filter(({ status }) => status === 'applied').length
  const others = outcomes.filter(({ status }) => status !== 'applied')
  const reasons = [...new Set(others.map(({ detail }) => detail))]
  const why = others.length === 0 ? '' : `${changed === 0 ? '' : '; '}${others.length} not: ${reasons.join('; ')}`
  if (changed > 0) return applied(changed, `${changed} ${what}${why}`)
  const isRefused = others.some(({ status }) => status === 'refused')
  return isRefused ? refused(why) : nothing(why === '' ? 'there was nothing to do' : why)
}
