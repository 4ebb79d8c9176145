/** One finding for a person: why, observed next to expected, and the events that it is based on. */
import { techniqueText } from '../../../schemas/techniques.ts'
import type { Finding, FindingInFull } from '../answers.ts'
import { counted, numberOf } from '../format.ts'
import { Afterwards } from './afterwards.tsx'
import { findingPath, Foreign, searchPath, Sentence, SeverityMark, Tag, term, Time } from './basics.tsx'
import { ObservedExpected } from './measures.tsx'
import { SharedValues } from './shared.tsx'

/** How likely it was under the habit, in words. */
const surpriseText = (surprise: number): string =>
  surprise <= 0
    ? 'A rule, not a habit.'
    : `About 1 in ${numberOf(Number((10 ** Math.min(surprise, 15)).toPrecision(2)))} by habit.`

/** How many events it rests on, and how many of them are shown. */
const evidenceText = ({ evidence, evidence_count: count }: Finding): string =>
  count === undefined || count <= evidence.length
    ? `${counted(evidence.length, 'event')} as evidence`
    : `${counted(count, 'event')} as evidence, ${evidence.length} shown`

export function EvidenceTable({ finding }: { finding: Finding }) {
  const hasTargets = finding.evidence.some(({ target }) => target !== '')
  return (
    <section class="table evidence" aria-label="Evidence" tabIndex={0}>
      <table aria-label="Evidence">
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col">Action</th>
            {hasTargets ? <th scope="col">Target</th> : null}
          </tr>
        </thead>
        <tbody>
          {finding.evidence.map((event) => (
            <tr key={event.event_id}>
              <td>
                <a href={searchPath(term('event_id', event.event_id))}>
                  <Time at={event.time} brief />
                </a>
              </td>
              <td>
                <Foreign text={event.action} />
              </td>
              {hasTargets ? (
                <td>
                  <Foreign text={event.target} />
                </td>
              ) : null}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

const WORDS = {
  task: 'The user asked for',
  order: 'The agent read',
  message: 'The whole message',
  arguments: 'The arguments of the call',
  result: 'The result of the call',
} as const

/** The words behind the evidence, or why there are none. What they say was written by others: text, and nothing else. */
function Words({
  excerpts = [],
  note,
}: {
  excerpts: readonly FindingInFull['excerpts'][number][] | undefined
  note: string | null | undefined
}) {
  if (excerpts.length === 0) return note === undefined || note === null ? null : <p class="faint">{note}</p>
  return (
    <dl aria-label="Words behind the evidence">
      {excerpts.map(({ event_id, kind, text }) => (
        <>
          <dt>{WORDS[kind]}</dt>
          <dd>
            <a href={searchPath(term('event_id', event_id))}>
              <Foreign text={text} />
            </a>
          </dd>
        </>
      ))}
    </dl>
  )
}

/** A finding as the API gives one alone; those of lists have no words. */
type ShownFinding = Finding & Partial<Pick<FindingInFull, 'excerpts' | 'excerpts_note'>>

const Details = ({ finding }: { finding: ShownFinding }) => (
  <>
    <ObservedExpected observed={finding.observed} expected={finding.expected} />
    <Words excerpts={finding.excerpts} note={finding.excerpts_note} />
    <h3>{evidenceText(finding)}</h3>
    <EvidenceTable finding={finding} />
    <div class="asks">
      <SharedValues findingId={finding.id} />
      <Afterwards findingId={finding.id} />
      {finding.excerpts === undefined ? (
        <a class="button" href={findingPath(finding.id)}>
          What it read
        </a>
      ) : null}
    </div>
  </>
)

/** `folded`: its sentence alone, until somebody opens the rest. */
export function FindingView({ finding, folded = false }: { finding: ShownFinding; folded?: boolean }) {
  return (
    <article>
      <div class="tags">
        <SeverityMark severity={finding.severity} />
        <Tag text={finding.detector} />
        {finding.mode === 'shadow' ? <Tag text="shadow: not acted on" /> : null}
        {finding.history ? <Tag text="from history: not acted on" /> : null}
        {finding.techniques.map((technique) => (
          <Tag key={technique} text={techniqueText(technique)} />
        ))}
      </div>
      <p class="lead">
        <Sentence text={finding.why} />
      </p>
      <p class="faint">
        {surpriseText(finding.surprise)}{' '}
        {finding.learned_since === null ? null : (
          <>
            Learned since <Time at={finding.learned_since} brief />.
          </>
        )}
      </p>
      {folded ? (
        <details>
          <summary>Measures and {evidenceText(finding)}</summary>
          <Details finding={finding} />
        </details>
      ) : (
        <Details finding={finding} />
      )}
    </article>
  )
}
