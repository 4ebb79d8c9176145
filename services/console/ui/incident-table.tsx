/** A list of incidents, as Now and Incidents show it. */
import type { Incident } from '../../../schemas/incident.ts'
import { riskAt } from '../../../schemas/risk.ts'
import { Agent, Ago, Foreign, incidentPath, Sentence, SeverityMark, Tag } from './basics.tsx'
import type { Quarantine } from '../answers.ts'
import { ContainedTag } from './quarantine.tsx'
import { type Column, Rows } from './rows.tsx'

export const StatusTag = ({ status, assignee }: Pick<Incident, 'status' | 'assignee'>) => (
  <Tag
    text={assignee === null ? status.replaceAll('_', ' ') : `${status.replaceAll('_', ' ')}: ${assignee}`}
    {...(status === 'new' ? { tone: 'warn' as const } : {})}
  />
)

const TITLES_SHOWN = 3

/** A title within a sentence; an abbreviation keeps its capitals. */
const lowered = (title: string): string =>
  /^[A-Z][a-z]/.test(title) ? title.charAt(0).toLowerCase() + title.slice(1) : title

/** Whether the agent of an incident is held back, according to its newest quarantine. */
export interface Contained {
  readonly newest: ReadonlyMap<string, Quarantine>
  /** Whether all were read: of an agent that is missing then, none is known. */
  readonly isWhole: boolean
}

/** The list is newest first. */
export const containedOf = (quarantines: readonly Quarantine[] = [], isWhole = true): Contained => ({
  newest: new Map(quarantines.toReversed().map((one) => [one.identity, one])),
  isWhole,
})

const columnsOf = (contained: Contained): readonly Column<Incident>[] => [
  { title: 'Risk', number: true, cell: (incident) => riskAt(incident, Date.now()) },
  { title: 'Severity', cell: ({ severity }) => <SeverityMark severity={severity} /> },
  {
    title: 'What happened',
    cell: (incident) => (
      <a href={incidentPath(incident.id)}>
        <Sentence text={headlineOf(incident)} />
      </a>
    ),
  },
  {
    title: 'Agent',
    cell: ({ agent, owner }) => (
      <>
        <Agent identity={agent} />
        {owner === '' ? null : (
          <div class="beneath">
            <Foreign text={owner} short />
          </div>
        )}
      </>
    ),
  },
  {
    title: 'Contained',
    cell: ({ agent }) => {
      const quarantine = contained.newest.get(agent)
      if (quarantine !== undefined) return <ContainedTag quarantine={quarantine} />
      return <span class="faint">{contained.isWhole ? 'no' : 'see the incident'}</span>
    },
  },
  {
    title: 'Status',
    cell: ({ status, assignee }) => (
      <>
        <StatusTag status={status} assignee={null} />
        {assignee === null ? null : (
          <div class="beneath">
            <Foreign text={assignee} short />
          </div>
        )}
      </>
    ),
  },
  { title: 'Findings', number: true, cell: ({ finding_ids }) => finding_ids.length },
  { title: 'Last seen', cell: ({ last_time }) => <Ago at={last_time} /> },
]

/** What was found, in order: `Credential used from a new source, then looked around`. */
export function headlineOf(incident: Incident): string {
  const titles = incident.timeline.flatMap(({ kind, text }) => (kind === 'finding' ? [text.replace(/^\w+: /, '')] : []))
  const distinct = [...new Set(titles)]
  const shown = distinct.slice(0, TITLES_SHOWN).map((title, at) => (at === 0 ? title : lowered(title)))
  const more = distinct.length - shown.length
  if (shown.length === 0) return incident.detectors.join(', ')
  return `${shown.join(', then ')}${more > 0 ? `, and ${more} more` : ''}`
}

export const IncidentTable = (props: {
  incidents: readonly Incident[]
  contained: Contained
  selected?: ReadonlySet<string>
  toggle?(id: string): void
}) => (
  <Rows
    label="Incidents"
    columns={columnsOf(props.contained)}
    rows={props.incidents}
    keyOf={({ id }) => id}
    pathOf={({ id }) => incidentPath(id)}
    {...(props.toggle === undefined ? {} : { toggle: props.toggle, selected: props.selected ?? new Set() })}
  />
)
