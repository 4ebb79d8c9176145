/** Every incident, with a filter by status and severity, and triage of many at once. */
import { useState } from 'preact/hooks'
import type { Incident, List, Quarantine } from '../answers.ts'
import { change } from '../client.ts'
import { counted } from '../format.ts'
import { useQuestion } from '../question.ts'
import { Answered, Card, Empty } from '../ui/basics.tsx'
import { Act } from '../ui/dialog.tsx'
import { Heading } from '../ui/heading.tsx'
import { containedOf, IncidentTable } from '../ui/incident-table.tsx'
import { Turn, useTurning } from '../ui/pages-of.tsx'
import { VerdictField } from '../ui/triage.tsx'

const STATUSES = [
  ['', 'Any status'],
  ['new,in_progress', 'Open'],
  ['new', 'New'],
  ['in_progress', 'In progress'],
  ['resolved', 'Resolved'],
  ['suppressed', 'Suppressed'],
  ['archived', 'Archived'],
] as const

function Triage({ ids, done }: { ids: readonly string[]; done(): void }) {
  const resolve = async (reason: string, form: FormData): Promise<void> => {
    await change('POST', '/v1/incidents/triage', {
      incident_ids: ids,
      status: 'resolved',
      verdict: form.get('verdict'),
      reason,
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

/** The selected, newest first as the list is. */
const inListOrder = (items: readonly Incident[], selected: ReadonlySet<string>): string[] =>
  items.flatMap(({ id }) => (selected.has(id) ? [id] : []))

/** The first of the selected takes in the others. */
const Merge = ({ ids, done }: { ids: readonly string[]; done(): void }) => (
  <Act
    label="Merge"
    explain="The newest selected takes in the findings of the others, which are archived."
    disabled={ids.length < 2}
    shortcut="m"
    run={(reason) => change('POST', '/v1/incidents/merge', { incident_ids: ids, reason })}
    done={done}
  />
)

export function IncidentsPage() {
  const [status, setStatus] = useState<string>('')
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set())
  const turning = useTurning()
  const question = useQuestion<List<Incident>>(
    '/v1/incidents',
    { status, limit: 50, cursor: turning.cursor },
    'incidents',
  )
  const quarantines = useQuestion<List<Quarantine>>('/v1/quarantines', { limit: 200 }, 'incidents')
  const toggle = (id: string): void => {
    const next = new Set(selected)
    if (!next.delete(id)) next.add(id)
    setSelected(next)
  }
  const done = (): void => {
    setSelected(new Set())
    question.ask()
  }
  return (
    <>
      <Heading title="Incidents">
        <div class="acts">
          <select
            aria-label="Status"
            value={status}
            onChange={(event) => {
              setStatus(event.currentTarget.value)
              turning.first()
            }}
          >
            {STATUSES.map(([value, title]) => (
              <option key={value} value={value}>
                {title}
              </option>
            ))}
          </select>
          <Merge ids={inListOrder(question.answer?.items ?? [], selected)} done={done} />
          <Triage ids={[...selected]} done={done} />
        </div>
      </Heading>
      <Card title="Newest first">
        <Answered question={question}>
          {({ items, next_cursor }) => (
            <>
              {items.length === 0 ? <Empty>There is none.</Empty> : null}
              <IncidentTable
                incidents={items}
                contained={containedOf(quarantines.answer?.items)}
                selected={selected}
                toggle={toggle}
              />
              <Turn turning={turning} next={next_cursor} />
            </>
          )}
        </Answered>
      </Card>
    </>
  )
}
