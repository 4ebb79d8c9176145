/** Every incident, with a filter by status and severity, and triage of many at once. */
import { change } from '../client.ts'
import { counted } from '../format.ts'
import { useQuestion } from '../question.ts'
import { Answered, Card, Empty } from '../ui/basics.tsx'
import { Act } from '../ui/dialog.tsx'
import { useParameters } from '../ui/address.ts'
import { Choice } from '../ui/choice.tsx'
import { inListOrder, useChoosing } from '../ui/choosing.ts'
import { Narrow } from '../ui/narrow.tsx'
import { Heading } from '../ui/heading.tsx'
import { containedOf, IncidentTable } from '../ui/incident-table.tsx'
import { Turn, useTurning } from '../ui/pages-of.tsx'
import { VerdictField, verdictIn } from '../ui/triage.tsx'

const STATUSES = [
  ['', 'Any status'],
  ['new,in_progress', 'Open'],
  ['new', 'New'],
  ['in_progress', 'In progress'],
  ['resolved', 'Resolved'],
  ['suppressed', 'Suppressed'],
  ['archived', 'Archived'],
] as const

const SEVERITIES_FROM = [
  ['', 'Any severity'],
  ['critical', 'Critical'],
  ['high,critical', 'High and up'],
  ['medium,high,critical', 'Medium and up'],
] as const

function Triage({ ids, done }: { ids: readonly string[]; done(): void }) {
  const resolve = async (reason: string, form: FormData): Promise<void> => {
    await change('POST', '/v1/incidents/triage', {
      body: { incident_ids: [...ids], status: 'resolved', verdict: verdictIn(form), reason },
    })
  }
  return (
    <Act
      label={ids.length === 0 ? 'Resolve' : `Resolve ${counted(ids.length, 'incident')}`}
      explain="Each gets this verdict and this reason."
      fields={<VerdictField />}
      disabled={ids.length === 0}
      shortcut="r"
      run={resolve}
      done={done}
    />
  )
}

/** The first of the selected takes in the others. */
const Merge = ({ ids, done }: { ids: readonly string[]; done(): void }) => (
  <Act
    label="Merge"
    explain="The newest selected takes in the findings of the others, which are archived."
    disabled={ids.length < 2}
    shortcut="m"
    run={(reason) => change('POST', '/v1/incidents/merge', { body: { incident_ids: [...ids], reason } })}
    done={done}
  />
)

export function IncidentsPage() {
  const parameters = useParameters()
  const asked = { status: parameters.of('status'), severity: parameters.of('severity'), q: parameters.of('q') }
  const choosing = useChoosing()
  const turning = useTurning(JSON.stringify(asked))
  const question = useQuestion('/v1/incidents', { query: { ...asked, limit: 50, cursor: turning.cursor } }, 'incidents')
  const quarantines = useQuestion('/v1/quarantines', { query: { limit: 1_000 } }, 'incidents')
  const done = (): void => {
    choosing.choose([])
    question.ask()
  }
  const chosen = inListOrder(question.answer?.items ?? [], choosing)
  return (
    <>
      <Heading title="Incidents">
        <div class="acts">
          <Narrow
            label="Search incidents"
            placeholder="NOT assignee:* agent:billing*"
            value={asked.q}
            change={(q) => parameters.set({ q })}
          />
          <Choice label="Status" of={STATUSES} value={asked.status} change={(status) => parameters.set({ status })} />
          <Choice
            label="Severity"
            of={SEVERITIES_FROM}
            value={asked.severity}
            change={(severity) => parameters.set({ severity })}
          />
          <Merge ids={chosen} done={done} />
          <Triage ids={chosen} done={done} />
        </div>
      </Heading>
      <Card title="Last changed first">
        <Answered question={question}>
          {({ items, next_cursor }) => (
            <>
              {items.length === 0 ? <Empty>None fits. Widen the filters.</Empty> : null}
              <IncidentTable
                incidents={items}
                contained={containedOf(quarantines.answer?.items, quarantines.answer?.next_cursor === null)}
                selected={choosing.selected}
                toggle={choosing.toggle}
              />
              <Turn turning={turning} next={next_cursor} />
            </>
          )}
        </Answered>
      </Card>
    </>
  )
}
