/** A list of incidents, as Now and Incidents show it. */
import type { Incident } from '../../../schemas/incident.ts'
import { riskAt } from '../../../schemas/risk.ts'
import { Agent, Ago, Foreign, incidentPath, SeverityMark, Tag } from './basics.tsx'
import { type Column, Rows } from './rows.tsx'

export const StatusTag = ({ status, assignee }: Pick<Incident, 'status' | 'assignee'>) => (
  <Tag
    text={assignee === null ? status.replaceAll('_', ' ') : `${status.replaceAll('_', ' ')}: ${assignee}`}
    {...(status === 'new' ? { tone: 'warn' as const } : {})}
  />
)

const COLUMNS: readonly Column<Incident>[] = [
  { title: 'Risk', number: true, cell: (incident) => riskAt(incident, Date.now()) },
  { title: 'Severity', cell: ({ severity }) => <SeverityMark severity={severity} /> },
  {
    title: 'What happened',
    cell: (incident) => (
      <a href={incidentPath(incident.id)}>
        <Foreign text={headlineOf(incident)} />
      </a>
    ),
  },
  { title: 'Agent', cell: ({ agent }) => <Agent identity={agent} /> },
  { title: 'Owner', cell: ({ owner }) => <Foreign text={owner} short /> },
  { title: 'Status', cell: ({ status, assignee }) => <StatusTag status={status} assignee={assignee} /> },
  { title: 'Findings', number: true, cell: ({ finding_ids }) => finding_ids.length },
  { title: 'Last seen', cell: ({ last_time }) => <Ago at={last_time} /> },
]

/** The title of its worst finding: the timeline says `severity: title`. */
export function headlineOf(incident: Incident): string {
  const found = incident.timeline.filter((entry) => entry.kind === 'finding')
  const worst = found.find((entry) => entry.text.startsWith(`${incident.severity}: `)) ?? found[0]
  return worst === undefined ? incident.detectors.join(', ') : worst.text.replace(/^\w+: /, '')
}

export const IncidentTable = (props: {
  incidents: readonly Incident[]
  selected?: ReadonlySet<string>
  toggle?(id: string): void
}) => (
  <Rows
    label="Incidents"
    columns={COLUMNS}
    rows={props.incidents}
    keyOf={({ id }) => id}
    pathOf={({ id }) => incidentPath(id)}
    {...(props.toggle === undefined ? {} : { toggle: props.toggle, selected: props.selected ?? new Set() })}
  />
)
