/** What the processes have in common: each is one service on a shared log, with what it shows to those who watch it. */
import type { FastifyPluginAsync, FastifyPluginCallback } from 'fastify'
import type { Detector } from '../../../../detectors/detector.ts'
import type { Authenticate } from '../../../lib/auth.ts'
import type { Clock } from '../../../lib/clock.ts'
import type { ServiceConfiguration } from '../../../lib/config.ts'
import type { Log } from '../../../lib/log/port.ts'
import type { Logger } from '../../../lib/logger.ts'
import type { Metrics } from '../../../lib/metrics.ts'
import type { TenantKeys } from '../../../lib/secrets.ts'
import type { Warehouse } from '../../../lib/warehouse/port.ts'
import type { ProbeTools, Readiness } from '../../../api/routes/probes.ts'

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

export interface RoleTools {
  /** Need not be reached yet before `start`. */
  readonly log: Log
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
  /** Of this process alone: names the groups that it forms by itself. */
  readonly processId: string
  /** Keys of the collector. Throws UsageError where none are given. */
  keys(): TenantKeys
  /** Opens the warehouse. Throws UsageError where the configuration names none. */
  warehouse(): Warehouse
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
  /** Refuses new work and answers what is in progress; the port is open still. */
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
