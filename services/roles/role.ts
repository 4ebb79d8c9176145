/**
 * What the roles have in common: each is one service on a shared log, with what it shows to those who watch it. A role
 * runs in its own process (alone.ts) or together with all others on one log (together.ts), and cannot tell which.
 */
import type { FastifyPluginAsync, FastifyPluginCallback } from 'fastify'
import type { Content } from '../../schemas/excerpt.ts'
import type { StateKind } from '../../schemas/state.ts'
import type { Detector } from '../../detectors/detector.ts'
import type { Authenticate } from '../lib/auth.ts'
import type { Clock } from '../lib/clock.ts'
import type { ServiceConfiguration } from '../lib/config.ts'
import type { Log } from '../lib/log/port.ts'
import type { Logger } from '../lib/logger.ts'
import type { Metrics } from '../lib/metrics.ts'
import type { TokenSource } from '../lib/made-tokens.ts'
import type { ResponderViews } from '../lib/quarantine-view.ts'
import type { Partitioning } from '../lib/partitioning.ts'
import type { TenantKeys } from '../lib/secrets.ts'
import type { Turns } from '../lib/turns.ts'
import type { Warehouse } from '../lib/warehouse/port.ts'
import type { ProbeTools, Readiness } from '../api/routes/probes.ts'

export const ROLES = ['collector', 'detector', 'archiver', 'responder', 'api'] as const
export type RoleName = (typeof ROLES)[number]

/** Each role has its own, so that all of them fit on one machine. */
export const DEFAULT_PORTS: Readonly<Record<RoleName, number>> = {
  api: 8080,
  collector: 8081,
  detector: 8082,
  archiver: 8083,
  responder: 8084,
}

/** What the responder knows, as the other roles see it. */
export interface Standing {
  /** Resolves once it can be asked. Throws LogError where the log cannot be read. */
  start(): Promise<void>
  stop(): Promise<void>
  /** Why not everything is known yet; undefined if it is. */
  incomplete(): string | undefined
  /** Why no event may be taken yet; undefined while every partition holds the configuration. */
  unconfigured(): string | undefined
  readonly tokens: TokenSource
  readonly views: ResponderViews
}

export interface RoleTools {
  /** Need not be reached yet before `start`. */
  readonly log: Log
  readonly partitioning: Partitioning
  readonly config: ServiceConfiguration
  readonly detectors: readonly Detector[]
  readonly codeVersion: string
  /** Of the detector: go on behind records that are gone. */
  readonly acceptGaps?: boolean
  /** Of the archiver: begin with the oldest record of the log. */
  readonly fromOldest?: boolean
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: Metrics
  readonly authenticate: Authenticate
  /** Shared by all work of the process that comes in batches: together they leave the event loop free between slices. */
  readonly turns: Turns
  /** Whether words are kept where the configuration says nothing. */
  readonly content: Content
  /** Where the collector keeps how far it has read files; undefined if nothing outlives the process. */
  readonly positions: string | undefined
  /** Of the responder: how many identities of a tenant are known, for the cap by share; undefined where nobody here knows. */
  readonly identityCount?: (tenant: string) => number | undefined
  /** Keys of the collector and of leak lists. Throws UsageError if none are provided. */
  keys(): TenantKeys
  /** The warehouse, which its taker closes. Throws UsageError where the configuration names none. */
  warehouse(): Warehouse
  /** What the responder knows of these kinds of things, for one role. */
  standing(role: RoleName, kinds: readonly StateKind[]): Standing
}

export interface Role {
  /** What it answers on its port besides the probes; with `ownProbes` it answers those as well. */
  readonly plugin?: FastifyPluginCallback | FastifyPluginAsync
  readonly ownProbes?: true
  /** What it answers on a second port. */
  readonly secondPlugin?: FastifyPluginCallback
  /** The log is open. Resolves when the work has begun. */
  start(): Promise<void>
  /** What is missing for /readyz besides the log; called about once a second and for every probe. */
  reasons(): readonly string[]
  /** Why it can do nothing more until the process is started again. */
  failure?(): Error | undefined
  reconfigure?(config: ServiceConfiguration): Promise<void>
  /** Takes each tenant's leak list; a property, because it is handed on. */
  readonly useLeakLists?: (lists: ReadonlyMap<string, Uint8Array>) => Promise<void>
  /** Refuses new work and answers requests in progress; the port is still open. */
  drain?(): Promise<void>
  stop(): Promise<void>
}

/** How the process is, for plugins that say so themselves. */
export interface Probes extends Required<Pick<ProbeTools, 'readiness' | 'failure'>> {
  /** The readiness as it was found last, at most about a second ago. */
  latest(): Readiness
}

/** Makes the role; nothing runs before `start`. */
export type CreateRole = (tools: RoleTools, probes: Probes) => Role

/** One that answers on a port. */
export type AnsweringRole = Role & Required<Pick<Role, 'plugin'>>
