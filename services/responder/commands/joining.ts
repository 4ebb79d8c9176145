/**
 * Incidents merged and split by people: one chain of events is one incident, and findings that are together only by
 * chance of time are not. No finding is lost, and none is reported again.
 */
import { tiesTogether } from '../../../schemas/chain.ts'
import { counted } from '../../../schemas/counted.ts'
import type { CommandOf } from '../../../schemas/command.ts'
import { severityAtLeast } from '../../../schemas/finding.ts'
import { H } from '../../../schemas/ids.ts'
import { type Incident, type TimelineEntry, UNTRIAGED } from '../../../schemas/incident.ts'
import { LIMITS } from '../../../schemas/limits.ts'
import { riskPointsOf } from '../../../schemas/risk.ts'
import { applied, type CommandDeps, type Done, type Handlers, nothing, refused } from './handler.ts'

type Facts = CommandOf<'split'>['findings'][number]

const distinct = (...lists: (readonly string[])[]): string[] => [...new Set(lists.flat())]
const worst = (of: readonly Incident['severity'][]): Incident['severity'] =>
  of.reduce((a, b) => (severityAtLeast(a, b) ? a : b))
const byTime = (a: TimelineEntry, b: TimelineEntry): number => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0)
const least = (times: readonly string[]): string => times.reduce((a, b) => (a < b ? a : b))
const most = (times: readonly string[]): string => times.reduce((a, b) => (a > b ? a : b))

/** The first with all that the others hold. */
function joined(first: Incident, others: readonly Incident[]): Incident {
  const all = [first, ...others]
  const timeline = all.flatMap((one) => one.timeline).toSorted(byTime)
  return {
    ...first,
    severity: worst(all.map(({ severity }) => severity)),
    first_time: least(all.map(({ first_time }) => first_time)),
    last_time: most(all.map(({ last_time }) => last_time)),
    finding_ids: distinct(...all.map(({ finding_ids }) => finding_ids)),
    detectors: distinct(...all.map(({ detectors }) => detectors)),
    techniques: distinct(...all.map(({ techniques }) => techniques)),
    timeline: timeline.slice(-LIMITS.incident_timeline_max),
    paged: all.some(({ paged }) => paged),
    risk_points: all.reduce((sum, { risk_points }) => sum + risk_points, 0),
    also: distinct(...all.map(({ agent, also }) => [agent, ...also])).filter((name) => name !== first.agent),
    ties: tiesTogether(...all.map(({ ties }) => ties)),
  }
}

/** Why these cannot be merged; undefined if they can. */
function problemOf(all: readonly Incident[], made: Incident): string | undefined {
  const gone = all.find(({ merged_into }) => merged_into !== null)
  if (gone !== undefined) return `the incident ${gone.id} was merged into ${gone.merged_into} already`
  if (made.finding_ids.length > LIMITS.incident_findings_max) {
    return `together they have ${counted(made.finding_ids.length, 'finding')}, and ${LIMITS.incident_findings_max} fit`
  }
  if (made.also.length > LIMITS.list_items_max)
    return `together they have more than ${LIMITS.list_items_max} identities`
  return undefined
}

async function merge({ store, incidents }: CommandDeps, command: CommandOf<'merge'>, nowMs: number): Promise<Done> {
  const { tenant, by, reason, time } = command
  const all: Incident[] = []
  for (const id of command.incident_ids) {
    const incident = incidents.get(tenant, id)
    if (incident === undefined) return nothing(`there is no incident ${id}`)
    all.push(incident)
  }
  const [first, ...others] = all as [Incident, ...Incident[]]
  // Applied again after a kill: it has been done.
  if (others.every(({ merged_into }) => merged_into === first.id)) return applied(others.length, '')
  const made = joined(first, others)
  const problem = problemOf(all, made)
  if (problem !== undefined) return refused(problem)
  const tx = store.begin(tenant)
  for (const other of others) {
    const gone: Incident = {
      ...other,
      merged_into: first.id,
      finding_ids: [],
      status: 'archived',
      status_by: by,
      status_reason: reason,
    }
    incidents.replace(gone, nowMs)
    incidents.save(tx, other.id)
  }
  incidents.replace(made, nowMs)
  const text = `${counted(others.length, 'incident')} merged into this one by ${by}: ${reason}`
  incidents.note(tenant, first.id, { time, kind: 'action', text, finding_id: null }, nowMs)
  incidents.save(tx, first.id)
  await tx.commit()
  return applied(others.length, `${counted(made.finding_ids.length, 'finding')} in one incident`)
}

