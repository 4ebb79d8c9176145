/**
 * One incident: what happened in a sentence, why it was reported, whether it is contained, the exact events before,
 * during and after in order, who and what was touched, and the buttons. Printed, it is the report.
 */
import { useEffect } from 'preact/hooks'
import { riskAt } from '../../../schemas/risk.ts'
import type { EventRecord, Finding, IncidentInFull } from '../answers.ts'
import { type Answer, change } from '../client.ts'
import { counted, lengthOf } from '../format.ts'
import { type Question, useQuestion } from '../question.ts'
import { ChainCard } from '../ui/chain.tsx'
import { Agent, Answered, Card, incidentPath, Sentence, SeverityMark, Tag, Time, term } from '../ui/basics.tsx'
import { Act, textsIn } from '../ui/dialog.tsx'
import { EventText } from '../ui/event.tsx'
import { FirstSteps } from '../ui/first-steps.tsx'
import { FindingView } from '../ui/finding-view.tsx'
import { Heading } from '../ui/heading.tsx'
import { headlineOf, StatusTag } from '../ui/incident-table.tsx'
import { Stages } from '../ui/stages.tsx'
import { SuppressAct } from '../ui/suppress.tsx'
import { type Moment, Timeline } from '../ui/timeline.tsx'
import { Touched } from '../ui/touched.tsx'
import { VerdictField, verdictIn } from '../ui/triage.tsx'
import { Held, QuarantineAct, QuarantineActs, QuarantineFacts, isHeld } from '../ui/quarantine.tsx'

const BEFORE_MS = 15 * 60_000
const AFTER_MS = 60 * 60_000
const EVENTS_MAX = 300

/** Takes findings out into an incident of their own. */
function SplitAct({ incident, done }: { incident: IncidentInFull; done(): void }) {
  const findings = incident.findings ?? []
  if (findings.length < 2) return null
  return (
    <Act
      label="Split"
      explain="The chosen findings become an incident of their own. At least one stays."
      fields={
        <fieldset>
          <legend>Findings</legend>
          {findings.map(({ id, title, time }) => (
            <label key={id}>
              <input type="checkbox" name="finding" value={id} /> {title}, <Time at={time} brief />
            </label>
          ))}
        </fieldset>
      }
      run={(reason, form) =>
        change('POST', '/v1/incidents/{id}/split', {
          path: { id: incident.id },
          body: { finding_ids: textsIn(form, 'finding'), reason },
        })
      }
      done={done}
    />
  )
}

function Acts({ incident, done }: { incident: IncidentInFull; done(): void }) {
  return (
    <div class="acts">
      {incident.quarantines.some(isHeld) ? null : (
        <QuarantineAct identity={incident.agent} findingIds={incident.finding_ids} done={done} />
      )}
      <Act
        label="Verdict"
        shortcut="v"
        explain="Closes the incident, and teaches the detectors that spoke."
        fields={<VerdictField />}
        run={(reason, form) =>
          change('POST', '/v1/incidents/{id}/triage', {
            path: { id: incident.id },
            body: { status: 'resolved', verdict: verdictIn(form), reason },
          })
        }
        done={done}
      />
      <Act
        label="Assign"
        shortcut="a"
        explain="Puts a name on it, and its status to in progress."
        fields={
          <label>
            To
            <input name="assignee" required defaultValue="me" maxLength={200} />
          </label>
        }
        run={(reason, form) =>
          change('POST', '/v1/incidents/{id}/triage', {
            path: { id: incident.id },
            body: { status: 'in_progress', assignee: textsIn(form, 'assignee')[0]?.trim() || 'me', reason },
          })
        }
        done={done}
      />
      <Act
        label="Comment"
        shortcut="c"
        text="Comment"
        explain="Stands in the order of what happened, with your name."
        run={(text) => change('POST', '/v1/incidents/{id}/comments', { path: { id: incident.id }, body: { text } })}
        done={done}
      />
      <SplitAct incident={incident} done={done} />
      <SuppressAct agent={incident.agent} detectors={incident.detectors} done={done} />
      <button type="button" onClick={() => print()}>
        Print
      </button>
    </div>
  )
}

/** What comes this much later than events of this agent usually do is worth a word. */
const LATE_MS = 5 * 60_000

/** How late each event came, of those that came far later than the others: a log that is fetched every hour is no news. */
function lateOf(events: readonly EventRecord[]): ReadonlyMap<string, string> {
  const late = events.map(({ event_id: id, time, receipt_time: receipt }) => ({
    id,
    ms: Date.parse(String(receipt)) - Date.parse(time),
  }))
  const usual = late.map(({ ms }) => ms).toSorted((a, b) => a - b)[Math.floor(late.length / 2)] ?? 0
  return new Map(late.flatMap(({ id, ms }) => (ms - usual > LATE_MS ? [[id, lengthOf(ms)] as const] : [])))
}

/** Events, findings and acts in one order. Evidence is marked; what came after the last finding, too. */
function momentsOf(incident: IncidentInFull, events: readonly EventRecord[]): Moment[] {
  const evidence = new Set(
    (incident.findings ?? []).flatMap((finding) => finding.evidence.map(({ event_id }) => event_id)),
  )
  const late = lateOf(events)
  const seen = events.map(
    (event, at): Moment => ({
      key: event.event_id,
      at: event.time,
      // The list is newest first.
      order: events.length - at,
      kind: event.time > incident.last_time ? 'after' : 'event',
      text: <EventText event={event} evidence={evidence.has(event.event_id)} late={late.get(event.event_id)} />,
    }),
  )
  const told = incident.timeline.map(
    (entry, at): Moment => ({
      key: `told-${at}`,
      at: entry.time,
      order: events.length + 1 + at,
      kind: entry.kind === 'finding' ? 'finding' : 'act',
      text: <Sentence text={entry.text} />,
    }),
  )
  return [...seen, ...told]
}

