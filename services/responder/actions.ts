/**
 * What a finding brings about: it joins an incident, the sinks hear it, and policy may page or contain. All of it is one
 * transaction with the incident last, so that a repeat after a crash finds either everything or completes it with the
 * same ids.
 */
import type { Finding, FindingRecord } from '../../schemas/finding.ts'
import type { Incident } from '../../schemas/incident.ts'
import { LIMITS } from '../../schemas/limits.ts'
import type { Quarantine } from '../../schemas/quarantine.ts'
import type { Policy } from '../lib/config.ts'
import type { Metrics } from '../lib/metrics.ts'
import { type Crowds, createCrowds } from './crowds.ts'
import type { Incidents } from './incidents.ts'
import { RESPONDER_LIMITS } from './limits.ts'
import type { Notices } from './notices.ts'
import { type Decision, decide, type EffectivePolicy, effectivePolicy, guard } from './policy.ts'
import type { Quarantines, Wanted } from './quarantines/index.ts'
import type { StateStore, Transaction } from './store.ts'

const isoOf = (ms: number): string => new Date(ms).toISOString()
const HOUR_MS = 3_600_000

export interface ActionDeps {
  readonly store: StateStore
  readonly notices: Notices
  readonly incidents: Incidents
  readonly quarantines: Quarantines
  readonly metrics: Metrics
  policy(): Policy
  /** Whether a person has set the tenant's global stop. */
  isStopped(tenant: string): boolean
  /** Identities known of the tenant, for the cap by share; undefined where nobody can say. */
  identityCount(tenant: string): number | undefined
}

export interface Actions {
  /** Acts on one finding. One that was handled before, or comes from history or a shadow detector, changes nothing. */
  onFinding(found: FindingRecord, nowMs: number): Promise<void>
}

/** Notices of proposals are counted per tenant and hour: a detector that flags everybody must not flood the pagers. */
function createNoticeLimit() {
  const sentMs = new Map<string, number[]>()
  return (tenant: string, nowMs: number): boolean => {
    const recent = (sentMs.get(tenant) ?? []).filter((ms) => ms > nowMs - HOUR_MS)
    const allowed = recent.length < LIMITS.proposal_notices_per_hour
    if (allowed) recent.push(nowMs)
    sentMs.set(tenant, recent)
    return allowed
  }
}

const crowdText = ({ detector }: Finding): string =>
  `${detector} has fired for more than ${RESPONDER_LIMITS.crowd_identities_max} identities within minutes: sinks hear of this one in a digest`

/** What acting on a finding needs, and what it remembers from one to the next. */
interface Acting {
  readonly deps: ActionDeps
  readonly mayNotice: ReturnType<typeof createNoticeLimit>
  readonly crowds: Crowds
}

const page = (
  acting: Acting,
  tx: Transaction,
  incident: Incident,
  finding: Finding,
  reason: string,
  mode: string,
  nowMs: number,
): void => {
  const { incidents, notices, metrics } = acting.deps
  if (incidents.get(tx.tenant, incident.id)?.paged === true) return
  const data = {
    incident_id: incident.id,
    tenant: incident.tenant,
    agent: incident.agent,
    owner: incident.owner,
    severity: finding.severity,
    title: finding.title,
    why: finding.why,
    finding_id: finding.id,
    detector: finding.detector,
    techniques: finding.techniques,
    reason,
  }
  notices.tell(tx, { type: 'incident.paged', subject: incident.id, mark: 1, data }, nowMs)
  incidents.markPaged(tx.tenant, incident.id)
  note(acting, tx, incident.id, `paged: ${reason}`, nowMs)
  metrics.actions.inc({ action: 'page', mode })
}

const note = (acting: Acting, tx: Transaction, incidentId: string, text: string, nowMs: number): void =>
  acting.deps.incidents.note(
    tx.tenant,
    incidentId,
    { time: isoOf(nowMs), kind: 'action', text, finding_id: null },
    nowMs,
  )

const tellProposal = (acting: Acting, tx: Transaction, q: Quarantine, nowMs: number): void => {
  if (!acting.mayNotice(tx.tenant, nowMs)) return
  acting.deps.notices.tell(tx, { type: 'quarantine.proposed', subject: q.id, mark: q.sequence, data: q }, nowMs)
}