/** An incident of these findings alone, with what else its timeline says. */
function rebuilt(incident: Incident, findings: readonly Facts[], timeline: readonly TimelineEntry[]): Incident {
  const [first] = findings as [Facts, ...Facts[]]
  const agents = distinct(findings.map(({ agent }) => agent))
  const agent = agents.includes(incident.agent) ? incident.agent : first.agent
  return {
    ...incident,
    agent,
    also: agents.filter((name) => name !== agent).slice(0, LIMITS.list_items_max),
    owner: findings.find((one) => one.agent === agent)?.owner ?? '',
    severity: worst(findings.map(({ severity }) => severity)),
    first_time: least(findings.map(({ time }) => time)),
    last_time: most(findings.map(({ time }) => time)),
    finding_ids: findings.map(({ id }) => id),
    detectors: distinct(findings.map(({ detector }) => detector)),
    techniques: distinct(...findings.map(({ techniques }) => techniques)),
    risk_points: findings.reduce((sum, { severity }) => sum + riskPointsOf(severity), 0),
    ties: tiesTogether(...findings.map(({ ties = [] }) => ties)),
    timeline: [...timeline],
  }
}

async function split({ store, incidents }: CommandDeps, command: CommandOf<'split'>, nowMs: number): Promise<Done> {
  const { tenant, by, reason, time, incident_id: id } = command
  const incident = incidents.get(tenant, id)
  if (incident === undefined) return nothing(`there is no incident ${id}`)
  const newId = H('incident', tenant, id, command.id)
  if (incidents.get(tenant, newId) !== undefined) return applied(1, '')
  const taken = new Set(command.finding_ids)
  const known = new Set(incident.finding_ids)
  const facts = command.findings.filter((one) => known.has(one.id)).toSorted((a, b) => (a.time < b.time ? -1 : 1))
  const [apart, rest] = [facts.filter((one) => taken.has(one.id)), facts.filter((one) => !taken.has(one.id))]
  if (apart.length === 0) return nothing('none of these findings is in the incident')
  if (rest.length === 0) return refused('nothing would be left of the incident: leave at least one finding in it')
  if (facts.length !== known.size)
    return refused('not all findings of the incident can be read at the moment: try again')
  const isApart = (entry: TimelineEntry): boolean => entry.finding_id !== null && taken.has(entry.finding_id)
  const now = new Date(nowMs).toISOString()
  const opened = { ...incident, ...UNTRIAGED, id: newId, opened_at: now, paged: incident.paged }
  const tx = store.begin(tenant)
  incidents.replace(
    rebuilt(
      incident,
      rest,
      incident.timeline.filter((entry) => !isApart(entry)),
    ),
    nowMs,
  )
  incidents.replace(rebuilt(opened, apart, incident.timeline.filter(isApart)), nowMs)
  const note = (at: string, text: string): void => {
    incidents.note(tenant, at, { time, kind: 'action', text: `${text} by ${by}: ${reason}`, finding_id: null }, nowMs)
    incidents.save(tx, at)
  }
  note(id, `${counted(apart.length, 'finding')} moved to the incident ${newId}`)
  note(newId, `split from the incident ${id}`)
  await tx.commit()
  return applied(1, `the incident ${newId} holds ${counted(apart.length, 'finding')}`)
}

export const joiningHandlers = (deps: CommandDeps): Pick<Handlers, 'merge' | 'split'> => ({
  merge: (command, nowMs) => merge(deps, command, nowMs),
  split: (command, nowMs) => split(deps, command, nowMs),
})
