/**
 * What the responder shows of its state to those who answer people: lists, newest first, of one tenant. It is read from
 * the responder's memory, so it answers while the warehouse is away.
 */
import type { AuditEntry } from '../../schemas/audit.ts'
import type { Delivery } from '../../schemas/delivery.ts'
import type { Chain } from '../../schemas/chain.ts'
import type { Incident } from '../../schemas/incident.ts'
import type { CommandOutcome } from '../../schemas/command.ts'
import type { Quarantine } from '../../schemas/quarantine.ts'
import type { SinkView } from '../../schemas/sink.ts'
import type { StopSwitch } from '../../schemas/stop.ts'
import type { Suppression } from '../../schemas/suppression.ts'
import type { Token } from '../../schemas/token.ts'

export interface ViewPage {
  /** 1 to LIMITS.list_limit_max. */
  readonly limit: number
  /** `next_cursor` of the page before; null for the first. */
  readonly cursor: string | null
  /** Filters the list. The key distinguishes it from other lists: a cursor is valid only for its own. */
  readonly only?: { readonly key: string; holds(item: object): boolean }
}

/** A list of one page, or why the cursor was not taken: it is not ours, or another tenant's. */
export type ViewAnswer<T> =
  | { readonly ok: true; readonly items: readonly T[]; readonly next_cursor: string | null }
  | { readonly ok: false; readonly reason: string }

/** What a tenant has at the moment: what commands may name, and what caps count. */
export interface Held {
  readonly suppressions: readonly Suppression[]
  /** Ids of the quarantines that are kept. */
  readonly quarantines: ReadonlySet<string>
  /** How many of them are in force or wait for a person. */
  readonly open: number
  /** Identities that incidents and quarantines name. */
  readonly identities: ReadonlySet<string>
}

export interface ResponderViews {
  held(tenant: string): Promise<Held>
  suppressions(tenant: string, page: ViewPage): Promise<ViewAnswer<Suppression>>
  /** Newest first. */
  audit(tenant: string, page: ViewPage): Promise<ViewAnswer<AuditEntry>>
  tokens(tenant: string, page: ViewPage): Promise<ViewAnswer<Token>>
  /** What came of commands. */
  commands(tenant: string, page: ViewPage): Promise<ViewAnswer<CommandOutcome>>
  quarantines(tenant: string, page: ViewPage): Promise<ViewAnswer<Quarantine>>
  incidents(tenant: string, page: ViewPage): Promise<ViewAnswer<Incident>>
  deliveries(tenant: string, page: ViewPage): Promise<ViewAnswer<Delivery>>
  /** The global stop as a person left it; undefined where nobody has touched it. */
  stop(tenant: string): Promise<StopSwitch | undefined>
  /** The sinks that notify this tenant's people, sorted by name. */
  sinks(tenant: string): Promise<readonly SinkView[]>
  /** The one of this id; undefined where the tenant has none. */
  quarantine(tenant: string, id: string): Promise<Quarantine | undefined>
  incident(tenant: string, id: string): Promise<Incident | undefined>
  /** The incidents of other identities that belong to one chain with this one. */
  chain(tenant: string, incident: Incident): Promise<Chain<Incident>>
  delivery(tenant: string, id: string): Promise<Delivery | undefined>
  suppression(tenant: string, id: string): Promise<Suppression | undefined>
  auditEntry(tenant: string, id: string): Promise<AuditEntry | undefined>
  token(tenant: string, id: string): Promise<Token | undefined>
  /** Undefined while the command waits, too. */
  command(tenant: string, id: string): Promise<CommandOutcome | undefined>
}
export type QuarantineView = Pick<ResponderViews, 'quarantines'>