const contain = (
  acting: Acting,
  tx: Transaction,
  policy: EffectivePolicy,
  decision: Decision,
  incident: Incident,
  { finding, agentSince }: FindingRecord,
  nowMs: number,
): void => {
  const { quarantines, metrics } = acting.deps
  if (decision.containment === undefined) return
  const wanted: Wanted = {
    // An incident that was merged has several agents, and an order for each.
    cause: finding.agent === incident.agent ? incident.id : `${incident.id}/${finding.agent}`,
    identity: finding.agent,
    since: agentSince,
    action: decision.containment,
    reason: `${finding.detector}: ${finding.title}`,
    findingIds: incident.finding_ids,
    incidentId: incident.id,
    automatic: true,
    by: 'policy',
    expiresMs: policy.expiresMs,
  }
  if (quarantines.isMoot(tx.tenant, wanted)) return
  // An identity of unknown age counts as new: a name that was made up costs nothing.
  const isNewborn = (since = nowMs): boolean => nowMs - since < RESPONDER_LIMITS.newborn_ms
  const newborn = isNewborn(agentSince)
  const guarded = guard(policy, {
    identity: finding.agent,
    newborn,
    stopped: acting.deps.isStopped(tx.tenant),
    identities: acting.deps.identityCount(tx.tenant),
    ...quarantines.usage(tx.tenant, nowMs, (since) => isNewborn(since) === newborn),
  })
  metrics.actions.inc({ action: `${wanted.action}/${guarded.outcome}`, mode: policy.mode })
  const { action } = wanted
  if (guarded.outcome === 'order') {
    quarantines.order(tx, wanted, nowMs)
    note(acting, tx, incident.id, `${action} ordered by policy (rule ${decision.rule})`, nowMs)
  } else if (guarded.outcome === 'propose') {
    tellProposal(acting, tx, quarantines.record(tx, wanted, 'proposed', guarded.reason, nowMs), nowMs)
    note(acting, tx, incident.id, `${action} proposed: ${guarded.reason}`, nowMs)
  } else if (guarded.outcome === 'refuse') {
    quarantines.record(tx, wanted, 'refused', guarded.reason, nowMs)
    note(acting, tx, incident.id, `${action} refused: ${guarded.reason}`, nowMs)
    page(acting, tx, incident, finding, `the policy calls for ${action}, but ${guarded.reason}`, policy.mode, nowMs)
  } else quarantines.record(tx, wanted, 'shadow', guarded.reason, nowMs)
}

/** A second revision changes no incident and no action: those who asked for it hear of it. */
const revise = async (acting: Acting, finding: Finding, nowMs: number): Promise<void> => {
  const { store, notices } = acting.deps
  const tx = store.begin(finding.tenant)
  notices.tellFinding(tx, finding, { all: false, together: acting.crowds.joins(finding, nowMs) }, nowMs)
  await tx.commit()
}

async function onFinding(acting: Acting, found: FindingRecord, nowMs: number): Promise<void> {
  const { finding } = found
  const { incidents, store, notices } = acting.deps
  if (finding.mode !== 'live' || finding.history) return
  if (finding.revision !== 1) {
    await revise(acting, finding, nowMs)
    return
  }
  if (incidents.knows(finding.id)) return
  const tx = store.begin(finding.tenant)
  const policy = effectivePolicy(acting.deps.policy(), finding.tenant)
  const incident = incidents.join(finding, nowMs)
  const decision = decide(policy, finding, incident)
  const together = acting.crowds.joins(finding, nowMs)
  notices.tellFinding(tx, finding, { all: decision.notify, together }, nowMs)
  if (together) note(acting, tx, incident.id, crowdText(finding), nowMs)
  if (decision.page) page(acting, tx, incident, finding, 'the policy asks for it', policy.mode, nowMs)
  contain(acting, tx, policy, decision, incident, found, nowMs)
  incidents.save(tx, incident.id)
  await tx.commit()
}

/** Makes what acts on findings. */
export function createActions(deps: ActionDeps): Actions {
  const acting: Acting = {
    deps,
    mayNotice: createNoticeLimit(),
    crowds: createCrowds(),
  }

  return {
    onFinding: (found, nowMs) => onFinding(acting, found, nowMs),
  }
}
