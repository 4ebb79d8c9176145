/** Incidents by the identities that they are about. They lie in memory, so that this needs no warehouse. */
import { type Severity, severityAtLeast } from '../../schemas/finding.ts'
import { type Incident, isOpen } from '../../schemas/incident.ts'
import { LIMITS } from '../../schemas/limits.ts'
import type { ResponderViews } from '../lib/quarantine-view.ts'

/** Whom an incident is about: its agent, and those whose incidents were merged into it. */
const agentsOf = ({ agent, also }: Incident): readonly string[] => (also.includes(agent) ? also : [agent, ...also])

/** Incidents of a tenant that are about any of these identities and fit. */
export async function incidentsAbout(
  { views, tenant }: { readonly views: Pick<ResponderViews, 'incidents'>; readonly tenant: string },
  identities: ReadonlySet<string>,
  fits: (incident: Incident) => boolean,
): Promise<readonly Incident[]> {
  const holds = (item: object): boolean =>
    fits(item as Incident) && agentsOf(item as Incident).some((agent) => identities.has(agent))
  const answer = await views.incidents(tenant, {
    limit: LIMITS.incidents_kept_max,
    cursor: null,
    only: { key: '', holds },
  })
  if (!answer.ok) throw new Error(`a list without a cursor was refused: ${answer.reason}`)
  return answer.items
}

/** How many incidents of an identity are open, and the worst severity among them; null where none is. */
export interface OpenIncidents {
  readonly incidents_open: number
  readonly incidents_worst: Severity | null
}

const worse = (a: Severity | null, b: Severity): Severity => (a !== null && severityAtLeast(a, b) ? a : b)

/** The open incidents of each of these identities. */
export async function openIncidents(
  of: { readonly views: Pick<ResponderViews, 'incidents'>; readonly tenant: string },
  identities: readonly string[],
): Promise<(identity: string) => OpenIncidents> {
  const open = new Map(
    identities.map((one): [string, OpenIncidents] => [one, { incidents_open: 0, incidents_worst: null }]),
  )
  for (const incident of await incidentsAbout(of, new Set(identities), isOpen)) {
    for (const agent of agentsOf(incident)) {
      const before = open.get(agent)
      if (before === undefined) continue
      open.set(agent, {
        incidents_open: before.incidents_open + 1,
        incidents_worst: worse(before.incidents_worst, incident.severity),
      })
    }
  }
  return (identity) => open.get(identity) ?? { incidents_open: 0, incidents_worst: null }
}
