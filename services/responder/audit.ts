/**
 * The audit log: a chain of entries per tenant, one for every command that was carried out. An entry is written in the
 * same transaction as the outcome it records, so neither exists without the other.
 */
import { randomBytes } from 'node:crypto'
import { AUDIT_ROOT, AUDIT_SUBJECTS_MAX, type AuditEntry, sealed } from '../../schemas/audit.ts'
import type { Command, CommandStatus } from '../../schemas/command.ts'
import { configurationHash, SETTINGS } from '../../schemas/configuration.ts'
import { H } from '../../schemas/ids.ts'
import { LIMITS } from '../../schemas/limits.ts'
import { scopeOf } from '../../schemas/suppression.ts'
import { RESPONDER_LIMITS } from './limits.ts'
import type { Transaction } from './store.ts'

export interface Audit {
  restore(entry: AuditEntry): void
  list(tenant: string): AuditEntry[]
  /** Whether the act of this command is written down. */
  has(tenant: string, id: string): boolean
  /** Writes the next entry; the oldest is dropped if there are too many. */
  note(tx: Transaction, command: Command, outcome: AuditOutcome): void
}

export interface AuditOutcome {
  readonly status: CommandStatus
  readonly detail: string
  readonly reason: string
  /** When it was carried out, ISO 8601. */
  readonly time: string
}

const SALT_BYTES = 16
const SEQUENCE_DIGITS = 12

/** What a command is about, in the names and ids that it gives. */
function subjectsOf(command: Command): readonly string[] {
  switch (command.type) {
    case 'quarantine':
      return command.identities
    case 'release':
    case 'approve':
      return command.quarantine_ids
    case 'verdict':
      return [command.finding_id, command.verdict]
    case 'triage':
    case 'merge':
      return command.incident_ids
    case 'split':
      return [command.incident_id, ...command.finding_ids]
    case 'comment':
      return [command.incident_id]
    case 'suppress':
      return [...Object.entries(scopeOf(command)).map(([part, value]) => `${part} ${value}`), `until ${command.until}`]
    case 'unsuppress':
      return [command.suppression_id]
    case 'configuration':
      return [command.section ?? SETTINGS, command.hash ?? configurationHash(command.configuration ?? {})]
    case 'replay':
      return command.sink === undefined ? (command.delivery_ids ?? []) : [command.sink]
    case 'enable-sink':
    case 'test-sink':
      return [command.sink]
    case 'create-token':
      return [command.name, command.role, ...command.scopes]
    case 'revoke-token':
      return [command.token_id]
    case 'record':
      return command.subject
    case 'forget':
      // A forgotten identity is not named here: somebody who knows the name can find its hash.
      return [H('forgotten', command.tenant, command.identity)]
    case 'stop':
    case 'resume':
      return []
  }
}

function bounded(all: readonly string[]): string[] {
  const some = all.slice(0, AUDIT_SUBJECTS_MAX).map((one) => one.slice(0, LIMITS.name_chars_max))
  return all.length > some.length ? [...some, `and ${all.length - some.length} more`] : some
}

interface Chain {
  readonly bySequence: Map<number, AuditEntry>
  readonly ids: Set<string>
}

/** Makes the memory of the audit log. */
export function createAudit(): Audit {
  const chains = new Map<string, Chain>()
  const chainOf = (tenant: string): Chain => {
    const chain = chains.get(tenant) ?? { bySequence: new Map<number, AuditEntry>(), ids: new Set<string>() }
    chains.set(tenant, chain)
    return chain
  }
  const restore = (entry: AuditEntry): void => {
    const { bySequence, ids } = chainOf(entry.tenant)
    bySequence.set(entry.sequence, entry)
    ids.add(entry.id)
  }
  const list = (tenant: string): AuditEntry[] => [...(chains.get(tenant)?.bySequence.values() ?? [])]
  const keyOf = (sequence: number): string => String(sequence).padStart(SEQUENCE_DIGITS, '0')
  /** Newest of each tenant; found once, then kept. */
  const heads = new Map<string, AuditEntry>()
  const headOf = (tenant: string): AuditEntry | undefined => {
    const known = heads.get(tenant)
    if (known !== undefined) return known
    return list(tenant).reduce<AuditEntry | undefined>(
      (newest, entry) => (newest === undefined || entry.sequence > newest.sequence ? entry : newest),
      undefined,
    )
  }
  const dropBefore = (tx: Transaction, from: number, keptFrom: number): void => {
    const { bySequence, ids } = chainOf(tx.tenant)
    for (let sequence = from; sequence < keptFrom; sequence++) {
      const old = bySequence.get(sequence)
      if (old === undefined) continue
      tx.remove('audit', keyOf(sequence))
      bySequence.delete(sequence)
      ids.delete(old.id)
    }
  }
  return {
    restore,
    list,
    has: (tenant, id) => chains.get(tenant)?.ids.has(id) === true,
    note(tx, command, { status, detail, reason, time }) {
      const { id, tenant, by, time: askedAt, type } = command
      const head = headOf(tenant)
      const sequence = (head?.sequence ?? 0) + 1
      const keptFrom = Math.max(head?.kept_from ?? 1, sequence - RESPONDER_LIMITS.audit_entries_per_tenant_max + 1)
      const entry = sealed({
        id,
        tenant,
        sequence,
        kept_from: keptFrom,
        time,
        asked_at: askedAt,
        by,
        act: type === 'record' ? command.act : type,
        status,
        content: {
          subject: bounded(subjectsOf(command)),
          reason,
          detail: detail.slice(0, LIMITS.text_chars_max),
          salt: randomBytes(SALT_BYTES).toString('hex'),
        },
        previous: head?.hash ?? AUDIT_ROOT,
      })
      tx.put('audit', keyOf(sequence), entry)
      restore(entry)
      heads.set(tenant, entry)
      dropBefore(tx, head?.kept_from ?? 1, keptFrom)
    },
  }
}
