/**
 * What people decide about incidents: their status, who works on them, whether they were true. A verdict reaches the
 * detectors that fired, through the log. The incident's timeline records everything with its reason.
 */
import type { CommandOf } from '../../../schemas/command.ts'
import { encodeControl } from '../../../schemas/frame.ts'
import type { Incident, IncidentStatus, TimelineEntry } from '../../../schemas/incident.ts'
import type { NoticeType } from '../../../schemas/notice.ts'
import type { Triage } from '../incidents.ts'
import { applied, type CommandDeps, type Done, type Handlers, nothing, sumUp } from './handler.ts'

type Triaging = CommandOf<'triage'>

/** The notice of each new status: pagers follow. */
const TOLD: Readonly<Record<IncidentStatus, NoticeType>> = {
  new: 'incident.reopened',
  in_progress: 'incident.acknowledged',
  resolved: 'incident.closed',
  suppressed: 'incident.closed',
  archived: 'incident.closed',
}

const words = (name: string): string => name.replaceAll('_', ' ')

/** What the command changes in this incident, in words; empty if it changes nothing. */
function changesOf(incident: Incident, { status, assignee, verdict }: Triaging): string[] {
  const changes: string[] = []
  if (verdict !== undefined && verdict !== incident.verdict) changes.push(words(verdict))
  if (status !== undefined && status !== incident.status) changes.push(words(status))
  if (assignee !== undefined && assignee !== incident.assignee) {
    changes.push(assignee === null ? 'assigned to nobody' : `assigned to ${assignee}`)
  }
  return changes
}

/** Sends a person's verdict to the detectors that fired, at the identity that they fired for. */
async function teach(
  deps: CommandDeps,
  incident: Incident,
  verdict: Incident['verdict'],
  nowMs: number,
): Promise<void> {
  const [findingId] = incident.finding_ids
  if (verdict === null || findingId === undefined) return
  const { tenant, agent } = incident
  const partition = await deps.partitionOf(tenant, agent)
  for (const detector of incident.detectors.filter(deps.isDetector)) {
    const control = { type: 'verdict', tenant, finding_id: findingId, detector, key: agent, verdict } as const
    await deps.appendControl(partition, encodeControl(control, nowMs))
  }
}

async function triageOne(deps: CommandDeps, command: Triaging, id: string, nowMs: number): Promise<Done> {
  const { store, incidents } = deps
  const { tenant, by, reason, status, assignee, verdict, time } = command
  const incident = incidents.get(tenant, id)
  if (incident === undefined) return nothing(`there is no incident ${id}`)
  const changes = changesOf(incident, command)
  if (changes.length === 0) return nothing('nothing to change')
  if (verdict !== undefined && verdict !== incident.verdict) await teach(deps, incident, verdict, nowMs)
  const made: Triage = {
    ...(status === undefined ? {} : { status }),
    ...(assignee === undefined ? {} : { assignee }),
    ...(verdict === undefined ? {} : { verdict }),
    status_by: by,
    status_reason: reason,
  }
  const entry: TimelineEntry = {
    time,
    kind: verdict === undefined ? 'action' : 'verdict',
    text: `${changes.join(', ')} by ${by}: ${reason}`,
    finding_id: null,
  }
  const tx = store.begin(tenant)
  incidents.triage(tenant, id, made, nowMs)
  if (status !== undefined && status !== incident.status) {
    const { agent, owner, severity, paged, detectors } = incident
    const data = { incident_id: id, tenant, agent, owner, severity, paged, detectors, status, by, reason }
    deps.notices.tell(tx, { type: TOLD[status], subject: id, mark: command.id, data }, nowMs)
  }
  incidents.note(tenant, id, entry, nowMs)
  incidents.save(tx, id)
  await tx.commit()
  return applied(1, changes.join(', '))
}

async function comment(deps: CommandDeps, command: CommandOf<'comment'>, nowMs: number): Promise<Done> {
  const { store, incidents } = deps
  const { tenant, by, text, time, incident_id: id } = command
  if (incidents.get(tenant, id) === undefined) return nothing(`there is no incident ${id}`)
  const tx = store.begin(tenant)
  incidents.note(tenant, id, { time, kind: 'comment', text: `${by}: ${text}`, finding_id: null }, nowMs)
  incidents.save(tx, id)
  await tx.commit()
  return applied(1, 'noted')
}

export function triageHandlers(deps: CommandDeps): Pick<Handlers, 'triage' | 'comment'> {
  return {
    async triage(command, nowMs) {
      const done: Done[] = []
      for (const id of new Set(command.incident_ids)) done.push(await triageOne(deps, command, id, nowMs))
      return sumUp('changed', done)
    },
    comment: (command, nowMs) => comment(deps, command, nowMs),
  }
}
