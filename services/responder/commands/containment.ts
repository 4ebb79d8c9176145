/** Quarantine, release, approve: what people order. */
import type { Command, CommandOf } from '../../../schemas/command.ts'
import { LIMITS } from '../../../schemas/limits.ts'
import { effectivePolicy, isProtected } from '../policy.ts'
import type { Wanted } from '../quarantines/index.ts'
import type { Transaction } from '../store.ts'
import { applied, type CommandDeps, type Done, type Handlers, nothing, refused, sumUp } from './handler.ts'

function noteAndSave(
  { incidents }: CommandDeps,
  tx: Transaction,
  incidentId: string | null,
  command: Command,
  text: string,
  nowMs: number,
): void {
  if (incidentId === null) return
  incidents.note(tx.tenant, incidentId, { time: command.time, kind: 'action', text, finding_id: null }, nowMs)
  incidents.save(tx, incidentId)
}

function wantedOf(deps: CommandDeps, command: CommandOf<'quarantine'>, identity: string): Wanted {
  const { tenant, by, reason } = command
  const findingIds = command.finding_ids ?? []
  const incidentIds = findingIds.map((id) => deps.incidents.ofFinding(tenant, id)?.id)
  return {
    cause: command.id,
    identity,
    action: command.action ?? 'quarantine',
    reason,
    findingIds,
    incidentId: incidentIds.find((id) => id !== undefined) ?? null,
    automatic: false,
    by,
    expiresMs: command.expires_in_ms ?? effectivePolicy(deps.policy(), tenant).expiresMs,
  }
}

async function orderOne(
  deps: CommandDeps,
  command: CommandOf<'quarantine'>,
  identity: string,
  nowMs: number,
): Promise<Done> {
  const { store, quarantines, metrics } = deps
  const { tenant, by, reason } = command
  const wanted = wantedOf(deps, command, identity)
  const { action } = wanted
  if (quarantines.isMoot(tenant, wanted)) return nothing('the identity already has this order')
  const isHeldBack = isProtected(effectivePolicy(deps.policy(), tenant), identity) && command.force !== true
  const waiting = quarantines.current(tenant, identity)
  const approves = !isHeldBack && waiting?.status === 'proposed' && waiting.action === action
  if (!approves && quarantines.open(tenant) >= LIMITS.quarantines_open_per_tenant_max) {
    return refused(`${LIMITS.quarantines_open_per_tenant_max} identities are held or wait already: release some first`)
  }
  const tx = store.begin(tenant)
  if (isHeldBack) {
    const why = 'the identity is protected: order it with force'
    quarantines.record(tx, wanted, 'refused', why, nowMs)
    await tx.commit()
    return refused(why)
  }
  if (approves) quarantines.approve(tx, waiting.id, by, reason, wanted.expiresMs, nowMs)
  else quarantines.order(tx, wanted, nowMs)
  const incidentId = approves ? waiting.incident_id : wanted.incidentId
  noteAndSave(deps, tx, incidentId, command, `${action} ordered by ${by}: ${reason}`, nowMs)
  metrics.actions.inc({ action: `${action}/ordered`, mode: 'person' })
  await tx.commit()
  return applied(1, '')
}

async function releaseOne(deps: CommandDeps, command: CommandOf<'release'>, id: string, nowMs: number): Promise<Done> {
  const { store, quarantines, metrics } = deps
  const tx = store.begin(command.tenant)
  const released = quarantines.release(tx, id, command.by, command.reason, nowMs)
  if (released === undefined) {
    const known = quarantines.get(command.tenant, id)
    return nothing(known === undefined ? 'there is no such quarantine' : `the quarantine is ${known.status} already`)
  }
  metrics.actions.inc({ action: 'release', mode: 'person' })
  const text = `${released.status} by ${command.by}: ${command.reason}`
  noteAndSave(deps, tx, released.incident_id, command, text, nowMs)
  await tx.commit()
  return applied(1, '')
}

async function approveOne(deps: CommandDeps, command: CommandOf<'approve'>, id: string, nowMs: number): Promise<Done> {
  const { store, quarantines, metrics } = deps
  const { expiresMs } = effectivePolicy(deps.policy(), command.tenant)
  const tx = store.begin(command.tenant)
  const approved = quarantines.approve(tx, id, command.by, command.reason, expiresMs, nowMs)
  if (approved === undefined) {
    const known = quarantines.get(command.tenant, id)
    return nothing(
      known === undefined ? 'there is no such proposal' : `the quarantine is ${known.status}, not proposed`,
    )
  }
  metrics.actions.inc({ action: `${approved.action}/approved`, mode: 'person' })
  const text = `approved by ${command.by}: ${command.reason}`
  noteAndSave(deps, tx, approved.incident_id, command, text, nowMs)
  await tx.commit()
  return applied(1, '')
}

export function containmentHandlers(deps: CommandDeps): Pick<Handlers, 'quarantine' | 'release' | 'approve'> {
  return {
    async quarantine(command, nowMs) {
      const identities = [...new Set(command.identities)]
      const all = identities.map((identity) => orderOne(deps, command, identity, nowMs))
      return sumUp('ordered', await Promise.all(all))
    },
    async release(command, nowMs) {
      const all = command.quarantine_ids.map((id) => releaseOne(deps, command, id, nowMs))
      return sumUp('ended', await Promise.all(all))
    },
    async approve(command, nowMs) {
      const all = command.quarantine_ids.map((id) => approveOne(deps, command, id, nowMs))
      return sumUp('approved', await Promise.all(all))
    },
  }
}
