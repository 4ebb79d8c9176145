/**
 * Incidents: joins the findings of one identity that are close in event time, and remembers which findings have been
 * acted on, so that a repeat changes nothing. Of all that a finding causes, the incident is written last: if it is in the
 * log, everything else is.
 */
import { tiesOf, tiesTogether } from '../../schemas/chain.ts'
import type { Finding } from '../../schemas/finding.ts'
import { severityAtLeast } from '../../schemas/finding.ts'
import { H } from '../../schemas/ids.ts'
import { type Incident, isOpen, type TimelineEntry, UNTRIAGED } from '../../schemas/incident.ts'
import { LIMITS } from '../../schemas/limits.ts'
import { riskPointsOf } from '../../schemas/risk.ts'
import { surplusOf } from './shares.ts'
import type { StateStore, Transaction } from './store.ts'

const isoOf = (ms: number): string => new Date(ms).toISOString()
const identityKey = (tenant: string, identity: string): string => `${tenant}\u0000${identity}`

/** What people make of an incident. */
export type Triage = Partial<Pick<Incident, 'status' | 'assignee' | 'verdict'>> &
  Pick<Incident, 'status_by' | 'status_reason'>

export interface Incidents {
  restore(incident: Incident): void
  /** Whether the finding has been taken before. */
  knows(findingId: string): boolean
  get(tenant: string, id: string): Incident | undefined
  ofFinding(tenant: string, findingId: string): Incident | undefined
  /** Takes a finding into the incident of its identity, or opens one. In memory only: `save` writes. */
  join(finding: Finding, nowMs: number): Incident
  /** Adds an action or a decision to the timeline. */
  note(tenant: string, id: string, entry: TimelineEntry, nowMs: number): void
  markPaged(tenant: string, id: string): void
  /** Puts another state of it in its place. In memory only: `save` writes. */
  replace(incident: Incident, nowMs: number): void
  /** Sets what people have made of it. In memory only: `save` writes. */
  triage(tenant: string, id: string, made: Triage, nowMs: number): void
  save(tx: Transaction, id: string): void
  list(tenant: string): Incident[]
  /** Drops all of an identity, from memory and from the log; gives how many there were. */
  forget(tenant: string, identity: string): Promise<number>
  /** Drops what is past its retention, from memory and from the log. */
  expire(nowMs: number): Promise<void>
}

function widened(incident: Incident, finding: Finding, nowMs: number): Incident {
  const add = (list: readonly string[], more: readonly string[]): string[] => [...new Set([...list, ...more])]
  return {
    ...incident,
    severity: severityAtLeast(finding.severity, incident.severity) ? finding.severity : incident.severity,
    owner: incident.owner === '' ? finding.owner : incident.owner,
    first_time: finding.time < incident.first_time ? finding.time : incident.first_time,
    last_time: finding.time > incident.last_time ? finding.time : incident.last_time,
    updated_at: isoOf(nowMs),
    finding_ids: [...incident.finding_ids, finding.id],
    detectors: add(incident.detectors, [finding.detector]),
    techniques: add(incident.techniques, finding.techniques),
    risk_points: incident.risk_points + riskPointsOf(finding.severity),
    ties: tiesTogether(incident.ties, tiesOf(finding)),
  }
}

const opened = (finding: Finding, nowMs: number): Incident => ({
  id: H('incident', finding.tenant, finding.agent, finding.id),
  tenant: finding.tenant,
  agent: finding.agent,
  owner: finding.owner,
  severity: finding.severity,
  first_time: finding.time,
  last_time: finding.time,
  opened_at: isoOf(nowMs),
  updated_at: isoOf(nowMs),
  finding_ids: [],
  detectors: [],
  techniques: [],
  timeline: [],
  paged: false,
  ...UNTRIAGED,
})

function withEntry(incident: Incident, entry: TimelineEntry, nowMs: number): Incident {
  const text = entry.text.slice(0, LIMITS.why_chars_max)
  // A command that is applied again after a crash says the same at the same time.
  if (incident.timeline.some((e) => e.time === entry.time && e.kind === entry.kind && e.text === text)) return incident
  const timeline = [...incident.timeline, { ...entry, text }].sort((a, b) =>
    a.time < b.time ? -1 : a.time > b.time ? 1 : 0,
  )
  // How it began stays; what comes just after it goes first.
  if (timeline.length > LIMITS.incident_timeline_max) timeline.splice(1, 1)
  return { ...incident, timeline, updated_at: isoOf(nowMs) }
}

function isNear(incident: Incident, finding: Finding): boolean {
  const time = Date.parse(finding.time)
  return (
    isOpen(incident) &&
    incident.finding_ids.length < LIMITS.incident_findings_max &&
    time >= Date.parse(incident.first_time) - LIMITS.incident_window_ms &&
    time <= Date.parse(incident.last_time) + LIMITS.incident_window_ms
  )
}

