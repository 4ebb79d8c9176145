/**
 * What a finding brings about: it joins an incident, the sinks hear it, and policy may page or contain. All of it is one
 * transaction with the incident last, so that a repeat after a crash finds either everything or completes it with the
 * same ids.
 */
import type { Finding } from '../../schemas/finding.ts'
import type { Incident } from '../../schemas/incident.ts'
import { LIMITS } from '../../schemas/limits.ts'
import type { Quarantine } from '../../schemas/quarantine.ts'
import type { Policy } from '../lib/config.ts'
import type { Metrics } from '../lib/metrics.ts'
import { createCrowds } from './crowds.ts'
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
  /** Time of an identity's first event, in ms since 1970; undefined where nobody can say. */
  knownSince(tenant: string, identity: string): number | undefined
}

export interface Actions {
  /** Takes one finding; what was taken before, comes from history or from a shadow detector changes nothing. */
  onFinding(finding: Finding, nowMs: number): Promise<void>
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

/** Makes the door for findings. */
export function createActions(deps: ActionDeps): Actions {
  const { store, notices, incidents, quarantines, metrics } = deps
  const mayNotice = createNoticeLimit()
  const crowds = createCrowds()

  const page = (
    tx: Transaction,
    incident: Incident,
    finding: Finding,
    reason: string,
    mode: string,
    nowMs: number,
  ): void => {
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
    note(tx, incident.id, `paged: ${reason}`, nowMs)
    metrics.actions.inc({ action: 'page', mode })
  }

  const note = (tx: Transaction, incidentId: string, text: string, nowMs: number): void =>
    incidents.note(tx.tenant, incidentId, { time: isoOf(nowMs), kind: 'action', text, finding_id: null }, nowMs)

  const tellProposal = (tx: Transaction, q: Quarantine, nowMs: number): void => {
    if (!mayNotice(tx.tenant, nowMs)) return
    notices.tell(tx, { type: 'quarantine.proposed', subject: q.id, mark: q.sequence, data: q }, nowMs)
  }

  const contain = (
    tx: Transaction,
    policy: EffectivePolicy,
    decision: Decision,
    incident: Incident,
    finding: Finding,
    nowMs: number,
  ): void => {
    if (decision.containment === undefined) return
    const wanted: Wanted = {
      // An incident that was merged has several agents, and an order for each.
      cause: finding.agent === incident.agent ? incident.id : `${incident.id}/${finding.agent}`,
      identity: finding.agent,
      action: decision.containment,
      reason: `${finding.detector}: ${finding.title}`,
      findingIds: incident.finding_ids,
      incidentId: incident.id,
      automatic: true,
      by: 'policy',
      expiresMs: policy.expiresMs,
    }
    if (quarantines.isMoot(tx.tenant, wanted)) return
    const isNewborn = (identity: string): boolean =>
      nowMs - (deps.knownSince(tx.tenant, identity) ?? 0) < RESPONDER_LIMITS.newborn_ms
    const newborn = isNewborn(finding.agent)
    const guarded = guard(policy, {
      identity: finding.agent,
      newborn,
      stopped: deps.isStopped(tx.tenant),
      identities: deps.identityCount(tx.tenant),
      ...quarantines.usage(tx.tenant, nowMs, (identity) => isNewborn(identity) === newborn),
    })
    metrics.actions.inc({ action: `${wanted.action}/${guarded.outcome}`, mode: policy.mode })
    const { action } = wanted
    if (guarded.outcome === 'order') {
      quarantines.order(tx, wanted, nowMs)
      note(tx, incident.id, `${action} ordered by policy (rule ${decision.rule})`, nowMs)
    } else if (guarded.outcome === 'propose') {
      tellProposal(tx, quarantines.record(tx, wanted, 'proposed', guarded.reason, nowMs), nowMs)
      note(tx, incident.id, `${action} proposed: ${guarded.reason}`, nowMs)
    } else if (guarded.outcome === 'refuse') {
      quarantines.record(tx, wanted, 'refused', guarded.reason, nowMs)
      note(tx, incident.id, `${action} refused: ${guarded.reason}`, nowMs)
      page(tx, incident, finding, `${action} was called for, but ${guarded.reason}`, policy.mode, nowMs)
    } else quarantines.record(tx, wanted, 'shadow', guarded.reason, nowMs)
  }

  /** A second revision changes no incident and no action: those who asked for it hear of it. */
  const revise = async (finding: Finding, nowMs: number): Promise<void> => {
    const tx = store.begin(finding.tenant)
    notices.tellFinding(tx, finding, { all: false, together: crowds.joins(finding, nowMs) }, nowMs)
    await tx.commit()
  }

  return {
    async onFinding(finding, nowMs) {
      if (finding.mode !== 'live' || finding.history) return
      if (finding.revision !== 1) {
        await revise(finding, nowMs)
        return
      }
      if (incidents.knows(finding.id)) return
      const tx = store.begin(finding.tenant)
      const policy = effectivePolicy(deps.policy(), finding.tenant)
      const incident = incidents.join(finding, nowMs)
      const decision = decide(policy, finding, incident)
      const together = crowds.joins(finding, nowMs)
      notices.tellFinding(tx, finding, { all: decision.notify, together }, nowMs)
      if (together) note(tx, incident.id, crowdText(finding), nowMs)
      if (decision.page) page(tx, incident, finding, 'the policy asks for it', policy.mode, nowMs)
      contain(tx, policy, decision, incident, finding, nowMs)
      incidents.save(tx, incident.id)
      await tx.commit()
    },
  }
}
