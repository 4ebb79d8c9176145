/**
 * What a finding brings about: it joins an incident, the sinks hear it, and policy may page or contain. All of it is one
 * transaction with the incident last, so that a repeat after a crash finds either everything or completes it with the
 * same ids.
 */
import { type Finding, severityAtLeast } from '../../schemas/finding.ts'
import { actionId } from '../../schemas/ids.ts'
import type { Incident } from '../../schemas/incident.ts'
import { LIMITS } from '../../schemas/limits.ts'
import type { Quarantine } from '../../schemas/quarantine.ts'
import type { Policy } from '../lib/config.ts'
import type { Metrics } from '../lib/metrics.ts'
import type { Deliveries } from './deliveries.ts'
import type { Incidents } from './incidents.ts'
import { type Decision, decide, type EffectivePolicy, effectivePolicy, guard } from './policy.ts'
import type { Quarantines, Wanted } from './quarantines.ts'
import type { Sinks } from './sinks.ts'
import type { StateStore, Transaction } from './store.ts'
import { findingPayload, payload } from './webhook/payload.ts'

const isoOf = (ms: number): string => new Date(ms).toISOString()
const HOUR_MS = 3_600_000

export interface ActionDeps {
  readonly store: StateStore
  readonly sinks: Sinks
  readonly deliveries: Deliveries
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

/** Makes the door for findings. */
export function createActions(deps: ActionDeps): Actions {
  const { store, sinks, deliveries, incidents, quarantines, metrics } = deps
  const mayNotice = createNoticeLimit()

  const tellFinding = (tx: Transaction, finding: Finding, all: boolean, nowMs: number): void => {
    const hearing = sinks
      .receiving(finding.tenant, 'finding.created')
      .filter((sink) => all || severityAtLeast(finding.severity, sink.min_severity))
    const message = {
      type: 'finding.created',
      actionId: actionId(finding.id, 'notify'),
      subject: finding.id,
      text: findingPayload(finding, isoOf(nowMs)),
    } as const
    deliveries.create(tx, message, hearing, nowMs)
  }

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
      reason,
    }
    const message = {
      type: 'incident.paged',
      actionId: actionId(incident.id, 'page'),
      subject: incident.id,
      text: payload('incident.paged', isoOf(nowMs), data),
    } as const
    deliveries.create(tx, message, sinks.receiving(tx.tenant, 'incident.paged'), nowMs)
    incidents.markPaged(tx.tenant, incident.id)
    note(tx, incident.id, `paged: ${reason}`, nowMs)
    metrics.actions.inc({ action: 'page', mode })
  }

  const note = (tx: Transaction, incidentId: string, text: string, nowMs: number): void =>
    incidents.note(tx.tenant, incidentId, { time: isoOf(nowMs), kind: 'action', text, finding_id: null }, nowMs)

  const tellProposal = (tx: Transaction, q: Quarantine, nowMs: number): void => {
    if (!mayNotice(tx.tenant, nowMs)) return
    const message = {
      type: 'quarantine.proposed',
      actionId: actionId(q.id, `proposed/${q.sequence}`),
      subject: q.id,
      text: payload('quarantine.proposed', isoOf(nowMs), q),
    } as const
    deliveries.create(tx, message, sinks.receiving(tx.tenant, 'quarantine.proposed'), nowMs)
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
      cause: incident.id,
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
    const guarded = guard(policy, {
      identity: finding.agent,
      stopped: deps.isStopped(tx.tenant),
      identities: deps.identityCount(tx.tenant),
      ...quarantines.usage(tx.tenant, nowMs),
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

  return {
    async onFinding(finding, nowMs) {
      if (finding.revision !== 1 || finding.mode !== 'live' || finding.history || incidents.knows(finding.id)) return
      const tx = store.begin(finding.tenant)
      const policy = effectivePolicy(deps.policy(), finding.tenant)
      const incident = incidents.join(finding, nowMs)
      const decision = decide(policy, finding, incident)
      tellFinding(tx, finding, decision.notify, nowMs)
      if (decision.page) page(tx, incident, finding, 'the policy asks for it', policy.mode, nowMs)
      contain(tx, policy, decision, incident, finding, nowMs)
      incidents.save(tx, incident.id)
      await tx.commit()
    },
  }
}
