/** What a member of a consumer group knows of itself. */
import type { Logger } from '../../../logger.ts'
import type { LogError } from '../../port.ts'
import type { Held } from '../assignment.ts'
import type { Cluster } from '../cluster.ts'

export interface MembershipOptions {
  /** A separate one: a join blocks its connection for as long as the group takes. */
  readonly cluster: Cluster
  /** That of the log, for what must not wait behind a join. */
  readonly shared: Cluster
  readonly group: string
  readonly topics: readonly string[]
  readonly logger: Logger
  readonly heartbeatMs: number
  readonly sessionMs: number
  /** What it holds now, including what is being stopped. */
  held(): readonly Held[]
  /** What this member is to hold from now on; the rest it has to stop, and then to call `rejoin`. */
  onAssigned(given: readonly Held[]): void
  /** The group has given everything to others, or may have. Resolves when all is stopped. */
  onLost(): Promise<void>
  /** No membership is possible. */
  onFatal(error: LogError): void
}

export interface Member {
  readonly options: MembershipOptions
  readonly leaving: AbortController
  /** Settles with the first assignment. */
  readonly first: PromiseWithResolvers<void>
  /** '' where the group knows no such member. */
  memberId: string
  generation: number
  /** When the group last answered that this is a member, by performance.now. */
  heardAt: number
  joined: boolean
  rejoinWanted: boolean
  /** Ends the current pause. */
  wake: (() => void) | undefined
  beating: Promise<void> | undefined
  joining: Promise<void> | undefined
  /** Its loop, from the start until it has left. */
  running: Promise<void> | undefined
  /** Until all that was lost is stopped. */
  losing: Promise<void> | undefined
}

export const newMember = (options: MembershipOptions): Member => ({
  options,
  leaving: new AbortController(),
  first: Promise.withResolvers<void>(),
  memberId: '',
  generation: -1,
  heardAt: Number.NEGATIVE_INFINITY,
  joined: false,
  rejoinWanted: false,
  wake: undefined,
  beating: undefined,
  joining: undefined,
  running: undefined,
  losing: undefined,
})

/** Whether the group may have given everything to others: it has not answered for as long as it waits itself. */
export const isOverdue = ({ heardAt, options }: Member): boolean => performance.now() - heardAt > options.sessionMs