type Events = Question<Answer<'GET', '/v1/events'>>

/** What the agent did around the incident. */
const useEvents = (incident: IncidentInFull): Events =>
  useQuestion(
    '/v1/events',
    {
      query: {
        q: term('identity', incident.agent),
        since: new Date(Date.parse(incident.first_time) - BEFORE_MS).toISOString(),
        until: new Date(Date.parse(incident.last_time) + AFTER_MS).toISOString(),
        limit: EVENTS_MAX,
      },
    },
    'incidents',
  )

function Story({ incident, events }: { incident: IncidentInFull; events: Events }) {
  return (
    <Answered question={events}>
      {({ items, next_cursor }) => (
        <>
          <Touched events={items} findings={incident.findings ?? []} />
          <Card title="What happened, in order" aside={<span class="faint">from 15 min before to 60 min after</span>}>
            {next_cursor === null ? null : (
              <p class="faint">
                There were more than {counted(EVENTS_MAX, 'event')}: the newest are shown, Search has all.
              </p>
            )}
            <Timeline moments={momentsOf(incident, items)} />
          </Card>
        </>
      )}
    </Answered>
  )
}

const GRAVITY = { info: 0, low: 1, medium: 2, high: 3, critical: 4 } as const

/** The gravest is told in full; of the others the sentence, until somebody opens them or prints. */
const gravestFirst = (findings: readonly Finding[]): readonly Finding[] =>
  findings.toSorted((a, b) => GRAVITY[b.severity] - GRAVITY[a.severity])

/** On paper nothing can be opened. */
function useUnfoldedPrint(): void {
  useEffect(() => {
    const unfold = (): void => {
      for (const one of document.querySelectorAll('details')) one.open = true
    }
    addEventListener('beforeprint', unfold)
    return () => removeEventListener('beforeprint', unfold)
  }, [])
}

function Body({ incident, done }: { incident: IncidentInFull; done(): void }) {
  const events = useEvents(incident)
  useUnfoldedPrint()
  return (
    <>
      <Heading title={headlineOf(incident)}>
        <Acts incident={incident} done={done} />
      </Heading>
      <p class="tags">
        <SeverityMark severity={incident.severity} />
        <StatusTag status={incident.status} assignee={incident.assignee} />
        <Tag text={`risk ${riskAt(incident, Date.now())}`} />
        {[incident.agent, ...incident.also].map((identity) => (
          <Agent key={identity} identity={identity} />
        ))}
        {incident.merged_into === null ? null : (
          <a href={incidentPath(incident.merged_into)}>merged into another incident</a>
        )}
        {incident.owner === '' ? null : <Tag text={`owner ${incident.owner}`} />}
        <Tag text={counted(incident.finding_ids.length, 'finding')} />
        <span class="faint">
          {incident.first_time === incident.last_time ? null : (
            <>
              <Time at={incident.first_time} brief /> to{' '}
            </>
          )}
          <Time at={incident.last_time} />
        </span>
      </p>
      <div class="wide-left story">
        <div>
          <Card title="Why">
            {incident.findings === null ? <p>The warehouse is away: the findings in full come back with it.</p> : null}
            {gravestFirst(incident.findings ?? []).map((finding, at) => (
              <FindingView key={finding.id} finding={finding} folded={at > 0} />
            ))}
            <Coming incident={incident} />
          </Card>
          <Story incident={incident} events={events} />
        </div>
        <div>
          <FirstSteps incident={incident} events={events.answer?.items ?? []} />
          <Card title="Is it contained?">
            <Held quarantines={incident.quarantines} />
            {incident.quarantines.map((quarantine) => (
              <div key={quarantine.id}>
                <QuarantineFacts quarantine={quarantine} />
                <QuarantineActs quarantine={quarantine} done={done} />
              </div>
            ))}
          </Card>
          <ChainCard incident={incident} done={done} />
          <Stages findings={incident.findings ?? []} />
        </div>
      </div>
    </>
  )
}

/** How long after its last change an incident may know of findings that the warehouse does not hold in full yet. */
const STORING_MS_MAX = 30_000
const ASK_AGAIN_MS = 1_000

/** Findings that the incident knows of and the warehouse is still storing. */
function findingsComing({ finding_ids: ids, findings, updated_at: updated }: IncidentInFull): readonly string[] {
  if (findings === null || Date.now() - Date.parse(updated) > STORING_MS_MAX) return []
  const known = new Set(findings.map(({ id }) => id))
  return ids.filter((id) => !known.has(id))
}

/** Asks again until the warehouse holds all of them. */
function useComing({ answer, ask }: Question<IncidentInFull>): void {
  useEffect(() => {
    if (answer === undefined || findingsComing(answer).length === 0) return undefined
    const timer = setTimeout(ask, ASK_AGAIN_MS)
    return () => clearTimeout(timer)
  }, [answer, ask])
}

/** What the incident knows of a finding that is being stored: its sentence, in the place where the finding will stand. */
const Coming = ({ incident }: { incident: IncidentInFull }) => (
  <>
    {findingsComing(incident).map((id) => (
      <p key={id} class="faint">
        <Sentence text={incident.timeline.find(({ finding_id: of }) => of === id)?.text ?? 'A finding'} /> (is being
        stored)
      </p>
    ))}
  </>
)

export function IncidentPage({ id }: { id: string }) {
  const question = useQuestion('/v1/incidents/{id}', { path: { id } }, 'incidents')
  useComing(question)
  return <Answered question={question}>{(incident) => <Body incident={incident} done={question.ask} />}</Answered>
}