/** The incidents, and the ways to find one. */
interface Memory {
  readonly store: StateStore
  /** In the order in which they were opened. */
  readonly incidents: Map<string, Incident>
  /** The newest of each identity. */
  readonly newest: Map<string, string>
  readonly incidentOf: Map<string, string>
}

const get = (memory: Memory, tenant: string, id: string | undefined): Incident | undefined => {
  const incident = id === undefined ? undefined : memory.incidents.get(id)
  return incident?.tenant === tenant ? incident : undefined
}

const remember = (memory: Memory, incident: Incident): void => {
  memory.incidents.set(incident.id, incident)
  for (const id of incident.finding_ids) memory.incidentOf.set(id, incident.id)
  // A merged incident gets no further findings: they go where its findings are.
  if (incident.merged_into !== null) return
  for (const identity of [incident.agent, ...incident.also]) {
    const key = identityKey(incident.tenant, identity)
    const other = memory.incidents.get(memory.newest.get(key) ?? '')
    const isOver = other === undefined || other.merged_into !== null
    if (isOver || other.opened_at <= incident.opened_at) memory.newest.set(key, incident.id)
  }
}

const forget = (memory: Memory, incident: Incident): void => {
  memory.incidents.delete(incident.id)
  for (const id of incident.finding_ids) memory.incidentOf.delete(id)
  for (const identity of [incident.agent, ...incident.also]) {
    const key = identityKey(incident.tenant, identity)
    if (memory.newest.get(key) === incident.id) memory.newest.delete(key)
  }
}

function join(memory: Memory, finding: Finding, nowMs: number): Incident {
  const last = get(memory, finding.tenant, memory.newest.get(identityKey(finding.tenant, finding.agent)))
  const base = last !== undefined && isNear(last, finding) ? last : opened(finding, nowMs)
  const entry: TimelineEntry = {
    time: finding.time,
    kind: 'finding',
    text: `${finding.severity}: ${finding.title}`,
    finding_id: finding.id,
  }
  const incident = withEntry(widened(base, finding, nowMs), entry, nowMs)
  remember(memory, incident)
  return incident
}

async function forgetAll(memory: Memory, tenant: string, identity: string): Promise<number> {
  const own = [...memory.incidents.values()].filter((one) => one.tenant === tenant && one.agent === identity)
  if (own.length === 0) return 0
  const tx = memory.store.begin(tenant)
  for (const incident of own) {
    forget(memory, incident)
    tx.remove('incident', incident.id)
  }
  await tx.commit()
  return own.length
}

async function expire(memory: Memory, nowMs: number): Promise<void> {
  const before = isoOf(nowMs - LIMITS.incident_kept_ms)
  const all = [...memory.incidents.values()]
  // As many as the findings in them allow, too.
  const share = LIMITS.incident_finding_ids_max / Math.max(LIMITS.incident_finding_ids_max, memory.incidentOf.size)
  const kept = Math.min(LIMITS.incidents_kept_max, Math.floor(all.length * share))
  const old = all.filter((incident) => incident.updated_at < before)
  const writes = [...new Set([...old, ...surplusOf(all, kept)])].map((incident) => {
    forget(memory, incident)
    const tx = memory.store.begin(incident.tenant)
    tx.remove('incident', incident.id)
    return tx.commit()
  })
  await Promise.all(writes)
}

/** Makes the incidents' memory. `store` is used for expiry alone. */
export function createIncidents(store: StateStore): Incidents {
  const memory: Memory = {
    store,
    incidents: new Map(),
    newest: new Map(),
    incidentOf: new Map(),
  }

  return {
    // A record that was written before incidents could be triaged lacks the fields.
    restore: (incident) => remember(memory, { ...UNTRIAGED, ...incident }),
    knows: (findingId) => memory.incidentOf.has(findingId),
    get: (tenant, id) => get(memory, tenant, id),
    ofFinding: (tenant, findingId) => get(memory, tenant, memory.incidentOf.get(findingId)),
    join: (finding, nowMs) => join(memory, finding, nowMs),
    note(tenant, id, entry, nowMs) {
      const incident = get(memory, tenant, id)
      if (incident !== undefined) memory.incidents.set(id, withEntry(incident, entry, nowMs))
    },
    markPaged(tenant, id) {
      const incident = get(memory, tenant, id)
      if (incident !== undefined) memory.incidents.set(id, { ...incident, paged: true })
    },
    replace(incident, nowMs) {
      remember(memory, { ...incident, updated_at: isoOf(nowMs) })
    },
    triage(tenant, id, made, nowMs) {
      const incident = get(memory, tenant, id)
      if (incident !== undefined) memory.incidents.set(id, { ...incident, ...made, updated_at: isoOf(nowMs) })
    },
    save(tx, id) {
      const incident = get(memory, tx.tenant, id)
      if (incident !== undefined) tx.put('incident', id, incident)
    },
    list: (tenant) => [...memory.incidents.values()].filter((incident) => incident.tenant === tenant),
    forget: (tenant, identity) => forgetAll(memory, tenant, identity),
    expire: (nowMs) => expire(memory, nowMs),
  }
}
