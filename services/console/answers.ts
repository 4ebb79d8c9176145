/** What the API answers, as far as the pages read it. `GET /v1/openapi.json` says it in full. */
import type { Chain } from '../../schemas/chain.ts'
import type { AuditEntry } from '../../schemas/audit.ts'
import type { Delivery } from '../../schemas/delivery.ts'
import type { Finding, Severity } from '../../schemas/finding.ts'
import type { Incident } from '../../schemas/incident.ts'
import type { Quarantine } from '../../schemas/quarantine.ts'
import type { CommandOutcome } from '../../schemas/command.ts'
import type { SinkView } from '../../schemas/sink.ts'
import type { StopSwitch } from '../../schemas/stop.ts'
import type { Suppression } from '../../schemas/suppression.ts'
import type { Token } from '../../schemas/token.ts'

export type {
  AuditEntry,
  Token,
  CommandOutcome,
  Delivery,
  Finding,
  Incident,
  Quarantine,
  Severity,
  SinkView,
  Suppression,
}

/** An order that is durable in the log. */
export interface CommandTaken {
  readonly command_id: string
}

export interface List<T> {
  readonly items: readonly T[]
  readonly next_cursor: string | null
  /** Where rows of before are lost. */
  readonly whole_since?: string
}

/** An event without its empty fields. */
export type EventRecord = Readonly<Record<string, unknown>> & {
  readonly event_id: string
  readonly time: string
  readonly identity: string
  readonly action: string
}

/** What is done about findings by itself. */
export interface PolicyInForce {
  readonly mode: 'shadow' | 'propose' | 'enforce'
  readonly rules: readonly {
    readonly detector: string
    readonly min_severity: Severity
    readonly techniques: readonly string[]
    readonly min_detectors: number
    readonly actions: readonly string[]
  }[]
  readonly protected: readonly string[]
  readonly caps: { readonly per_hour: number; readonly share_of_identities: number }
  readonly expires_hours: number
  readonly stopped_by: readonly ('configuration' | 'person')[]
  readonly stop: StopSwitch | null
}

export interface Health {
  readonly state: 'ok' | 'warn' | 'bad'
  readonly text: string
}

export interface Overview {
  readonly open_incidents: Readonly<Record<Severity, number>>
  /** Null while the warehouse is away. */
  readonly agents_last_hour: number | null
  readonly events_last_hour: number | null
  readonly events: number | null
  readonly health: Readonly<Record<string, Health>>
}

/** One incident with its findings in full. */
export interface IncidentInFull extends Incident {
  /** Null while the warehouse is away. */
  readonly findings: readonly Finding[] | null
  /** Quarantines of its agent, newest first. */
  readonly quarantines: readonly Quarantine[]
  /** Incidents of other identities that belong together with it. */
  readonly chain: Chain<Incident>
}

export interface Used {
  readonly value: string
  readonly events: number
  readonly first_seen: string
  readonly last_seen: string
}

export interface IdentityLine {
  readonly identity: string
  readonly principal_kind: string
  readonly owner: string
  readonly role: string
  readonly first_seen: string
  readonly last_seen: string
  readonly events: number
  readonly sessions: number
}

export interface IdentityInFull extends IdentityLine {
  readonly instances: number
  readonly actions: readonly Used[]
  readonly sources: readonly Used[]
  readonly peers: readonly Used[]
  readonly credentials: readonly Used[]
  readonly user_agents: readonly Used[]
  readonly agent_versions: readonly Used[]
  readonly outcomes: readonly Used[]
  readonly findings: Readonly<Record<Severity, number>>
}

/** What the detectors can see of one identity, as far as the pages read it. */
export interface Coverage {
  readonly name: string
  readonly detectors: readonly {
    readonly detector: string
    readonly sees: 'yes' | 'learning' | 'blind'
    readonly until: string | null
  }[]
}

/** What an identity does by hour of the week, now (the last seven days) against before. */
export interface Hours {
  /** 7 rows, Monday first, of 24 counts, UTC. */
  readonly now: readonly (readonly number[])[]
  readonly before: readonly (readonly number[])[]
}

export interface Facet {
  readonly field: string
  readonly values: readonly { readonly value: string; readonly count: number }[]
}

export interface Histogram {
  readonly step_ms: number
  readonly buckets: readonly { readonly time: string; readonly count: number }[]
}

export interface Edge {
  readonly from: string
  readonly to: string
  readonly kind: 'peer' | 'credential' | 'delegation'
  readonly count: number
  readonly first_seen: string
  /** First seen within the time that was asked for. */
  readonly new: boolean
}

export interface PeerLine {
  readonly peer: string
  readonly identities: number
  readonly events: number
  readonly first_seen: string
  readonly last_seen: string
}

export interface DetectorLine {
  readonly id: string
  readonly version: number
  readonly title: string
  readonly severity: Severity
  readonly mode: 'live' | 'shadow'
  readonly techniques: readonly string[]
  readonly false_positives: readonly string[]
  /** Null while the warehouse is away. */
  readonly findings: number | null
  readonly verdicts: Readonly<Record<'true_positive' | 'false_positive' | 'benign', number>>
}

export interface Toucher {
  readonly identity: string
  readonly owner: string
  readonly events: number
  readonly first_seen: string
  readonly last_seen: string
}
